"""How often verdicts err and decide, in a few worlds of known truth (benchmarks/verdicts.py: many)."""

from functools import cache

import fakes
import pytest
from conftest import here

from benchmarks import curve_worlds, verdicts
from benchmarks.verdict_worlds import Truth, accuracy_checks, all_equal, all_true
from ncmc.plan import grid
from ncmc.plan.run import Run
from ncmc.results.record import Record


@cache
def plain() -> Record:
    """A record whose accuracies do not matter."""
    record: Record = fakes.record(Run("cifar10", 0.005, "resnet50", "CE"), 50.0)
    return record


def board(truth: Truth, worlds: int = 4) -> dict[str, dict[str, float]]:
    """How often each check of accuracies has each status, when all looks of the grid are allowed."""
    project = here()
    looks = grid.table(project, "table2").looks
    assert len(looks) > 1
    return verdicts.board(project, plain(), truth, worlds, accuracy_checks(project), looks)


def test_a_true_paper_is_confirmed_and_nothing_of_it_refuted() -> None:
    found = board(all_true)
    assert verdicts.total(found, "holds") >= 18 / 35 * len(found)
    assert verdicts.total(found, "differs") <= 0.25  # of all checks together


def test_a_paper_whose_methods_are_all_equal_is_refuted_and_rarely_confirmed() -> None:
    found = board(all_equal)
    assert verdicts.total(found, "differs") >= 10 / 35 * len(found)
    false = [shares for name, shares in found.items() if name not in verdicts.TRUE_IF_EQUAL]
    assert sum(shares.get("holds", 0.0) for shares in false) / len(false) <= 0.025 + 0.02


@pytest.mark.slow  # many worlds are drawn
def test_one_false_setting_of_twelve_is_not_said_to_hold() -> None:
    c4 = [check for check in accuracy_checks(here()) if check.id == "C4"]
    found = verdicts.board(here(), plain(), verdicts.one_false, 60, c4)
    assert verdicts.total(found, "holds") <= 0.07  # nominal 2.5 %


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize("shape", list(verdicts.SHAPES))
def test_intervals_cover_whatever_the_noise_is(shape: str) -> None:
    found = verdicts.coverage(here(), plain(), verdicts.SHAPES[shape], 3, 12)
    assert found["coverage"] >= 0.91  # of 216 intervals: 0.95 less three standard errors
    assert found["width"] < 2.4


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize(("gap", "wrong"), [(1.0, "holds"), (0.9, "differs")])
def test_a_printed_number_is_rarely_judged_wrong(gap: float, wrong: str) -> None:
    assert verdicts.printed(here(), plain(), gap, (5,), 20)[wrong] <= 0.10  # of 180: nominal 5 %


@pytest.mark.slow  # many worlds are drawn
def test_checks_of_curves_are_rarely_wrong_at_their_bounds_and_right_beyond_them() -> None:
    found = curve_worlds.rates(here(), plain(), 12)
    assert len(found) == 13
    right = [shares.pop("holds where true") for shares in found.values()]
    wrong = [share for shares in found.values() for share in shares.values()]
    assert sum(wrong) / len(wrong) <= 0.06  # of 288: nominal 2.5 %
    assert min(right) >= 0.75
