"""Every claim once, with all its verdicts."""

from pathlib import Path

from conftest import here

from ncmc.verdicts.board import board, board_of
from ncmc.verdicts.verdict import Status, Verdict, overall, verdict_exit_code


def verdict(id: str, status: Status, claim: str | None = None) -> Verdict:
    return Verdict(
        id=id, table="table2", kind="greater", status=status, says="a", why="b", claim=claim
    )


def test_the_verdicts_of_one_claim_are_one_entry() -> None:
    found = board_of(
        here(),
        [verdict("C1a", "holds", "C1"), verdict("S1", "holds"), verdict("C1b", "differs", "C1")],
    )
    assert [(e.id, e.status, e.subject) for e in found.entries] == [
        ("C1", "differs", "claim"),
        ("S1", "holds", "ours"),
    ]
    assert found.count()["differs"] == 1


def test_without_a_record_the_whole_board_is_incomplete(tmp_path: Path) -> None:
    found = board(here(), results=tmp_path)
    assert {entry.id for entry in found.entries} >= {"C1", "C17", "F1", "F7", "S1"}
    assert {entry.status for entry in found.entries} <= {"incomplete", "not testable"}


def test_what_is_not_testable_does_not_count() -> None:
    assert overall(["holds", "not testable"]) == "holds"
    assert overall(["not testable"]) == "not testable"
    assert verdict_exit_code([verdict("A", "holds"), verdict("B", "not testable")]) == 0
    assert verdict_exit_code([verdict("B", "not testable")]) == 3
