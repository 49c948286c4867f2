"""What a verdict may say of the paper, at its own scale and at others."""

from typing import Any

import pytest
from conftest import here

from ncmc.board.entries import BoardEntry, board_of
from ncmc.board.sentences import LONGEST
from ncmc.verdicts.verdict import Status, Verdict

WHY = "CAL is above CE by 2.0 (97.9 %: 1.7 to 2.3), shown in all 2 settings. One split, 3 seeds"


def verdict(id: str, status: Status, **changes: Any) -> Verdict:
    """One of a laptop's checks, after 120 epochs."""
    fields: dict[str, Any] = {
        "table": "laptop_methods",
        "kind": "greater",
        "claim": "C4",
        "says": "CAL > CE",
        "why": WHY,
        "scale": "reduced",
        "epochs": 120,
        "backbones": ("resnet20",),
        "sides": ("CAL", "CE"),
    }
    return Verdict(id=id, status=status, **(fields | changes))


def paper(status: Status, **changes: Any) -> Verdict:
    return verdict("C4", status, scale="paper", epochs=200, backbones=("resnet50",), **changes)


def trend(stalled: bool) -> Verdict:
    """A check of the advantage along the budget, whose last step excludes a rise or does not."""
    return verdict("L-TREND", "inconclusive", claim=None, kind="trend", opposite=stalled)


def entry_of(*verdicts: Verdict) -> BoardEntry:
    told = [verdict.beside(verdicts) for verdict in verdicts]
    return next(e for e in board_of(here(), told).entries if e.subject == "claim")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("holds", "seen at this scale"),
        ("differs", "not seen at this scale"),
        ("inconclusive", "open"),
        ("incomplete", "incomplete"),
    ],
)
def test_holds_and_differs_belong_to_the_papers_own_scale(status: Status, outcome: str) -> None:
    assert entry_of(verdict("L-C4", status)).outcome == outcome
    assert entry_of(paper(status)).outcome == status


def test_a_weakness_that_was_written_down_before_the_runs_leaves_it_untested() -> None:
    weak = verdict("L-C4", "differs", nothing="no lead: the terminal phase has not begun")
    assert entry_of(weak).outcome == "not tested by this schedule"
    assert entry_of(weak).status == "differs"  # for the exit code, JSON and JUnit


@pytest.mark.parametrize(
    ("changes", "others", "outcome"),
    [
        ({"opposite": True}, [trend(stalled=True)], "against it at this scale"),
        ({"opposite": True}, [trend(stalled=False)], "not seen at this scale"),  # it may still grow
        ({"opposite": True}, [], "not seen at this scale"),  # nobody knows how it moves
        ({"opposite": False}, [trend(stalled=True)], "not seen at this scale"),
    ],
)
def test_against_it_are_opposites_at_the_largest_budget_that_do_not_move_towards_it(
    changes: dict[str, Any], others: list[Verdict], outcome: str
) -> None:
    assert entry_of(verdict("L-C4", "differs", **changes), *others).outcome == outcome


def test_a_smaller_budget_is_never_against_it() -> None:
    small = verdict("L-C4", "differs", opposite=True, epochs=40)
    entry = entry_of(small, verdict("FULL-C4", "holds"), trend(stalled=True))
    assert entry.line.startswith(
        "Not seen after 40 epochs of resnet20, seen after 120 epochs of resnet20: "
    )


def test_a_claim_is_one_entry_whatever_the_scales() -> None:
    (entry,) = board_of(here(), [verdict("L-C4", "holds"), paper("incomplete")]).entries
    assert (entry.scale, entry.status, entry.outcome) == ("reduced", "holds", "seen at this scale")
    (entry,) = board_of(here(), [verdict("L-C4", "differs"), paper("holds")]).entries
    assert (entry.scale, entry.status, entry.outcome) == ("paper", "holds", "holds")
    assert entry.line.startswith(
        "Not seen after 120 epochs of resnet20, holds: CAL is above CE by 2.0"
    )


def test_a_line_has_its_numbers_and_ends_with_what_it_turns_on() -> None:
    entry = entry_of(verdict("L-C4", "holds", turns_on=("A10", "A19")))
    assert entry.line == (
        "Seen after 120 epochs of resnet20: CAL is above CE by 2.0 (97.9 %: 1.7 to 2.3), shown in all "
        "2 settings; depends on A10, A19."
    )
    assert "One split, 3 seeds" in entry.sentence


def test_a_claim_that_is_judged_at_one_tau_says_that_it_rests_on_it_alone() -> None:
    one, two = (verdict("L-C4", "holds", taus=taus) for taus in ((0.01,), (0.01, 0.1)))
    assert entry_of(one).line.startswith("Seen at tau 0.01 alone after 120 epochs of resnet20: ")
    assert entry_of(two).line.startswith("Seen after 120 epochs of resnet20: ")


