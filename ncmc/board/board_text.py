"""The board as text for other programs: Markdown, JSON, and JUnit XML for a CI."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from ncmc.board.entries import SUBJECTS, Board, BoardEntry, Subject
from ncmc.board.sentences import NOT_JUDGED
from ncmc.plan.grid_file import Scale
from ncmc.results.table_files import markdown_row, markdown_text
from ncmc.results.wording import capital, plural
from ncmc.verdicts.verdict import MARKS, verb, verdict_exit_code

WORDS: dict[Subject, tuple[str, str]] = {  # one of them, and whose they are
    "claim": ("claim", " of the paper"),
    "number": ("printed number", ""),
    "ours": ("check", " of ours"),
}
TITLES = {subject: capital(f"{word}s{whose}") for subject, (word, whose) in WORDS.items()}
SCALES: dict[Scale, str] = {
    "paper": "",
    "reduced": "smaller scale than the paper's",
}
LEVELS = (
    "Intervals are of 95 %, and wider where seeds are added in planned steps (docs/plan.md) or several "
    "values are compared at once, so that all of them together err in at most 5 %; two sides are called "
    "alike by one of 90 % (two one-sided tests). Methods that two tables compare have an interval in "
    "each, from that table's cells alone. tau: images of the smallest class per image of the largest. "
    "A8, A10 and the like are assumptions: `ncmc list assumptions`."
)


def tally(board: Board, stated: Sequence[str] = ()) -> list[str]:
    """A line per subject: `25 claims of the paper: 4 hold, 1 differs, 20 are incomplete`.

    What was judged at a smaller scale alone is not counted beside the paper's: each says so itself.
    `stated`: the claims of the paper, of a tier, which may have no check of some of them.
    """
    lines = []
    for subject in SUBJECTS:
        entries = board.of(subject).entries
        others = Board(
            entries=tuple(e for e in entries if e.scale != "reduced" or e.status in NOT_JUDGED)
        )
        smaller = len(entries) - len(others.entries)
        counts = [f"{k} {verb(status, k)}" for status, k in others.count().items() if k]
        if subject == "number" and others.count()["not testable"]:
            counts[-1] += " (shown beside ours, not counted)"
        if all(e.scale == "reduced" for e in entries):
            counts = [
                f"{k} {outcome}" for outcome, k in Counter(e.outcome for e in entries).items()
            ]
        elif smaller:
            counts.append(f"{smaller} judged at a smaller scale alone")
        if entries:
            word, whose = WORDS[subject]
            absent = [name for name in stated if name not in {e.id for e in entries}]
            told = (
                f"; no check on this tier: {', '.join(absent)}"
                if subject == "claim" and absent
                else ""
            )
            lines.append(f"{plural(len(entries), word)}{whose}: {', '.join(counts)}{told}")
    return lines


def remark(entry: BoardEntry) -> str:
    """That there is something to say of an entry's records; empty if there is not."""
    n = len(entry.problems)
    return f"{plural(n, 'remark')} on its records: `ncmc explain {entry.id}`" if n else ""


def as_json(board: Board) -> dict[str, JsonValue]:
    """The tally, the exit code and every entry with its verdicts."""
    counts: dict[str, JsonValue] = {
        subject: {str(status): n for status, n in board.of(subject).count().items()}
        for subject in SUBJECTS
    }
    entries = board.model_dump(mode="json")["entries"]
    return {"tally": counts, "exit_code": verdict_exit_code(board.verdicts), "entries": entries}


def as_markdown(board: Board, stated: Sequence[str] = ()) -> str:
    """The tally, and a table per subject with one line per entry; `stated`: see `tally`."""
    return "\n".join(_markdown_lines(board, stated)) + "\n"


def _markdown_lines(board: Board, stated: Sequence[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in tally(board, stated))
    yield from ("", LEVELS)
    for subject in SUBJECTS:
        entries = board.of(subject).entries
        if not entries:
            continue
        yield from ("", f"## {TITLES[subject]}", "")
        yield "| verdict | id | what it says | what was found |"
        yield "| --- | --- | --- | --- |"
        for e in entries:
            details = " ".join(filter(None, (e.line, remark(e))))
            place = ", ".join(filter(None, (e.where, SCALES[e.scale])))
            says = f"{e.says} ({place})" if place else e.says
            parts = (f"{MARKS[e.status]} {e.outcome}", e.id, says, details)
            yield markdown_row(map(markdown_text, parts))
