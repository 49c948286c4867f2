"""Verdicts in the terminal: on the results, and on the theory."""

from collections.abc import Sequence

from rich.text import Text

from cli.show.grids import console, print_grid, print_json
from ncmc.results.table_data import TableData
from ncmc.verdicts.verdict import ADDED, MARKS, Status, Verdict, verdict_exit_code

STYLES: dict[Status, str] = {
    "holds": "green",
    "differs": "red",
    "inconclusive": "yellow",
    "incomplete": "dim",
    "not testable": "dim",
    "not checked": "dim",
}


def print_verdicts(data: TableData, verdicts: Sequence[Verdict], as_json: bool) -> None:
    """The verdicts on a table: status, what is claimed, why; how to make what is missing."""
    if as_json:
        code = verdict_exit_code(verdicts, usable=data.usable)
        entries = [verdict.model_dump(mode="json") for verdict in verdicts]
        print_json({"table": data.table.name, "exit_code": code, "verdicts": entries})
        return
    if not verdicts:
        print(f"{data.table.name}: no number of the paper and no check is about it")
        return
    rows = [
        (
            status_text(v.status, v.outcome),
            f"{v.says} ({ADDED})" if v.added else v.says,
            v.why,
            f"{v.id}\n{v.where}" if v.where and v.where not in v.says else v.id,
        )
        for v in verdicts
    ]
    scale = "" if data.table.scale == "paper" else f", {data.table.scale} scale"
    print_grid(
        ("verdict", "what is claimed", "what was found", "id"),
        rows,
        f"{data.table.name}: verdicts{scale}",
    )
    for problem in dict.fromkeys(problem for v in verdicts for problem in v.problems):
        ids = ", ".join(v.id for v in verdicts if problem in v.problems)
        console().print(f"! {ids}: {problem}", style="yellow", soft_wrap=True)
    for remedy in dict.fromkeys(v.remedy for v in verdicts if v.remedy):
        console().print(f"To make what is missing: {remedy}")


def status_text(status: Status, words: str = "") -> Text:
    """A status, or what it says of the paper, with its mark, in its colour."""
    return Text(
        f"{MARKS[status]} {words or status}", style=STYLES[status], no_wrap=" " not in words
    )