def test_what_is_missing_at_two_scales_is_counted_at_each() -> None:
    few = verdict("L-C4", "incomplete", missing=("a",))
    entry = entry_of(few, paper("incomplete", missing=("b", "c")))
    assert entry.line == "2 runs at the paper's scale and 1 at a smaller one have no record."


def test_a_check_that_came_after_results_were_seen_is_marked() -> None:
    late = verdict("L-C4", "holds", added="after the first seed of the full schedule")
    assert entry_of(late).line.endswith("; check added or changed late.")
    both = entry_of(late, verdict("L-C4b", "holds"))
    assert both.line.endswith("; 1 of 2 clauses added or changed late.")


def test_a_sentence_goes_on_in_lower_case_after_its_place() -> None:
    entry = entry_of(verdict("L-C4a", "incomplete"), verdict("L-C4b", "holds"), paper("holds"))
    assert entry.sentence.startswith(
        "Incomplete in 1 of 2 clauses after 120 epochs of resnet20: CAL > CE (L-C4b, seen): CAL is "
    )
    both = entry_of(verdict("L-C4a", "holds"), verdict("L-C4b", "holds"), paper("holds"))
    assert both.sentence.startswith("Seen after 120 epochs of resnet20: CAL > CE (L-C4a): CAL is ")


def test_a_line_has_the_numbers_of_every_clause_in_the_longest_form_that_has_room() -> None:
    below = "CAL is below KCL by 1.2 points (97.9 %: −2.0 to −0.4)"
    differs = verdict(
        "L-C4b", "differs", says="CAL > KCL", why=f"{below}; an advantage is excluded"
    )
    above = "CAL is above CE by 2.0 points (97.9 %: 1.7 to 2.3)"
    for says, told in (
        ("CAL > CE", f": CAL > KCL: {below}; CAL > CE: {above}."),
        (
            "CAL has a higher accuracy than CE",
            ": CAL > KCL: CAL is below KCL by 1.2 points (−2.0 to −0.4); CAL has a higher accuracy "
            "than CE: CAL is above CE by 2.0 points (1.7 to 2.3).",
        ),
        ("CAL is well above CE wherever the two of them are compared", f": {below}; {above}."),
    ):
        line = entry_of(verdict("L-C4a", "holds", says=says, why=above), differs).line
        assert line.endswith(told), line
    for more, told in (
        (
            "c",
            ": CAL is below KCL by 1.2 points (−2.0 to −0.4); CAL is above CE by 2.0 points (1.7 to",
        ),
        ("cd", ": CAL is below KCL by 1.2 points; CAL is above CE by 2.0 points; CAL is above"),
    ):
        many = [verdict(f"L-C4{i}", "holds", why=above) for i in more]
        assert told in entry_of(verdict("L-C4a", "holds", why=above), differs, *many).line


def test_a_line_that_waits_for_records_has_the_numbers_that_there_are() -> None:
    waiting = verdict("L-C4b", "incomplete", missing=("a run",))
    entry = entry_of(verdict("L-C4a", "holds"), waiting)
    assert entry.line == (
        "1 run has no record; so far: CAL is above CE by 2.0 (97.9 %: 1.7 to 2.3), shown in all 2 "
        "settings."
    )


def test_a_line_of_several_comparisons_has_the_numbers_of_one_that_decides() -> None:
    why = "1 of 2 comparisons holds, 1 differs, such as AL: the deviation is 50 % of its peak (95 %: 48 "
    why += "to 52 %), claimed: below 33 %, in many words that have no room on a line of the board"
    entry = entry_of(verdict("L-C4a", "holds"), verdict("L-C4b", "differs", says="x" * 60, why=why))
    assert "resnet20: AL: the deviation is 50 % of its peak (95 %: 48 to 52 %), " in entry.line


def test_a_line_is_short() -> None:
    long = "CAL is below LDAM-DRW by 1.2 (97.9 %: −2.0 to −0.4) " + "in many words " * 30
    entry = entry_of(
        verdict("L-C4a", "holds"),
        verdict("L-C4b", "differs", says="CAL > LDAM-DRW", why=long, turns_on=("A19",)),
    )
    assert len(entry.line) <= LONGEST + 1
    assert entry.line.startswith(
        "Not seen in 1 of 2 clauses after 120 epochs of resnet20: CAL is below LDAM-DRW by 1.2"
    )
    assert entry.line.endswith("…; depends on A19.")
    assert long.strip() in entry.sentence
