"""`ncmc verify`: verdicts on a table or figure, on the paper's claims, or on everything."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import (
    WHOLE,
    Assume,
    Datasets,
    Folder,
    Json,
    Methods,
    Records,
    Statuses,
    Taus,
    chosen_statuses,
    chosen_table,
    completion,
    reading_project,
    results_folder,
    say_on_stderr,
)
from cli.outputs import begins_with, check_target

EPILOG = (
    "Examples: `ncmc verify table2 && echo all of it holds`; `ncmc verify claims`, the paper's "
    "claims, a line each; `ncmc verify all --junit verdicts.xml` for a CI. "
    "Exit code: 0 all hold, 1 something differs, 2 wrong usage, 3 incomplete or inconclusive, or a "
    "record is damaged or outdated: the verdicts that rest on it are incomplete."
)

JUNIT_BEGINS = '<testsuites name="ncmc verify"'  # a file of --junit


def verify(
    name: Annotated[
        str,
        typer.Argument(
            help="A table or figure (see `ncmc list tables`); `claims`: every claim of the paper; "
            "`all`: its numbers and checks of ours too.",
            autocompletion=completion("table", *WHOLE),
        ),
    ],
    assume: Assume = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    statuses: Statuses = None,
    results: Records = None,
    out: Folder = None,
    exit_code: Annotated[
        bool, typer.Option(help="Tell the verdict by the exit code; without, it is 0.")
    ] = True,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--md", help="Print Markdown, a line a claim, number or check.")
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option(
            help="Write JUnit XML too, for a CI: holds passes, differs fails, the rest is skipped. "
            "A file of ours is replaced, another one is not.",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Compare results with what the paper says: holds, differs, inconclusive or incomplete."""
    from cli.show.board import print_board
    from cli.show.verdicts import print_verdicts
    from ncmc.board.board_text import as_junit
    from ncmc.board.entries import board, board_of, is_wanted
    from ncmc.errors import UsageError
    from ncmc.page import since_judged
    from ncmc.plan.filters import make_filter
    from ncmc.results.table_data import table_data
    from ncmc.system import files
    from ncmc.verdicts import judge, verdicts_file
    from ncmc.verdicts.verdict import STATUSES, verdict_exit_code

    if as_json and markdown:
        raise UsageError("--json and --md cannot both be printed: give one of them.")
    if junit:
        check_target(junit, "--junit", "JUnit XML of ncmc verify", begins_with(JUNIT_BEGINS))
    project = reading_project()
    wanted = make_filter(project, methods, datasets, taus)
    so = chosen_statuses(statuses, STATUSES)
    usable = True  # of a board, what cannot be used makes its claims incomplete
    if name in WHOLE:
        if assume or out:
            raise UsageError(
                f"`ncmc verify {name}` writes no folder and takes no --assume: they belong to one "
                "table."
            )
        whole = board(project, results=results)
        found = whole.of("claim") if name == "claims" else whole
        verdicts = list(found.verdicts)
        found = found.shown(wanted, so)
        print_board(found, as_json, markdown)
    else:
        chosen, cells = chosen_table(project, name, assume), judge.CellCache(project, results)
        verdicts = judge.verify_cells(chosen, cells)
        data = table_data(project, chosen, cells.of(chosen))
        usable = data.usable
        folder = results_folder(project, chosen.name, out)
        judged = since_judged.digests(project, cells.all_read(), results)
        verdicts_file.write(verdicts, folder, usable=usable, records=judged)
        shown = [v for v in verdicts if v.status in so and is_wanted((v,), wanted)]
        found = board_of(project, shown)
        if markdown:
            print_board(found, as_json, markdown)
        else:
            print_verdicts(data, shown, as_json, filtered=len(shown) < len(verdicts))
    if len(verdicts) > len(found.verdicts):
        say_on_stderr(_hidden(len(verdicts) - len(found.verdicts)))
    if junit:
        files.write_atomic(junit, as_junit(found))
    if exit_code:
        raise typer.Exit(verdict_exit_code(verdicts, usable=usable))


def _hidden(n: int) -> str:
    return (
        f"filtered: {n} verdict{'s are' if n > 1 else ' is'} not shown; the exit code and what "
        "is written are of all of them."
    )
