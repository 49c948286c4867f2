"""Levels of looks by plan, and the look that a cell's records reach."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here
from scipy import stats

from ncmc.plan import grid
from ncmc.results.cells import Cell, read_cell
from ncmc.results.looks import levels, reached
from ncmc.results.statistics import ALPHA


def bounds(looks: tuple[int, ...]) -> list[float]:
    return [float(stats.norm.isf(level / 2)) for level in levels(looks)]


def test_three_equal_looks_have_the_published_bounds() -> None:
    """Lan-DeMets bounds of equally spaced looks at 5 %, two-sided, with Pocock's spending."""
    assert bounds((1, 2, 3)) == pytest.approx([2.279, 2.295, 2.296], abs=6e-4)


@pytest.mark.parametrize("looks", [(3, 5, 10), (2, 3), (5, 6, 7, 20)])
def test_all_looks_together_err_in_five_percent_by_an_integral_of_another_kind(
    looks: tuple[int, ...],
) -> None:
    """SciPy's multivariate normal over the box in which no look crosses its bound."""
    shares = np.array(looks) / looks[-1]
    correlation = np.sqrt(np.minimum.outer(shares, shares) / np.maximum.outer(shares, shares))
    edges = np.array(bounds(looks))
    inside = stats.multivariate_normal(np.zeros(len(looks)), correlation).cdf(
        edges, lower_limit=-edges, rng=np.random.default_rng(0)
    )
    assert 1 - inside == pytest.approx(ALPHA, abs=5e-4)


def test_one_look_has_the_whole_level() -> None:
    assert levels((3,)) == (ALPHA,)


def decided(values: np.ndarray, looks: Sequence[int], level: Sequence[float]) -> np.ndarray:
    """Whether Welch's test tells two sides, (2, pairs, seeds), apart at any look."""
    p = [stats.ttest_ind(*values[:, :, :n], axis=1, equal_var=False).pvalue for n in looks]
    return np.any(np.array(p) < np.array(level)[:, None], axis=0)


def test_looks_at_five_percent_each_err_in_ten_and_by_plan_in_five() -> None:
    values = np.random.default_rng(0).normal(0, 0.5, (2, 20_000, 10))
    looks = (3, 5, 10)
    assert decided(values, looks, (ALPHA,) * 3).mean() > 0.09
    assert decided(values, looks, levels(looks)).mean() < 0.05


# --- the look that a cell's records reach -----------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "place"), [(0, None), (2, None), (3, 0), (4, 0), (5, 1), (9, 1), (10, 2), (12, 2)]
)
def test_a_look_counts_only_when_all_its_seeds_are_there(seeds: int, place: int | None) -> None:
    assert reached((3, 5, 10), range(seeds)) == place


def cell_with(tmp_path: Path, seeds: int) -> Cell:
    spec = grid.table(here(), "smoke").cells[0]
    fakes.fill(tmp_path, spec, [70.0 + seed for seed in range(seeds)])
    return read_cell(here(), spec, (2, 4), tmp_path)


def test_a_cell_is_read_at_the_look_that_its_records_reach(tmp_path: Path) -> None:
    first, second = levels((2, 4))
    cell = cell_with(tmp_path, 3)
    assert (cell.seeds, cell.unused, cell.complete) == ((0, 1), (2,), True)
    assert cell.alpha == first
    assert "judged at 2 seeds" in cell.notes[0]
    cell = cell_with(tmp_path, 4)
    assert (cell.seeds, cell.unused, cell.notes) == ((0, 1, 2, 3), (), ())
    assert cell.alpha == second


def test_a_cell_below_its_first_look_lacks_the_seeds_of_that_look(tmp_path: Path) -> None:
    cell = cell_with(tmp_path, 1)
    assert [run.seed for run in cell.missing] == [1]
    assert not cell.complete


def test_seeds_beyond_the_last_look_are_not_read(tmp_path: Path) -> None:
    cell = cell_with(tmp_path, 5)
    assert cell.seeds == (0, 1, 2, 3)


def test_a_table_without_looks_is_judged_at_its_seeds_at_the_whole_level() -> None:
    smoke = grid.table(here(), "smoke")
    assert smoke.looks == (5,)
    assert smoke.later_runs == []
    later = replace(smoke, looks=(5, 7)).later_runs
    assert len(later) == 2 * len(smoke.cells)
    assert {run.seed for run in later} == {5, 6}
    assert math.isclose(levels(smoke.looks)[0], ALPHA)
