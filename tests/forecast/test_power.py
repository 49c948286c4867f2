"""Power before the run, from a stated deviation: that of the verdicts themselves in drawn worlds."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import fakes
import numpy as np
import pytest
import yaml
from conftest import CHECKOUT, here
from scipy import stats

from ncmc.errors import UsageError
from ncmc.forecast.power import assumed, deviation_of, power_of
from ncmc.forecast.questions import Question, decides
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.looks import levels
from ncmc.results.record import Record
from ncmc.results.table_cells import measured_deviation
from ncmc.verdicts import cell_selection
from ncmc.verdicts.judge import CellCache, judge

DRAWS = 60


def question(id: str) -> Question:
    """A question of the checkout, whose checks and tables no test here changes."""
    return questions()[id]


@cache
def questions() -> dict[str, Question]:
    project = Project(CHECKOUT)
    names = ("all", "smoke", "laptop_methods")
    return {q.id: q for name in names for q in decides(project, name)}


def assume(root: Path, deviation: float, effect: float = 2.0) -> None:
    path = root / "config/plan.yaml"
    body = yaml.safe_load(path.read_text())
    body["deviation"] = {"value": deviation, "source": "a test"}
    body["effect"] = {"value": effect, "source": "a test"}
    path.write_text(yaml.safe_dump(body))


class DrawnCells(CellCache):
    """Cells at their first look, with seeds that scatter around given means."""

    def __init__(self, project: Project, means: Mapping[Run, float], seed: int) -> None:
        super().__init__(project)
        self.means, self.rng = means, np.random.default_rng(seed)
        self.plain = fakes.record(grid.table(project, "smoke").runs[0], 50.0, project=project)
        self.drawn: dict[tuple[Run, str], Cell] = {}

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """A drawn cell."""
        if (spec.run, table.name) not in self.drawn:
            std = deviation_of(self.project, spec, table).value
            values = self.rng.normal(self.means.get(spec.run, 50.0), std, table.seeds)
            runs = zip(spec.runs(table.seeds), values.tolist(), strict=True)
            cell = Cell(
                spec,
                tuple(self._record(run, value) for run, value in runs),
                (),
                alpha=levels(table.looks)[0],
                looks=table.looks,
            )
            self.drawn[spec.run, table.name] = self.sharing(cell, table)
        return self.drawn[spec.run, table.name]

    def _record(self, run: Run, value: float) -> Record:
        reached = self.plain.result.accuracy.model_copy(update={"last": value, "best": value})
        epoch = self.plain.result.history[-1].model_copy(update={"test_accuracy": value})
        update = {"accuracy": reached, "history": (epoch,)}
        result = self.plain.result.model_copy(update=update)
        return self.plain.model_copy(update={"run": run, "result": result})


def share(asked: Question, wanted: str, above: float) -> float:
    """How often a check has a status where its better side is so much above the other."""
    project = Project(CHECKOUT)
    assert asked.check
    better = cell_selection.select(project, asked.check, "better")
    means = {spec.run: 50.0 + above for spec in better}
    told = [judge(asked.check, DrawnCells(project, means, seed)).status for seed in range(DRAWS)]
    return told.count(wanted) / DRAWS  # type: ignore[arg-type]


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize(
    ("id", "true", "false"),
    [
        ("S1", 2.0, 0.0),  # greater, one setting, on digits
        ("C2a", 2.0, 0.0),  # greater, in each of three settings
        ("C10b", 0.0, -4.0),  # greater, with a margin of 2
        ("L-C1c", 2.0, 0.0),  # greater, by seed: each has a split of its own
        ("L-C6a", 1.0, 4.0),  # slight: at most 2
        ("C13a", 0.0, 4.0),  # equal within 2
    ],
)
def test_power_is_the_share_of_drawn_worlds_that_are_judged_so(
    id: str, true: float, false: float
) -> None:
    found = power_of(here(), question(id), 0)
    assert found
    assert share(question(id), "holds", true) == pytest.approx(found.holds, abs=0.15)
    assert share(question(id), "differs", false) == pytest.approx(found.differs, abs=0.15)


def test_a_small_deviation_decides_everything_and_a_large_one_nothing(configured: Path) -> None:
    assume(configured, 0.05)
    for id in ("S1", "C13a", "C6a"):
        sharp = power_of(here(), question(id), 0)
        assert sharp
        assert (sharp.holds > 0.99, sharp.differs > 0.99) == (True, True), id
    assume(configured, 30.0)
    for id in ("S1", "C13a", "C6a", "N2"):
        blunt = power_of(here(), question(id), 0)
        assert blunt
        assert max(blunt.holds, blunt.differs) < 0.1, id


def test_the_power_of_a_printed_number_is_that_of_welchs_equivalence_test(configured: Path) -> None:
    """Ours of 3 seeds at 0.4, theirs of 3 at 0.4: between what is known if the deviation is known, and
    if it is one of four degrees of freedom throughout. At the level of the first look."""
    assume(configured, 0.4)
    found = power_of(here(), question("N2"), 0)
    assert found
    error = math.sqrt(0.4**2 / 3 + 0.4**2 / 3)
    level = levels(grid.table(here(), "numbers").looks)[0]
    most, least = (
        2 * stats.norm.cdf((1.0 - quantile * error) / error) - 1
        for quantile in (stats.norm.isf(level), stats.t.isf(level, 4))
    )
    assert least < found.holds < most
    assert found.differs > 0.9


def test_more_seeds_have_more_power(configured: Path) -> None:
    assume(configured, 2.0)
    first, last = (power_of(here(), question("C8a"), look) for look in (0, 2))
    assert first
    assert last
    assert last.holds > first.holds + 0.1


def test_no_power_is_stated_for_curves() -> None:
    assert power_of(here(), question("F7"), 0) is None
    assert power_of(here(), question("F4b"), 0) is None


def test_a_deviation_is_that_of_records_where_there_are_enough() -> None:
    project = Project(CHECKOUT)  # with published records of digits
    smoke = grid.table(project, "smoke")
    assert "with records at this scale" in deviation_of(project, smoke.cells[0], smoke).source


def test_without_records_a_tier_or_a_dataset_may_have_one_of_its_own(configured: Path) -> None:
    stated = assumed(here()).deviation

    def value(table: str) -> float:
        whole = grid.table(here(), table)
        return deviation_of(here(), whole.cells[0], whole).value

    assert value("table1") == value("full_methods") == stated.value
    assert value("laptop_methods") == stated.tiers["laptop"].value > stated.value
    assert value("smoke") == stated.datasets["digits"].value > stated.value


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value: 0.5", "value: 0", "'deviation.value' is 0: input should be greater than 0"),
        ("value: 2.0", "value: x", "'effect.value' is 'x'"),
        ("effect:", "efect:", "unknown key 'efect'"),
    ],
)
def test_a_senseless_assumption_is_refused(configured: Path, old: str, new: str, told: str) -> None:
    path = configured / "config/plan.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError, match="plan.yaml") as error:
        assumed(here())
    assert told in str(error.value)


def test_a_plan_takes_over_the_deviation_of_records_there_are() -> None:
    """Runs of the studies on digits are published: their deviation, not the one that was guessed."""
    project = Project(CHECKOUT)
    measured = measured_deviation(project, "digits", "reduced")
    assert measured
    std, cells, df = measured
    assert (cells, df >= 10) == (8, True)
    table = grid.table(project, "smoke")
    found = deviation_of(project, table.cells[0], table)
    assert found.value == std
    assert found.source == f"ours: 8 cells with records at this scale ({df:.0f} degrees of freedom)"
    assert measured_deviation(project, "digits", "paper") is None
    assert measured_deviation(project, "cifar100", "reduced") is None
