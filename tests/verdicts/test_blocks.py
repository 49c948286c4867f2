"""Cells whose seeds have splits of their own: one spread for the cells of a block."""

import dataclasses
import math

import numpy as np
import pytest
from conftest import here
from made_cells import quick_cell

from benchmarks import block_worlds
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.results.cells import Cell
from ncmc.results.shared_spread import block_of, over_settings
from ncmc.results.statistics import Difference, sample
from ncmc.results.table_cells import block_key
from ncmc.verdicts.contrasts import LACKING, average, contrast
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.verdict import Verdict

TABLE = grid.table(here(), "laptop_methods")
CELLS = {(s.run.method, s.coord("tau")): s for s in TABLE.cells}
SPLITS = np.array([0.0, 5.0, -4.0])  # points: what the seeds' splits add to every cell


class Drawn(CellCache):
    """Cells of the laptop's methods: a split for each seed, and little else that varies."""

    def __init__(self, own: dict[tuple[str, str], list[float]] | None = None) -> None:
        super().__init__(here())
        rng = np.random.default_rng(1)
        self.drawn = {
            spec.run: quick_cell(
                spec,
                (60 + SPLITS + ((own or {}).get(key) or rng.normal(0, 0.5, 3))).tolist(),
            )
            for key, spec in CELLS.items()
        }

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        return self.sharing(dataclasses.replace(self.drawn[spec.run], spec=spec), table)

    def pair(self, first: str, second: str, tau: str = "0.01") -> tuple[Cell, Cell]:
        return self.cell(CELLS[first, tau], TABLE), self.cell(CELLS[second, tau], TABLE)


def test_the_splits_cancel_and_the_block_gives_degrees_of_freedom() -> None:
    first, second = Drawn().pair("CAL", "CE")
    found = contrast([(1.0, first), (-1.0, second)], "last")
    alone = sample([a - b for a, b in zip(first.values_last, second.values_last, strict=True)])
    assert found.difference.mean == pytest.approx(alone.mean)
    assert found.spread_of == 13
    assert found.difference.df > 8  # and 2 alone
    assert found.difference.error < 0.6  # the splits' deviation is 4.5


def test_a_pair_whose_three_differences_happen_to_agree_has_no_spread_of_0() -> None:
    """Alone it would have an interval of hundredths of a point, of two degrees of freedom."""
    agreeing = {("CAL", "0.01"): [1.0, 0.0, 0.5], ("CE", "0.01"): [0.4, -0.6, -0.1]}
    first, second = Drawn(agreeing).pair("CAL", "CE")
    found = contrast([(1.0, first), (-1.0, second)], "last")
    assert found.difference.mean == pytest.approx(0.6)
    assert found.difference.error > 0.2


