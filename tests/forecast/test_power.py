"""Power before the run, by the functions that judge; from a stated deviation alone."""

import math
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import CHECKOUT, here
from scipy import stats

from ncmc.errors import UsageError
from ncmc.forecast.power import power_of
from ncmc.forecast.questions import Question, decides
from ncmc.forecast.settings import assumed
from ncmc.plan import grid
from ncmc.project import Project
from ncmc.results.looks import levels


def question(id: str) -> Question:
    """A question of the checkout, whose checks and tables no test here changes."""
    return questions()[id]


@cache
def questions() -> dict[str, Question]:
    project = Project(CHECKOUT)
    return {q.id: q for name in ("all", "smoke") for q in decides(project, name)}


def assume(root: Path, deviation: float, effect: float = 2.0) -> None:
    path = root / "config/plan.yaml"
    body = yaml.safe_load(path.read_text())
    body["deviation"] = {"value": deviation, "source": "a test"}
    body["effect"] = {"value": effect, "source": "a test"}
    path.write_text(yaml.safe_dump(body))


def test_a_small_deviation_decides_everything_and_a_large_one_nothing(configured: Path) -> None:
    assume(configured, 0.05)
    sharp = power_of(here(), question("S1"), 0, draws=20)
    assert sharp
    assert sharp.holds == 1.0
    assert sharp.differs >= 0.9  # of equal sides, one may hold by luck
    assume(configured, 30.0)
    blunt = power_of(here(), question("S1"), 0, draws=20)
    assert blunt
    assert blunt.holds < 0.3


def test_the_power_of_a_printed_number_is_that_of_welchs_equivalence_test(configured: Path) -> None:
    """Ours of 3 seeds at 0.4, theirs of 3 at 0.4: between what is known if the deviation is known, and
    if it is one of four degrees of freedom throughout. At the level of the first look."""
    assume(configured, 0.4)
    found = power_of(here(), question("N2"), 0, draws=150)
    assert found
    error, level = (
        math.sqrt(0.4**2 / 3 + 0.4**2 / 3),
        levels(grid.table(here(), "numbers").looks)[0],
    )
    most, least = (
        2 * stats.norm.cdf((1.0 - quantile * error) / error) - 1
        for quantile in (stats.norm.isf(level), stats.t.isf(level, 4))
    )
    assert least < found.holds < most
    assert found.differs > 0.9


def test_more_seeds_have_more_power(configured: Path) -> None:
    assume(configured, 2.0)
    first, last = (power_of(here(), question("C8a"), look, draws=60) for look in (0, 2))
    assert first
    assert last
    assert last.holds > first.holds + 0.1


def test_the_same_question_has_the_same_power_again() -> None:
    first, again = (power_of(here(), question("S1"), 0, draws=10) for _ in range(2))
    assert first == again


def test_no_power_is_stated_for_curves() -> None:
    assert power_of(here(), question("F7"), 0) is None
    assert power_of(here(), question("F4b"), 0) is None


def test_the_deviation_of_a_dataset_stands_in_place_of_the_general_one() -> None:
    deviation = assumed(here()).deviation
    assert deviation.of("digits").value > deviation.of("cifar10").value == deviation.value
    assert deviation.source


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
