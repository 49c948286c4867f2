"""Our results against the numbers that the paper prints."""

import dataclasses
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here
from made_cells import cell_of, own_splits

from ncmc.paper.printed_numbers import Number
from ncmc.plan import grid
from ncmc.plan.run import make_run
from ncmc.results.statistics import Sample, sample, welch
from ncmc.verdicts import judge
from ncmc.verdicts.against_paper import compare


def number(value: float = 80.6, std: float | None = 0.3) -> Number:
    return Number(
        id="N1", table=None, run=make_run("cifar10", 0.005, "resnet50", "CAL", {"f": 20, "theta": 0.2}),
        value=value, std=std, n=3, where="App. F.2", source="text",
        note="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "status"),
    [
        ([80.5, 80.6, 80.7], "holds"),
        ([70.5, 70.7, 70.8], "differs"),
        ([79.5, 81.5, 80.9], "inconclusive"),
        ([80.6], "inconclusive"),
    ],
)
def test_a_number_is_equivalent_different_or_neither(ours: list[float], status: str) -> None:
    finding = compare(number(), cell_of(ours), 1.0)
    assert finding.status == status
    assert finding.numbers["estimate"] == pytest.approx(np.mean(ours) - 80.6)


def test_a_number_is_compared_with_best() -> None:
    cell = cell_of([70.0, 70.1, 70.2])
    higher = tuple(
        fakes.with_result(r, accuracy=r.result.accuracy.model_copy(update={"best": best}))
        for r, best in zip(cell.records, (80.5, 80.7, 80.8), strict=True)
    )
    cell = dataclasses.replace(cell, records=higher)
    assert compare(number(), cell, 1.0).status == "holds"


def test_the_error_of_the_paper_counts_too() -> None:
    """Welch's, with the printed deviation and seeds: by ours alone it would be within a point."""
    ours = [80.2, 80.3, 80.4]
    finding = compare(number(std=2.0), cell_of(ours), 1.0)
    assert finding.status == "inconclusive"
    theirs = Sample(80.6, 2.0, 3)
    both = welch(sample(ours), theirs).interval(0.9)
    assert (finding.numbers["low"], finding.numbers["high"]) == pytest.approx(both)
    assert finding.numbers["level"] == 0.9
    assert compare(number(std=0.1), cell_of(ours), 1.0).status == "holds"


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (
            [80.2, 80.3, 80.4],
            "0.3 below the paper's 80.6 (90 %: −0.9 to 0.3, both sides' seeds counted): within 1 "
            "point. Our mean is within 1 point of 80.6 itself",
        ),
        (
            [70.5, 70.7, 70.8],
            "9.9 below the paper's 80.6 (90 %: −10.6 to −9.3, both sides' seeds counted): not "
            "within 1 point. Our mean is not within 1 point of 80.6 itself",
        ),
        (
            [80.6],
            "0.0 below the paper's 80.6 (one seed shows no spread): not decided whether within 1 "
            "point. Our mean is within 1 point of 80.6 itself",
        ),
    ],
)
def test_the_sentence_names_difference_interval_and_decision(ours: list[float], why: str) -> None:
    assert compare(number(std=0.4), cell_of(ours), 1.0).why == why


def test_what_the_paper_does_not_state_is_said_to_be_assumed() -> None:
    cell = cell_of([80.2, 80.3, 80.4])

    def assumed(**changes: float | None) -> str:
        return compare(number().model_copy(update=changes), cell, 1.0).why

    assert "assumed" not in assumed()
    assert "seeds counted; assumed: one run, its deviation is the printed 0.3)" in assumed(n=None)
    assert "counted; assumed: one run, its deviation is ours)" in assumed(std=0.05, n=None)
    assert "counted; assumed: one run, its deviation is ours)" in assumed(std=None)
    assert "counted; assumed: one run, its deviation is ours)" in assumed(std=None, n=None)


@pytest.mark.slow
def test_interval_and_decision_agree() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(150):
        ours = rng.normal(80 + rng.uniform(-2, 2), 0.4, 4).tolist()
        finding = compare(number(80.0, 0.3), cell_of(ours), 1.0)
        low, high = (finding.numbers[key] for key in ("low", "high"))
        assert isinstance(low, float)
        assert isinstance(high, float)
        inside, outside = low > -1 and high < 1, low > 1 or high < -1
        assert finding.status == ("holds" if inside else "differs" if outside else "inconclusive")
        seen.add(finding.status)
    assert len(seen) == 3


def test_a_number_printed_without_deviation_can_be_compared() -> None:
    for ours, status in (([80.5, 80.6, 80.7], "holds"), ([70.5, 70.7, 70.8], "differs")):
        assert compare(number(std=None), cell_of(ours), 1.0).status == status


@pytest.mark.parametrize("seeds", [0, 3])
def test_a_split_a_seed_cannot_test_a_number_of_one_split(seeds: int) -> None:
    cell = cell_of([80.5, 80.6, 80.7][:seeds])
    cell = own_splits(cell)
    finding = compare(number(), cell, 1.0)
    assert (finding.status, finding.missing) == ("not testable", ())
    assert "the paper's numbers are of one split" in finding.why


def test_a_number_of_the_text_is_judged_in_one_table_and_shown_in_others(tmp_path: Path) -> None:
    assert {v.id for v in judge.verify("numbers", tmp_path) if v.kind == "number"} == {
        "N1", "N2", "N3",
    }  # fmt: skip
    for name in ("table6", "figure5"):
        assert not [v for v in judge.verify(name, tmp_path) if v.kind == "number"]
    shown = judge.CellCache(here(), tmp_path).of(grid.table(here(), "table6"))
    assert "N2" in {cell.paper.id for cell in shown if cell.paper}
