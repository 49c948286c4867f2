"""What must be said of records, apart from the verdict."""

import dataclasses
from pathlib import Path
from typing import Any

import fakes
import pytest
from conftest import here
from made_cells import cell_of

from ncmc.plan import grid
from ncmc.results.cells import Cell, read_cell
from ncmc.results.problems import problems_in
from ncmc.results.provenance import Git
from ncmc.verdicts import judge


def changed(cell: Cell, seed: int, **changes: Any) -> Cell:
    """A cell with one record changed; `result__x` and `made__x` change what lies below."""
    record = cell.records[seed]
    for key, value in changes.items():
        part, _, inner = key.partition("__")
        if inner:
            value = getattr(record, part).model_copy(update={inner: value})
        record = record.model_copy(update={part: value})
    records = (*cell.records[:seed], record, *cell.records[seed + 1 :])
    return dataclasses.replace(cell, records=records)


@pytest.fixture
def cal() -> Cell:
    return cell_of([80.0, 81.0, 82.0])


@pytest.fixture
def ce() -> Cell:
    return cell_of([70.0, 71.0, 72.0], "CE")


def test_sound_records_have_no_problem(cal: Cell, ce: Cell) -> None:
    assert problems_in([cal, ce]) == ()


def test_two_sides_on_other_images_are_told(cal: Cell, ce: Cell) -> None:
    other = ce.records[0].split.model_copy(update={"sha256": "cd" * 32})
    (said,) = problems_in([cal, changed(ce, 0, split=other)])
    assert said.startswith("different training images under one configuration of the split")
    assert ce.records[0].run.id in said


def test_another_tau_has_other_images_by_design(cal: Cell, ce: Cell) -> None:
    run = dataclasses.replace(ce.records[0].run, tau=0.01)
    other = ce.records[0].split.model_copy(update={"sha256": "cd" * 32})
    assert problems_in([cal, changed(ce, 0, split=other, run=run)]) == ()


def test_other_code_and_uncommitted_changes_of_it_are_told_and_other_commits_are_not(
    cal: Cell, ce: Cell
) -> None:
    other = changed(ce, 1, made__git=Git(commit="f" * 40, dirty=True))
    (dirty,) = problems_in([cal, other])
    assert dirty.startswith("1 of 6 records were made with uncommitted changes in the code that")
    first = ce.records[2].made
    early = first.sessions[0].model_copy(update={"dirty": True})
    assert problems_in([cal, changed(ce, 2, made__sessions=(early, *first.sessions))]) == (dirty,)
    newer = first.code.model_copy(update={"loop": "b", "torch": "2.14.0"})
    (differing,) = problems_in([cal, changed(ce, 2, made__code=newer)])
    assert differing == (
        "the records were made with 2 versions of the training loop, torch 2.13.0 and 2.14.0."
    )


def test_mixed_precision_is_told(cal: Cell) -> None:
    session = fakes.SESSION.model_copy(update={"precision": "bfloat16", "device": "cuda:1"})
    both = changed(changed(cal, 0, made__sessions=(session,)), 1, made__sessions=(fakes.SESSION,))
    (said,) = problems_in([both])
    assert said == "the records were computed in 2 ways: bfloat16 on cuda, float32 on cpu."


def test_a_diverged_seed_is_named(cal: Cell) -> None:
    (said,) = problems_in([cell_of([80.0, 10.0, 82.0])])
    assert "seed 1 ended at 10.0 %, the level of chance, and the other seeds did not" in said


def test_a_cell_at_chance_has_not_diverged() -> None:
    assert problems_in([cell_of([10.0, 9.0, 11.0])]) == ()


def test_equal_seeds_are_told(cal: Cell) -> None:
    (said,) = problems_in([changed(cal, 2, result=cal.records[0].result)])
    assert "seeds 0 and 2 have the same result, epoch by epoch" in said


def test_seeds_beyond_those_planned_are_named_and_not_used(tmp_path: Path) -> None:
    spec = fakes.spec_of(grid.table(here(), "smoke"), "CE")
    fakes.fill(tmp_path, spec, [70.0, 71.0, 72.0, 73.0, 74.0, 75.0, 76.0])
    cell = read_cell(here(), spec, 5, tmp_path)
    assert (cell.n, cell.extra) == (5, (5, 6))
    (said,) = problems_in([cell])
    assert "7 seeds have a record, of which the 5 that are planned count; not used: 5, 6." in said


def test_a_verdict_names_the_problems_of_its_records(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    fakes.smoke(tmp_path, smoke)
    spec = fakes.spec_of(smoke, "CE")
    fakes.save(
        tmp_path,
        fakes.record(spec.run, 70.0, split=fakes.SPLIT.model_copy(update={"sha256": "cd" * 32})),
    )
    found = {v.id: v.problems for v in judge.verify("smoke", tmp_path)}
    assert any("different training images" in said for said in found["S1"])
    assert found["S2"] == ()
