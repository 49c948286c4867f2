"""The board as Markdown and JSON: what a reader and a program get."""

from conftest import here

from ncmc.board.annotations import annotations
from ncmc.board.board_text import as_json, as_markdown, tally
from ncmc.board.entries import Board, board_of
from ncmc.verdicts.verdict import STATUSES, Status, Verdict


def made(says: str = "CAL > CE", **statuses: Status) -> Board:
    """A board of claims of which each has one clause of the given status."""
    return board_of(
        here(),
        [
            Verdict(
                id=claim, table="table2", kind="greater", status=status, says=says,
                why=f"found {claim}", claim=claim, problems=("other commits",),
            )
            for claim, status in statuses.items()
        ],
    )  # fmt: skip


ALL = dict(zip(("C1", "C2", "C3", "C4", "C5", "C6"), STATUSES, strict=True))


def test_the_tally_counts_each_subject_in_words() -> None:
    assert tally(made(C1="holds", C2="holds", C3="differs")) == [
        "3 claims of the paper: 2 hold, 1 differs"
    ]
    assert tally(made(C4="not testable")) == ["1 claim of the paper: 1 is not testable"]
    assert tally(made(C4="not checked")) == ["1 claim of the paper: 1 is not checked"]


def test_what_is_incomplete_at_a_smaller_scale_is_not_judged_and_a_tier_names_what_it_leaves_out() -> (
    None
):
    whole = made(C1="holds", C2="incomplete", C3="holds", C4="incomplete")
    entries = [
        e.model_copy(update={"scale": "reduced"}) if e.id in ("C3", "C4") else e
        for e in whole.entries
    ]
    assert tally(Board(entries=tuple(entries)), ["C1", "C2", "C3", "C4", "C5", "C8"]) == [
        "4 claims of the paper: 1 holds, 2 are incomplete, 1 judged at a smaller scale alone; "
        "no check on this tier: C5, C8"
    ]


def test_markdown_has_a_line_an_entry_and_no_markup_from_outside() -> None:
    (entry,) = made(C1="holds").entries
    board = Board(entries=(entry.model_copy(update={"says": "<b>|x"}),))
    (line,) = [line for line in as_markdown(board).splitlines() if "C1" in line and "✓" in line]
    assert "&lt;b&gt;\\|x" in line
    assert "1 remark on its records" in line


def test_json_has_the_tally_the_exit_code_and_the_sentences() -> None:
    told = as_json(made(**ALL))
    assert told["exit_code"] == 1
    assert isinstance(told["tally"], dict)
    assert isinstance(told["entries"], list)
    assert told["tally"]["claim"] == dict.fromkeys(STATUSES, 1)
    assert next(e["sentence"] for e in told["entries"] if isinstance(e, dict)) == "Found C1."


def test_github_gets_a_line_per_entry_at_the_level_of_its_exit_code() -> None:
    lines = list(annotations(made(**ALL)))
    assert [line.partition(" ")[0] for line in lines] == [
        "::notice", "::error", "::warning", "::warning", "::notice", "::warning",
    ]  # fmt: skip
    assert lines[0].endswith("::Holds: found C1.%0Aother commits")


def test_what_stands_in_an_annotation_cannot_end_it_or_begin_another() -> None:
    (entry,) = made(C1="differs").entries
    odd = {"says": "a: b, c%0A::error::x\n::stop-commands::y", "line": "50 %\r\n::error::z"}
    (line,) = annotations(Board(entries=(entry.model_copy(update=odd),)))
    assert line == (
        "::error title=C1 differs%3A a%3A b%2C c%250A%3A%3Aerror%3A%3Ax%0A%3A%3Astop-commands"
        "%3A%3Ay::50 %25%0D%0A::error::z%0Aother commits"
    )