def test_two_cells_alone_have_the_spread_of_the_paired_test() -> None:
    """The rule of a block of two cells is the paired t-test."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(0, 1, (2, 3))
    residual = drawn - drawn.mean(1, keepdims=True) - drawn.mean(0) + drawn.mean()
    variance = (residual**2).sum(1) / 2 * 2
    alone = sample((drawn[0] - drawn[1]).tolist())
    assert alone.std is not None
    assert variance.sum() == pytest.approx(alone.std**2)
    assert block_of(drawn) is None  # too few for a prior: the paired test is taken


def test_cells_of_another_split_or_budget_are_another_block() -> None:
    budget = grid.table(here(), "laptop_budget")
    mixup = grid.table(here(), "laptop_mixup")
    keys = {block_key(spec) for spec in budget.cells}
    assert len(keys) == 3  # epochs
    assert len({block_key(spec) for spec in mixup.cells}) == 2  # tau and n_max; Mixup is none
    assert block_key(CELLS["CAL", "0.01"]) in keys
    assert block_key(CELLS["CAL", "0.1"]) not in keys


def test_an_average_is_not_narrower_than_its_settings_give() -> None:
    """Gains of -5.2 and +2.8 whose seeds happen to cancel: an error of 0.1 of two degrees of freedom."""
    settings = [Difference(-5.2, 1.0, 10.0), Difference(2.8, 1.0, 10.0)]
    parts = [Difference(d.mean / 2, d.error / 2, d.df) for d in settings]
    found = over_settings(parts, sample([-1.1, -1.2, -1.3]))
    assert found.error == pytest.approx(np.hypot(0.5, 0.5))
    assert found.mean == pytest.approx(-1.2)
    apart = over_settings(parts, sample([-9.0, -1.2, 6.6]))  # seeds that do not cancel at all
    assert apart.error > 2
    cells = Drawn()
    pairs = [cells.pair("CAL", "CE", tau) for tau in ("0.01", "0.1")]
    each = [contrast([(1.0, b), (-1.0, t)], "last").difference.error for b, t in pairs]
    assert average(pairs, "last").difference.error >= 0.999 * math.hypot(*each) / 2


def test_an_average_of_pairs_across_blocks_is_not_narrower_either() -> None:
    """Two datasets on splits of their own: by seed the two differences cancel to a hair."""
    luck = np.array([1.0, -0.2, -0.8])
    specs = {(s.run.dataset, s.coord("method")): s for s in grid.table(here(), "study_jpeg").cells}

    def pair(method: str, differences: np.ndarray) -> tuple[Cell, Cell]:
        binary, jpeg = (specs[name, method] for name in ("cifar10_binary", "cifar10_jpeg"))
        return quick_cell(binary, (30 + differences).tolist()), quick_cell(jpeg, [30.0, 30.0, 30.0])

    pairs = [pair("CE", 1 + luck), pair("CAL", 1 - luck + [0.01, -0.01, 0.0])]
    each = [contrast([(1.0, b), (-1.0, t)], "best").difference.error for b, t in pairs]
    found = average(pairs, "best").difference
    assert found.mean == pytest.approx(1.0)
    assert found.error >= 0.999 * math.hypot(*each) / 2  # by seed: 0.003


def test_a_cell_that_lacks_a_seed_takes_no_part() -> None:
    cells = Drawn()
    spec = CELLS["ARB", "0.01"]
    whole = cells.drawn[spec.run]
    cells.drawn[spec.run] = dataclasses.replace(whole, records=whole.records[:2])
    first, second = cells.pair("CAL", "CE")
    assert contrast([(1.0, first), (-1.0, second)], "last").spread_of == 12
    lacking = cells.pair("CAL", "ARB")
    assert contrast([(1.0, lacking[0]), (-1.0, lacking[1])], "last").n == 2


def test_a_verdict_says_that_it_may_change_where_other_cells_of_its_block_are_to_come() -> None:
    def told(cells: Drawn) -> Verdict:
        return next(v for v in cells.verdicts(TABLE) if v.id == "L-C1a")

    whole, part = Drawn(), Drawn()
    for method in ("ARB", "RBL"):
        cell = part.drawn[CELLS[method, "0.01"].run]
        part.drawn[cell.spec.run] = dataclasses.replace(cell, records=cell.records[:2])
    assert "May change: 2 more cells of the block do not have these seeds yet" in told(part).why
    assert told(part).numbers[LACKING] == told(part).findings[0].numbers[LACKING] == 2
    assert "May change" not in told(whole).why
    assert LACKING not in told(whole).numbers


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize("world", ["alike", "strong splits", "t with 3 degrees of freedom"])
def test_intervals_of_a_block_cover_and_are_half_as_wide(world: str) -> None:
    """benchmarks/block_worlds.py has the whole table: nominal 96.5 %."""
    draw = block_worlds.WORLDS[world]
    block = block_worlds.rates(draw, block_worlds.of_block, 300, block_worlds.CELLS)
    alone = block_worlds.rates(draw, block_worlds.paired, 300, block_worlds.CELLS)
    assert block["coverage"] >= 92.5
    assert block["half width"] < 0.65 * alone["half width"]
    assert block["power"] > alone["power"] + 25
