"""Verdicts in the terminal: on the results, and on the theory."""

from collections.abc import Sequence

from rich.text import Text

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.results.reference_numbers import ReferenceEntry, difference_words, stated_words
from ncmc.results.table_data import CellEntry, MeanEntry, TableData
from ncmc.results.wording import plus_minus
from ncmc.verdicts.kinds.references import reference_verdict
from ncmc.verdicts.verdict import ADDED, MARKS, Status, Verdict, verdict_exit_code

STYLES: dict[Status, str] = {
    "holds": "green",
    "differs": "red",
    "inconclusive": "yellow",
    "incomplete": "dim",
    "not testable": "dim",
}


def print_verdicts(
    table: TableData, verdicts: Sequence[Verdict], as_json: bool, filtered: bool = False
) -> None:
    """The verdicts on a table: status, what is claimed, why; how to make what is missing.

    Below them the numbers that others report for its cells, where there are any. `filtered`: some
    verdicts are left out, and so are the numbers.
    """
    if as_json:
        print_json(
            {
                "table": table.table,
                "exit_code": verdict_exit_code(verdicts, usable=table.usable),
                "verdicts": [verdict.model_dump(mode="json") for verdict in verdicts],
                **references_json(table, verdicts),
            }
        )
        return
    if verdicts:
        _print_verdicts(table, verdicts)
    elif filtered:
        console().print(f"{table.table}: no verdict fits the filter")
    else:
        console().print(f"{table.table}: no number of the paper and no check is about it")
    if not filtered:
        print_references(table, verdicts)


def _print_verdicts(table: TableData, verdicts: Sequence[Verdict]) -> None:
    rows = [
        (
            status_text(v.status, v.outcome),
            f"{v.says} ({ADDED})" if v.added else v.says,
            v.why,
            f"{v.id}\n{v.where}" if v.where else v.id,
        )
        for v in verdicts
    ]
    scale = "" if table.scale == "paper" else f", {table.scale} scale"
    print_grid(
        ("verdict", "what is claimed", "what was found", "id"),
        rows,
        f"{table.table}: verdicts{scale}",
    )
    by_problem: dict[str, list[str]] = {}
    for verdict in verdicts:
        for problem in verdict.problems:
            by_problem.setdefault(problem, []).append(verdict.id)
    for problem, ids in by_problem.items():
        line = f"! {', '.join(dict.fromkeys(ids))}: {problem}"
        console().print(literal(line), style="yellow", soft_wrap=True)
    for remedy in dict.fromkeys(v.remedy for v in verdicts if v.remedy):
        console().print(literal(f"To make what is missing: {remedy}"))


def status_text(status: Status, words: str = "") -> Text:
    """A status, or what it says of the paper, with its mark, in its colour."""
    return Text(f"{MARKS[status]} {words or status}", style=STYLES[status], no_wrap=not words)


COLUMNS = ("cell", "theirs", "ours", "ours minus theirs", "verdict")
CAPTION = (
    "accuracy in %; best*: at the best epoch, because theirs is not known. Intervals count the error "
    "of both sides; what they do not state is assumed. The numbers: papers/NAME/references.csv"
)


def print_references(table: TableData, verdicts: Sequence[Verdict]) -> None:
    """Every number that others report for a table's cells; nothing if there is none."""
    rows = [
        (cell.label, *_numbers(cell, entry), reference_verdict(entry, cell.label, verdicts))
        for cell in table.cells
        for entry in cell.references
    ]
    if not rows:
        return
    print_grid(COLUMNS, rows, f"{table.table}: numbers of others")
    console().print(literal(CAPTION))
    for other in table.uncompared:
        console().print(literal(f"Not compared: {', '.join(other.ids)}: {other.why}"))


def references_json(table: TableData, verdicts: Sequence[Verdict]) -> dict[str, object]:
    """The same for a program: each number with its cell and verdict; what is not compared."""
    numbers = [
        {
            "cell": cell.label,
            **entry.model_dump(mode="json"),
            "ours": _ours(cell, entry).model_dump(mode="json"),
            "verdict": reference_verdict(entry, cell.label, verdicts),
        }
        for cell in table.cells
        for entry in cell.references
    ]
    others = [other.model_dump(mode="json") for other in table.uncompared]
    return {"references": numbers, "uncompared": others} if numbers or others else {}


def _ours(cell: CellEntry, entry: ReferenceEntry) -> MeanEntry:
    """Our accuracy that a number is compared with."""
    return cell.last if entry.measure == "last" else cell.best


def _numbers(cell: CellEntry, entry: ReferenceEntry) -> tuple[str, str, str]:
    """Theirs with its source, ours, and the difference with its interval."""
    return (
        f"{stated_words(entry)} ({entry.id}, {entry.source})",
        f"{entry.compared_with} {plus_minus(_ours(cell, entry))}",
        difference_words(entry),
    )
