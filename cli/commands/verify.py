"""`ncmc verify`: verdicts on a table or figure, on the paper's claims, or on everything."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.options import (
    WHOLE,
    Assume,
    Folder,
    Json,
    Records,
    chosen_table,
    homeless,
    reading_project,
    results_folder,
)
from cli.progress import working
from cli.show.grids import console, print_json
from cli.show.verdicts import print_verdicts, status_text
from cli.streams import say_on_stderr
from ncmc import paths
from ncmc.board.annotations import annotations
from ncmc.board.board_text import LEVELS, TITLES, as_markdown, remark, tally
from ncmc.board.board_text import as_json as board_json
from ncmc.board.entries import SUBJECTS, Board, board, board_of
from ncmc.errors import UsageError, wrapped
from ncmc.paper import theorems
from ncmc.paper.claims import FILE as CLAIMS
from ncmc.paper.printed_numbers import doubts
from ncmc.paths import commands_of_paper
from ncmc.plan import grid
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.results.table_data import TableData
from ncmc.results.wording import capital
from ncmc.verdicts import judge, verdicts_file
from ncmc.verdicts.printed_alone import (
    PrintedCells,
    assumption,
    follows_words,
    impossible,
    of_printed,
)
from ncmc.verdicts.verdict import verdict_exit_code

EPILOG = (
    "Examples: `ncmc verify table2 && echo all of it holds`; `ncmc verify claims`, the paper's "
    "claims, a line each; `ncmc verify all --json` for a program. "
    "Exit code: 0 all hold, 1 something differs, 2 wrong usage, 3 incomplete or inconclusive, or a "
    "record is damaged or outdated: the verdicts that rest on it are incomplete."
)


def verify(
    name: Annotated[
        str,
        typer.Argument(
            help="A table or figure (see `ncmc list tables`); `claims`: every claim of the paper; "
            "`all`: its numbers and checks of ours too."
        ),
    ],
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
    printed: Annotated[
        bool,
        typer.Option(
            "--printed",
            help="Judge a table's claims by the numbers that the paper prints, not by records: "
            "whether they follow from its own cells, and which numbers are impossible.",
        ),
    ] = False,
    exit_code: Annotated[
        bool, typer.Option(help="Tell the verdict by the exit code; without, it is 0.")
    ] = True,
    as_json: Json = False,
    github: Annotated[
        bool,
        typer.Option(
            "--github",
            help="Print annotations of GitHub Actions, and append Markdown, a line per claim, number "
            "or check, to the step's summary (in $GITHUB_STEP_SUMMARY).",
        ),
    ] = False,
) -> None:
    """Compare results with what the paper says: holds, differs, inconclusive or incomplete."""
    if as_json and github:
        raise UsageError("--json and --github cannot be printed together: give one of them.")
    if printed:
        if name in WHOLE or assume or out or as_json or github:
            raise UsageError(
                "--printed is about one table, and takes no --assume, --out, --json or --github."
            )
        _verify_printed(name, exit_code)
        return
    project = reading_project()
    if name in WHOLE:
        if assume or out:
            raise UsageError(
                f"`ncmc verify {name}` writes no folder and takes no --assume: they belong to one "
                "table."
            )
        with working("judging every claim, number and check"):
            whole = board(project, results=results)
        judged = whole.of("claim") if name == "claims" else whole
        verdicts = list(judged.verdicts)
        usable = True  # what cannot be used makes its claims incomplete
    else:
        chosen = chosen_table(project, name, assume, WHOLE)
        cells = judge.CellCache(project, results)
        verdicts = judge.verify_cells(chosen, cells)
        data = TableData(chosen, cells.of(chosen))
        usable = data.usable
        if why := homeless(project, results, out):
            say_on_stderr(why)
        else:
            folder = results_folder(project, chosen.name, out)
            verdicts_file.write(verdicts, folder, cells.all_read(), usable=usable)
        judged = board_of(project, verdicts)
    if github:
        for line in annotations(judged, None if name in WHOLE else data):
            print(line)
        summary = f"# ncmc verify {name}\n\n{as_markdown(judged)}"
        _append_to_step_summary(commands_of_paper(summary, project.paper))
    elif name not in WHOLE:
        print_verdicts(data, verdicts, as_json)
    elif as_json:
        print_json(board_json(judged))
    else:
        print_board(judged, project.paper, _hints(project, whole))
    if exit_code:
        raise typer.Exit(verdict_exit_code(verdicts, usable=usable))


def _append_to_step_summary(text: str) -> None:
    """To the file that GitHub shows below the step; without one, say so."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        say_on_stderr("GITHUB_STEP_SUMMARY is not set: there is no step whose summary to write.")


def _hints(project: Project, whole: Board) -> Iterable[str]:
    """Where the open paper has more that bears on its claims."""
    if not whole.of("claim").entries:
        n = len(whole.of("number").entries)
        yield (
            f"papers/{project.paper} states no claim of a table or figure in words ({CLAIMS}). "
            f"`ncmc verify all` compares the numbers that it prints: {n} known here."
        )
        return
    yield "`ncmc explain ID` says how a claim is read, which runs decide it, and what is missing."
    if theorems.names(project):
        yield "The theorems are checked by `ncmc theory`."
    if set(tiers(project)) - {"paper", "lab"}:
        yield "The claims at reduced scale: `ncmc verify all`."
    for tier in project.published_tiers:
        yield f"A published board: {paths.PUBLISHED.format(tier=tier)}/{paths.BOARD_MARKDOWN}."


def _verify_printed(name: str, exit_code: bool) -> None:
    """The claims of a table, asked of its printed cells; nothing is written."""
    project = Project.find()
    table, cells = grid.table(project, name), PrintedCells(project)
    verdicts, wrong = of_printed(table, cells), list(impossible(table, cells))
    lines = [f"{capital(v.says)} ({v.id}) {follows_words(v)}: {v.why}." for v in verdicts]
    if assumed := assumption(table, cells):
        lines.append(assumed)
    if not verdicts:
        lines.append(
            f"{name} has no check that printed means can decide: curves, chance and numbers of others "
            f"need records: `ncmc verify {name}`."
        )
    lines += [f"Impossible in print: {words}." for words in wrong]
    known = (number for _, number in cells.known(table))
    lines += [f"Probably misread: {words}" for words in doubts(project, known)]
    for line in lines:
        print(wrapped(commands_of_paper(line, project.paper), sys.stdout))
    if exit_code:
        raise typer.Exit(1 if wrong else verdict_exit_code(verdicts))


def print_board(board: Board, paper: str, hints: Iterable[str]) -> None:
    """Each entry of a board: its status, its words with the id last, and what was found."""
    out = console()
    for line in tally(board):
        out.print(line, style="bold")
    if board.entries:
        out.print(LEVELS, style="dim")
    for subject in SUBJECTS:
        if entries := board.of(subject).entries:
            grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
            grid.add_column(no_wrap=True)
            grid.add_column(ratio=1, overflow="fold")
            for entry in entries:
                says = f"{entry.says}  {entry.id}"
                parts = [part for part in (entry.line, remark(entry)) if part]
                details = Text(commands_of_paper("\n".join(parts), paper), style="dim")
                grid.add_row(status_text(entry.status, entry.outcome), Group(says, details))
            out.print()
            out.print(Text(TITLES[subject], style="bold"))
            out.print(grid)
    out.print()
    for line in hints:
        out.print(commands_of_paper(line, paper), style="dim")
