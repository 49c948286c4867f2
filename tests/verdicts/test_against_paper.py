"""Our results against the numbers that the paper prints."""

import dataclasses
from pathlib import Path

import fakes
import numpy as np
import pytest
from made_cells import cell_of

from ncmc.paper.printed_numbers import Number
from ncmc.results.statistics import seeds_for, tost_power
from ncmc.verdicts import judge
from ncmc.verdicts.against_paper import compare


def number(value: float = 80.6, std: float | None = 0.5) -> Number:
    return Number(
        id="N1", table=None, dataset="cifar10", tau=0.005, backbone="resnet50", method="CAL",
        options={"f": 20, "theta": 0.2}, value=value, std=std, n=3, where="App. F.2", source="text",
        note="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "status"),
    [
        ([80.5, 80.7, 80.8], "holds"),
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


def test_an_inconclusive_number_gives_its_power_and_the_seeds_it_needs() -> None:
    finding = compare(number(), cell_of([79.9, 81.3, 81.2]), 1.0)
    assert finding.status == "inconclusive"
    sigma = np.sqrt((np.var([79.9, 81.3, 81.2], ddof=1) + 0.5**2) / 2)
    assert finding.numbers["power"] == pytest.approx(tost_power(sigma, 3, 1.0))
    needed = seeds_for(sigma, 1.0)
    assert needed is not None
    assert finding.numbers["seeds_for_80_percent"] == needed > 3
    assert "faithful re-run with probability" in finding.why


def test_a_number_printed_without_deviation_can_be_compared() -> None:
    assert compare(number(std=None), cell_of([80.5, 80.7, 80.8]), 1.0).status == "holds"
    assert compare(number(std=None), cell_of([70.5, 70.7, 70.8]), 1.0).status == "differs"


def test_known_numbers_are_judged_wherever_their_configuration_stands(tmp_path: Path) -> None:
    assert {v.id for v in judge.verify("numbers", tmp_path) if v.kind == "number"} == {
        "N1", "N2", "N3",
    }  # fmt: skip
    assert "N2" in {v.id for v in judge.verify("table6", tmp_path)}
    assert not [v for v in judge.verify("figure5", tmp_path) if v.kind == "number"]
