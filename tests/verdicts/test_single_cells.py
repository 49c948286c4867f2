"""The kinds of check that look at single cells."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here
from made_cells import OURS, cell_of, history

from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.verdicts import judge
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.kinds.collapse import Collapse
from ncmc.verdicts.kinds.orthogonal import Orthogonal
from ncmc.verdicts.kinds.rise_fall import RiseFall
from ncmc.verdicts.kinds.stays import Stays
from ncmc.verdicts.verdict import Verdict


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def smoke() -> Table:
    return grid.table(here(), "smoke")


def judged(check: Check, results: Path) -> Verdict:
    return judge.judge(check, CellCache(here(), results))


def test_chance_is_about_classes_not_images(results: Path, smoke: Table) -> None:
    check = next(c for c in checks_of(here(), "smoke") if c.id == "S5")
    for values, status in (
        ([8.0, 12.0, 10.0, 3.0, 20.0], "holds"),  # classes fall right or wrong as a whole
        ([35.0, 33.0, 40.0, 31.0, 36.0], "differs"),
    ):
        fakes.fill(results, fakes.spec_of(smoke, "CAL, theta = 0"), values)
        verdict = judged(check, results)
        assert verdict.status == status
        assert verdict.findings[0].numbers["chance"] == 10.0


@pytest.mark.parametrize(
    ("nc", "variability", "status"),
    [
        ([1.6, 1.0, 0.3], [0.97, 0.8, 0.66], "holds"),
        ([1.6, 1.5, 1.4], [0.97, 0.8, 0.66], "differs"),
        ([1.6, 1.0, 0.3], [0.70, 0.8, 0.97], "differs"),  # away from the floor
        ([1.6], [0.97], "inconclusive"),
    ],
)
def test_collapse_is_judged_by_its_share_and_the_floor(
    nc: list[float], variability: list[float], status: str
) -> None:
    check = Collapse(kind="collapse", cells={}, ratio=0.5, **OURS)
    cell = cell_of(
        [50.0, 51.0, 52.0],
        history=history(nc_mean=nc, variability=variability, variability_floor=[0.62] * len(nc)),
    )
    finding = check.judge([cell])[0]
    assert finding.status == status
    if len(nc) > 1:
        assert finding.numbers["estimate"] == pytest.approx(nc[-1] / nc[0])
        assert finding.numbers["variability_floor"] == pytest.approx(0.62)


def test_collapse_without_a_floor_is_judged_by_its_share() -> None:
    check = Collapse(kind="collapse", cells={}, ratio=0.5, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_mean=[1.6, 0.2], variability=[0.9, 0.99]))
    assert check.judge([cell])[0].status == "holds"


@pytest.mark.parametrize(
    ("series", "status"),
    [([0.1, 0.5, 0.2], "holds"), ([0.5, 0.4, 0.2], "differs"), ([0.1, 0.3, 0.5], "differs")],
)
def test_rise_and_fall_needs_a_peak_between_the_ends(series: list[float], status: str) -> None:
    check = RiseFall(kind="rise_fall", cells={}, measure="nc_std", ratio=0.9, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_std=series))
    assert check.judge([cell])[0].status == status


def test_seeds_that_disagree_are_inconclusive() -> None:
    check = RiseFall(kind="rise_fall", cells={}, measure="nc_std", ratio=0.9, **OURS)
    cell = cell_of([50.0, 51.0], history=history(nc_std=[0.1, 0.5, 0.2]))
    other = fakes.with_result(cell.records[0], history=history(nc_std=[0.5, 0.4, 0.2]))
    cell = dataclasses.replace(cell, records=(other, cell.records[1]))
    assert check.judge([cell])[0].status == "inconclusive"


def test_class_means_become_orthogonal() -> None:
    check = Orthogonal(kind="orthogonal", cells={}, first=0.5, last=0.2, **OURS)
    for series, status in (([0.9, 0.4, -0.1], "holds"), ([0.9, 0.8, 0.6], "differs")):
        cell = cell_of([50.0], history=history(class_cosine=series))
        assert check.judge([cell])[0].status == status


def test_tail_features_stay_close() -> None:
    check = Stays(kind="stays", cells={}, measure="tail_cosine", above=0.5, **OURS)
    for cosine, status in ((0.9, "holds"), (0.1, "differs")):
        matrix = [[1.0, cosine], [cosine, 1.0]]
        cell = cell_of([50.0], history=history(tail_cosines=[matrix, matrix]))
        finding = check.judge([cell])[0]
        assert finding.status == status
        assert finding.numbers["lowest"] == pytest.approx(cosine)


def table6(results: Path, accuracy: Callable[[float], float]) -> Verdict:
    """The verdict on C12 when the accuracy at theta is `accuracy(theta)`, +- 0.2."""
    table = grid.table(here(), "table6")
    noise = np.random.default_rng(3)
    for spec in table.cells:
        theta = float(dict(spec.run.options)["theta"])
        last = [round(accuracy(theta) + float(x), 2) for x in noise.normal(0, 0.2, table.seeds)]
        fakes.fill(results, spec, last)
    return judged(next(c for c in checks_of(here(), "table6") if c.id == "C12"), results)


@pytest.mark.parametrize(
    ("accuracy", "status"),
    [
        (lambda theta: 40 + 20 * theta * (1.57 - theta), "holds"),
        (lambda theta: 40 + 10 * theta, "differs"),
        (lambda theta: 40, "inconclusive"),
    ],
)
def test_a_peak_lies_between_the_ends(
    results: Path, accuracy: Callable[[float], float], status: str
) -> None:
    verdict = table6(results, accuracy)
    assert verdict.status == status
    assert [finding.label for finding in verdict.findings] == [
        f"cifar100, resnet50, CAL, tau 0.005, f {f}" for f in (5, 10, 20)
    ]


@pytest.mark.parametrize(
    "check",
    [
        RiseFall(kind="rise_fall", cells={}, measure="tail_cosine", ratio=0.9, **OURS),
        Stays(kind="stays", cells={}, measure="tail_cosine", above=0.5, **OURS),
    ],
    ids=lambda check: check.kind,
)
def test_a_measure_that_no_record_has_is_named(check: RiseFall | Stays) -> None:
    (finding,) = check.judge([cell_of([50.0, 51.0], history=history(nc_mean=[1.0, 0.5, 0.4]))])
    assert (finding.status, finding.why) == ("inconclusive", "no record measures tail_cosine")


def test_cosines_of_features_that_vanish_are_not_measured() -> None:
    check = Stays(kind="stays", cells={}, measure="tail_cosine", above=0.5, **OURS)
    matrix = ((1.0, 0.9), (0.9, 1.0))
    gone = ((None, None), (None, None))
    (finding,) = check.judge([cell_of([50.0], history=history(tail_cosines=[matrix, gone]))])
    assert (finding.status, finding.why) == ("holds", "at least 0.900 at 1 measured epoch")
    (finding,) = check.judge([cell_of([50.0], history=history(tail_cosines=[gone, gone]))])
    assert finding.why == "no record measures tail_cosine"


def test_a_collapse_that_starts_at_0_has_nowhere_to_fall() -> None:
    check = Collapse(kind="collapse", cells={}, ratio=0.5, **OURS)
    (finding,) = check.judge([cell_of([50.0], history=history(nc_mean=[0.0, 0.0]))])
    assert finding.status == "inconclusive"
    assert finding.why.startswith("mean NC is 0 at the first measured epoch")


def test_a_place_on_an_axis_alone_between_no_ends(results: Path) -> None:
    table = grid.table(here(), "table6")
    (check,) = (c for c in checks_of(here(), "table6") if c.id == "C12")
    few = check.model_copy(update={"where": {"theta": (0, 0.2), "f": 5}})
    for spec in table.cells:
        fakes.fill(results, spec, [50.0, 51.0, 52.0])
    (finding,) = judged(few, results).findings
    assert (finding.status, finding.why) == (
        "inconclusive",
        "no value of theta lies between the ends",
    )
