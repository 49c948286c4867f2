"""Verdicts in the terminal: on the results, and on the theory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from cli.show.grids import console, literal, print_grid, print_json
from cli.show.references import print_references, references_json
from ncmc.results.table_data import TableData
from ncmc.verdicts.verdict import MARKS, Status, Verdict, verdict_exit_code

if TYPE_CHECKING:
    from ncmc.theory.verdict import TheoryVerdict

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
        (status_text(v.status), f"{v.id}\n{v.where}" if v.where else v.id, v.says, v.why)
        for v in verdicts
    ]
    scale = "" if table.scale == "paper" else f", {table.scale} scale"
    print_grid(("verdict", "id", "says", "why"), rows, f"{table.table}: verdicts{scale}")
    by_problem: dict[str, list[str]] = {}
    for verdict in verdicts:
        for problem in verdict.problems:
            by_problem.setdefault(problem, []).append(verdict.id)
    for problem, ids in by_problem.items():
        line = f"! {', '.join(dict.fromkeys(ids))}: {problem}"
        console().print(literal(line), style="yellow", soft_wrap=True)
    for remedy in dict.fromkeys(v.remedy for v in verdicts if v.remedy):
        console().print(literal(f"To make what is missing: {remedy}"))


def print_theory(verdicts: Sequence["TheoryVerdict"], as_json: bool) -> None:
    """The numerical checks of the theorems."""
    if as_json:
        print_json([verdict.to_json() for verdict in verdicts])
        return
    rows = [(status_text(v.status), v.id, v.where, v.outcome.detail + _known(v)) for v in verdicts]
    print_grid(("verdict", "id", "where", "detail"), rows, "theory: checks of the theorems")


def _known(verdict: "TheoryVerdict") -> str:
    known = verdict.status == "differs" and verdict.erratum
    return f" A known erratum: {verdict.erratum} (docs/errata.md)." if known else ""


def status_text(status: Status) -> Text:
    """A status with its mark, in its colour."""
    return Text(f"{MARKS[status]} {status}", style=STYLES[status])
