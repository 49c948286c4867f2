"""Cells + what the paper says -> verdicts."""

import dataclasses
from pathlib import Path

import fakes
import pytest
from conftest import here
from worlds import Change, MadeCells, World

from ncmc.forecast import explanation
from ncmc.forecast.make_plan import states
from ncmc.forecast.questions import decides
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import table_names
from ncmc.results.cells import Cell
from ncmc.results.record import path_of
from ncmc.verdicts import judge
from ncmc.verdicts.check import Check, Pairs
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.verdict import Status, Verdict, overall, verdict_exit_code


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def fill(results: Path, smoke: Table, **values: list[float]) -> None:
    """Records of cells of the smoke table: {method: last accuracies}."""
    for method, last in values.items():
        fakes.fill(results, fakes.spec_of(smoke, method), last)


def test_every_check_of_a_good_smoke_run_holds(results: Path, smoke: Table) -> None:
    fakes.smoke(results, smoke)
    verdicts = judge.verify("smoke", results)
    assert {v.id: v.status for v in verdicts} == dict.fromkeys(
        ["S1", "S2", "S3", "S4", "S5"], "holds"
    )
    assert verdict_exit_code(verdicts) == 0


def test_smoke_compares_neither_al_nor_setf_with_ce() -> None:
    for check in checks_of(here(), "smoke"):
        if isinstance(check, Pairs):
            assert check.better == {"method": "CAL", "theta": 0.2}


def test_a_smoke_run_in_which_cal_loses_differs(results: Path, smoke: Table) -> None:
    fakes.smoke(results, smoke)
    fill(results, smoke, CAL=[70.0, 71.0, 70.5, 70.2, 70.9])
    verdicts = judge.verify("smoke", results)
    assert {v.id: v.status for v in verdicts} | {"S4": "-", "S5": "-"} == {
        "S1": "differs",
        "S2": "differs",
        "S3": "differs",
        "S4": "-",
        "S5": "-",
    }
    assert verdict_exit_code(verdicts) == 1


def test_missing_runs_are_named_with_the_command_that_makes_them(
    results: Path, smoke: Table
) -> None:
    fakes.smoke(results, smoke)
    run = fakes.spec_of(smoke, "AL").runs(5)[3]
    path_of(here(), run, results).unlink()
    found = {v.id: v for v in judge.verify("smoke", results)}
    assert found["S3"].status == "incomplete"
    assert found["S3"].missing == (run.id,)
    assert found["S3"].why == "1 of 10 runs has no record"
    assert found["S3"].remedy == "uv run snakemake --cores all smoke"
    assert found["S1"].status == "holds"
    assert verdict_exit_code(found.values()) == 3


def test_every_table_without_a_record_is_incomplete(tmp_path: Path) -> None:
    project = here()
    for name in table_names(project):
        verdicts = judge.verify(name, tmp_path, project=project)
        assert {v.status for v in verdicts} <= {"incomplete", "not testable"}, name
        assert verdict_exit_code(verdicts) == 3


def test_overall_lets_as_many_fail_as_the_check_allows() -> None:
    assert overall(["holds", "holds"]) == "holds"
    assert overall(["holds", "differs"]) == "differs"
    assert overall(["holds", "inconclusive"]) == "inconclusive"
    assert overall(["holds", "incomplete"]) == "incomplete"
    assert overall(["differs", "incomplete"]) == "differs"


def test_exit_code_says_the_worst() -> None:
    def verdicts(*statuses: Status) -> list[Verdict]:
        return [
            Verdict(id="X", table="smoke", kind="greater", status=s, says="", why="")
            for s in statuses
        ]

    assert verdict_exit_code(verdicts("holds", "holds")) == 0
    assert verdict_exit_code(verdicts("holds", "differs", "incomplete")) == 1
    assert verdict_exit_code(verdicts("holds", "incomplete")) == 3
    assert verdict_exit_code(verdicts("inconclusive")) == 3
    assert verdict_exit_code([]) == 3


# --- the same verdict wherever it is shown -----------------------------------------------------


def test_a_plan_goes_by_the_verdicts_of_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clause that differs by luck alone stays open (Holm), and a number stands beside the others."""
    whole = judge.judge

    def by_luck(check: Check, cells: judge.CellCache, share: float = 1.0) -> Verdict:
        verdict = whole(check, cells, share)
        differs = check.id == "C9a" and share == 1
        return verdict.model_copy(update={"status": "differs"}) if differs else verdict

    monkeypatch.setattr(judge, "judge", by_luck)
    cells = MadeCells(here(), World())
    for name in ("C9", "N1"):
        for state in states(here(), decides(here(), name), cells):
            verified = {v.id: v for v in judge.verify_cells(state.question.table, cells)}
            assert state.verdict == verified[state.question.id]
            assert state.question.id != "C9a" or not state.decided


class LaptopCells(MadeCells):  # type: ignore[misc]
    """A world of which the laptop's runs alone have been made."""

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        cell = super().cell(spec, table)
        made = table.name.startswith("laptop")
        return cell if made else dataclasses.replace(cell, records=(), missing=tuple(spec.runs(3)))


@pytest.mark.parametrize(
    ("world", "outcome"),
    [(LaptopCells, "against it at this scale"), (MadeCells, "not seen at this scale")],
)
def test_every_command_says_that_a_result_is_against_a_claim(
    world: type[MadeCells], outcome: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """That turns on other tables: whether the lead grows with the budget, and which is the largest."""
    behind = World((Change({"method": "CAL", "dataset": "cifar10_binary"}, points=-9.0),))
    cells = world(here(), behind)
    monkeypatch.setattr(explanation, "CellCache", lambda project, results: cells)
    told = explanation.explain(here(), "L-C4", tmp_path)
    assert told.outcome == outcome
    words = outcome.removesuffix(" at this scale").capitalize()
    assert told.sentence.startswith(f"{words} after 120 epochs of resnet20: CAL is below CE by")
    verified = judge.verify_cells(grid.table(here(), "laptop_methods"), cells)
    assert {v.id: v.outcome for v in verified}["L-C4"] == outcome
