"""`ncmc table`: a table of the records so far."""

from typing import Annotated

import typer

from cli.options import (
    Assume,
    Datasets,
    Folder,
    Json,
    Methods,
    Records,
    TableName,
    Taus,
    chosen_table,
    reading_project,
    results_folder,
    say_on_stderr,
)
from cli.show.tables import print_table
from cli.show.verdicts import print_verdicts
from ncmc.errors import UsageError
from ncmc.plan.filters import Filter, make_filter
from ncmc.results import table_latex
from ncmc.results.table_data import TableData, table_data
from ncmc.results.table_files import write_table
from ncmc.verdicts.judge import CellCache, verify_cells

EPILOG = (
    "Examples: `ncmc table smoke`; `ncmc table smoke --latex > smoke.tex`, for \\usepackage{booktabs}; "
    "`ncmc table smoke --assume A14=affine`, which writes into results/smoke+A14=affine; "
    "`ncmc table table2 --method CAL --tau 0.01` shows a part. "
    "Exit code 3: a record is damaged or outdated, and the table is made without it."
)


def table(
    name: TableName,
    assume: Assume = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    results: Records = None,
    out: Folder = None,
    as_json: Json = False,
    as_latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX, for booktabs.")] = False,
    with_verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Show its verdicts too, and write no file.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option(help="Exit with 3 if a record cannot be used; without, with 0.")
    ] = True,
) -> None:
    """Show a table of the records so far, and write it as CSV, JSON, Markdown and LaTeX."""
    if as_json and as_latex:
        raise UsageError("--json and --latex are two forms of one table: give one of them.")
    project = reading_project()
    chosen = chosen_table(project, name, assume)
    folder = results_folder(project, chosen.name, out)
    cells = CellCache(project, results)
    data = table_data(project, chosen, cells.of(chosen))
    if with_verdicts:
        if as_json or as_latex or methods or datasets or taus:
            raise UsageError("--verdicts shows the whole table and its verdicts, as text.")
        print_table(data, as_json)
        print_verdicts(data, verify_cells(chosen, cells), as_json)
    else:
        write_table(data, folder)
        shown = _shown(data, make_filter(project, methods, datasets, taus))
        if as_latex:
            for note in data.notes:  # which LaTeX would not say
                say_on_stderr(note)
            print(table_latex.as_latex(shown), end="")
        else:
            print_table(shown, as_json)
    if exit_code and not data.usable:
        raise typer.Exit(3)


def _shown(data: TableData, wanted: Filter) -> TableData:
    """The cells that fit a filter; says how many do not. Raises UsageError if none does."""
    cells = tuple(cell for cell in data.cells if wanted.fits(cell.configuration))
    if not cells:
        raise UsageError(f"no cell of {data.table} has that method, dataset and tau.")
    if hidden := len(data.cells) - len(cells):
        say_on_stderr(
            f"filtered: {hidden} of {len(data.cells)} cells are not shown; the files have all."
        )
    return data.model_copy(update={"cells": cells})
