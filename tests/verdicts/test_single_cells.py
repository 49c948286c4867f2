"""The kinds of check that look at single cells."""

from collections.abc import Callable
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here

from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.verdicts import judge
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.verdict import Verdict


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "runs"


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


def table6(results: Path, accuracy: Callable[[float], float]) -> Verdict:
    """The verdict on C12 when the accuracy at theta is `accuracy(theta)`, +- 0.1."""
    project = here()
    table = grid.table(project, "table6")
    noise = np.random.default_rng(4)
    for spec in table.cells:
        theta = float(dict(spec.run.options)["theta"])
        last = [round(accuracy(theta) + float(x), 2) for x in noise.normal(0, 0.1, table.seeds)]
        fakes.fill(results, spec, last, project)
    return judged(next(c for c in checks_of(here(), "table6") if c.id == "C12"), results)


@pytest.mark.parametrize(
    ("accuracy", "status"),
    [
        (lambda theta: 40 + 20 * theta * (1.57 - theta), "holds"),
        pytest.param(lambda theta: 40 + 10 * theta, "differs", marks=pytest.mark.slow),
        (lambda theta: 40 + (theta > 0), "differs"),  # a plateau
    ],
)
def test_a_peak_lies_between_the_ends(
    results: Path, accuracy: Callable[[float], float], status: str
) -> None:
    verdict = table6(results, accuracy)
    assert verdict.status == status
    assert [finding.label.rpartition(", ")[2] for finding in verdict.findings] == [
        "f 5",
        "f 10",
        "f 20",
    ]
