"""How often the kinds that look along an axis, or for exceptions, err where nothing is to be found."""

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
from conftest import here
from made_cells import cell_of, own_splits

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.results.record import Accuracy
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.kinds.along_axis import Trend
from ncmc.verdicts.verdict import Status, overall

DRAWS = 150


def check_of(table: str, name: str) -> Pairs:
    (check,) = [c for c in checks_of(here(), table) if c.id == name]
    assert isinstance(check, Pairs)
    return check


def made(spec: CellSpec, mean: float, rng: np.random.Generator, spread: float = 0.5) -> Cell:
    """Three seeds about a mean, with a deviation of `spread` points."""
    records = [
        r.model_copy(
            update={
                "result": r.result.model_copy(
                    update={"accuracy": Accuracy(last=v, last_raw=v, best=v, best_epoch=1)}
                )
            }
        )
        for r, v in zip(TEMPLATE.records, rng.normal(mean, spread, 3).tolist(), strict=True)
    ]
    return Cell(spec, tuple(records), ())


TEMPLATE = cell_of([50.0, 51.0, 52.0])


def drawn(table: str, name: str, gain: float) -> Counter[Status]:
    """The statuses of a check where `better` gains the same in every pair."""
    check, rng = check_of(table, name), np.random.default_rng(0)
    specs = cell_selection.pairs(here(), check)
    found: Counter[Status] = Counter()
    for _ in range(DRAWS):
        pairs = [(made(b, 50 + gain, rng), made(t, 50, rng)) for b, t in specs]
        found[overall([finding.status for finding in check.judge(pairs)])] += 1
    return found


@pytest.mark.parametrize(
    ("table", "name", "gain"),
    [
        ("table3", "C7d", 3.0),  # the same advantage everywhere: largest nowhere
        ("table3", "C10a", 3.0),  # and no trend
        ("table3", "C6c", 1.5),  # a gain in every setting
    ],
)
def test_what_is_not_there_is_rarely_found(table: str, name: str, gain: float) -> None:
    assert drawn(table, name, gain)["holds"] <= 0.05 * DRAWS


def test_an_exception_that_is_none_is_rarely_excluded() -> None:
    """A gain of just `delta` everywhere is no exception."""
    assert drawn("table3", "C6c", 0.5)["holds"] <= 0.05 * DRAWS


def test_an_axis_of_a_trend_has_two_places_above_0() -> None:
    check = check_of("table3", "C10a")
    pairs = cell_selection.pairs(here(), check)
    with pytest.raises(UsageError, match="tau has the value 0.005 alone"):
        check.require_places(pairs[:1])
    words = check.model_copy(update={"axis": "method"})
    with pytest.raises(UsageError, match="method has the value CAL, no number"):
        words.require_places(pairs)


def test_a_trend_changes_as_the_line_of_least_squares_does() -> None:
    """Against NumPy's fit to the means over seeds."""
    check, rng = check_of("laptop_budget", "L-TREND_CE"), np.random.default_rng(0)
    check = check.model_copy(update={"measure": "best"})
    assert isinstance(check, Trend)
    leads = {"12": 1.0, "40": 2.5, "120": 3.0}
    pairs = [
        (made(b, 50 + leads[b.attributes["epochs"]], rng), made(t, 50, rng))
        for b, t in cell_selection.pairs(here(), check)
    ]
    places = [float(b.spec.attributes["epochs"]) for b, _ in pairs]
    means = [b.best.mean - t.best.mean for b, t in pairs if b.best and t.best]
    slope, _ = np.polyfit(np.log(places), means, 1)
    (finding,) = check.judge(pairs)
    assert finding.numbers["estimate"] == pytest.approx(slope * math.log(120 / 12))


def test_a_last_step_that_falls_on_one_dataset_and_rises_on_the_other_decides_nothing() -> None:
    """It held where the average of the two fell, as the line did on both."""
    rng, leads = np.random.default_rng(0), {"0.005": 9.0, "0.01": 6.0}
    check = Trend(
        id="X", table="table3", kind="trend", source="a test", measure="best", axis="tau", way="falls",
        better={"method": "CAL"}, than={"method": "CE"}, delta=0.5,
        where={"dataset": ("cifar10", "cifar100")},
    )  # fmt: skip

    def judged(last: dict[str, float]) -> Status:
        pairs = [
            (
                made(b, 50 + leads.get(b.attributes["tau"], last[b.run.dataset]), rng, 0.1),
                made(t, 50, rng, 0.1),
            )
            for b, t in cell_selection.pairs(here(), check)
        ]
        return check.judge(pairs)[0].status

    assert judged({"cifar10": 1.0, "cifar100": 1.0}) == "holds"
    assert judged({"cifar10": 0.0, "cifar100": 8.0}) == "inconclusive"


def test_a_lead_that_still_grows_is_rarely_said_to_have_stopped() -> None:
    """It grows by 0.5 in its last step, where the means of the seeds fall in every third world."""
    check, rng = check_of("laptop_budget", "L-TREND_CE"), np.random.default_rng(0)
    check = check.model_copy(update={"measure": "best"})
    specs = cell_selection.pairs(here(), check)

    def worlds(leads: dict[str, float]) -> tuple[int, int]:
        """In how many the last step is said to go no further, and in how many the means fall."""
        stalled, fallen = 0, 0
        for _ in range(DRAWS):
            pairs = [
                (made(b, 50 + leads[b.attributes["epochs"]], rng, 1.0), made(t, 50, rng, 1.0))
                for b, t in specs
            ]
            means = {
                b.spec.attributes["epochs"]: b.best.mean - t.best.mean
                for b, t in pairs
                if b.best and t.best
            }
            stalled += check.conclude(pairs, check.judge(pairs)).opposite
            fallen += means["120"] <= means["40"]
        return stalled, fallen

    stalled, fallen = worlds({"12": -5.0, "40": -4.5, "120": -4.0})
    assert stalled <= 0.05 * DRAWS < 0.25 * DRAWS <= fallen
    assert worlds({"12": 3.0, "40": 1.0, "120": -9.0})[0] >= 0.9 * DRAWS


@pytest.mark.parametrize(("name", "gain"), [("C7d", {"0.005": 1.0}), ("C6c", {})])
def test_more_seeds_of_one_side_change_no_verdict(name: str, gain: dict[str, float]) -> None:
    """Nor do they bring the pairs to the stricter level of a later look."""
    check = check_of("table3", name)

    def judged(more: int) -> Status:
        rng, extra = np.random.default_rng(0), np.random.default_rng(1)
        pairs = []
        for better, than in cell_selection.pairs(here(), check):
            ours = rng.normal(60 + gain.get(better.coord("tau"), 6.0), 0.2, 3)
            theirs = [*rng.normal(60, 0.2, 3), *extra.normal(60, 0.2, more)]
            strict = dataclasses.replace(cell_of(theirs), looks=(3, 5), alpha=0.0)
            cells = (cell_of(ours.tolist()), better), (strict, than)
            first, second = (own_splits(dataclasses.replace(c, spec=spec)) for c, spec in cells)
            pairs.append((first, second))
        return overall([finding.status for finding in check.judge(pairs)])

    assert judged(0) == judged(2) == "differs"
