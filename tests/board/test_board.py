"""Every claim once, with all its verdicts."""

from pathlib import Path

from conftest import here

from ncmc.board.entries import board, board_of
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


def told(*clauses: tuple[str, Status]) -> str:
    """The sentence of a claim with these clauses."""
    (entry,) = board_of(here(), [verdict(id, status, "C1") for id, status in clauses]).entries
    return entry.sentence


def test_a_claim_says_which_of_its_clauses_hold_and_which_do_not() -> None:
    assert told(("C1a", "holds"), ("C1b", "differs"), ("C1c", "holds")) == (
        "Differs in 1 of 3 clauses: a (C1a, holds): b; a (C1c, holds): b; a (C1b, differs): b."
    )
    assert told(("C1a", "holds"), ("C1b", "holds")) == "Holds: a (C1a): b; a (C1b): b."
    assert told(("C1a", "inconclusive")) == "B."


def test_a_claim_without_records_says_how_many_are_missing() -> None:
    found = [
        verdict(id, "incomplete", "C1").model_copy(update={"missing": missing})
        for id, missing in (("C1a", ("r/seed=0", "r/seed=1")), ("C1b", ("r/seed=1",)))
    ]
    (entry,) = board_of(here(), found).entries
    assert entry.sentence == "Incomplete: C1a, C1b: 2 runs have no record."


def test_the_board_has_the_claims_in_the_order_of_the_paper_and_then_the_rest() -> None:
    found = [verdict("S1", "holds"), verdict("C5", "holds", "C5"), verdict("C4", "holds", "C4")]
    number = verdict("N1", "holds").model_copy(update={"kind": "number"})
    entries = board_of(here(), [*found, number]).entries
    assert [entry.id for entry in entries] == ["C4", "C5", "N1", "S1"]
