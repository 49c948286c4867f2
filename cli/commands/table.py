"""`ncmc table`: a table of the records so far."""

from typing import Annotated

import typer

from cli.options import (
    Assume,
    Folder,
    Json,
    Records,
    chosen_table,
    homeless,
    reading_project,
    results_folder,
)
from cli.show.tables import print_table
from cli.show.verdicts import print_verdicts
from cli.streams import say_on_stderr
from ncmc.errors import UsageError
from ncmc.results.table_data import TableData
from ncmc.results.table_files import write_table
from ncmc.verdicts.judge import CellCache, verify_cells

EPILOG = (
    "Examples: `ncmc table smoke`, which also writes results/smoke/table.tex for LaTeX; "
    "`ncmc table smoke --assume A14=affine`, which writes into results/smoke+A14=affine. "
    "Exit code 3: a record is damaged or outdated, and the table is made without it."
)


def table(
    name: Annotated[
        str, typer.Argument(help="A table or figure: see `ncmc list tables`.", metavar="TABLE")
    ],
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
    as_json: Json = False,
    with_verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Show its verdicts too, and write no file.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option(help="Exit with 3 if a record cannot be used; without, with 0.")
    ] = True,
) -> None:
    """Show a table of the records so far, and write it as CSV, JSON, Markdown and LaTeX."""
    project = reading_project()
    chosen = chosen_table(project, name, assume)
    cells = CellCache(project, results)
    data = TableData(chosen, cells.of(chosen))
    if with_verdicts and as_json:
        raise UsageError("--verdicts shows the table and its verdicts as text, not as JSON.")
    if not with_verdicts:
        if why := homeless(project, results, out):
            say_on_stderr(why)
        else:
            write_table(data, results_folder(project, chosen.name, out))
    print_table(data, as_json)
    if with_verdicts:
        print_verdicts(data, verify_cells(chosen, cells), as_json)
    if exit_code and not data.usable:
        raise typer.Exit(3)
