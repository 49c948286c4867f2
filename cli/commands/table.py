"""`ncmc table`: a table from the records there are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.filters import Datasets, Methods, Taus, chosen_filter
from cli.options import Assume, Folder, Json, Records, TableName, chosen_table, results_folder

if TYPE_CHECKING:  # help must not wait for these imports
    from ncmc.plan.filters import Filter
    from ncmc.results.table_data import TableData

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
    exit_code: Annotated[
        bool, typer.Option(help="Exit with 3 if a record cannot be used; without, with 0.")
    ] = True,
) -> None:
    """Show a table of the records so far, and write it as CSV, JSON, Markdown and LaTeX."""
    from cli.show.tables import print_table
    from ncmc.errors import UsageError
    from ncmc.project import Project
    from ncmc.results import dvc_files, table_latex
    from ncmc.results.table_cells import read_cells
    from ncmc.results.table_data import table_data
    from ncmc.results.table_files import write_table

    if as_json and as_latex:
        raise UsageError("--json and --latex are two forms of one table: give one of them.")
    project = Project.find()
    chosen = chosen_table(project, name, assume)
    cells = read_cells(project, chosen, results)
    data = table_data(project, chosen, cells)
    usable = data.usable
    write_table(data, results_folder(project, chosen.name, out))
    if out is None and results is None:
        dvc_files.write_for_dvc(project, data, cells)
    data = _shown(data, chosen_filter(project, methods, datasets, taus))
    if as_latex:
        for note in data.notes:  # which LaTeX would not say
            print(f"ncmc: {note}", file=sys.stderr)
        print(table_latex.as_latex(data), end="")
    else:
        print_table(data, as_json)
    if exit_code and not usable:
        raise typer.Exit(3)


def _shown(data: TableData, wanted: Filter) -> TableData:
    """The cells that fit a filter; says how many do not. Raises UsageError if none does."""
    from ncmc.errors import UsageError

    cells = tuple(cell for cell in data.cells if wanted.fits(cell.configuration))
    if not cells:
        raise UsageError(f"no cell of {data.table} has that method, dataset and tau.")
    if hidden := len(data.cells) - len(cells):
        print(
            f"ncmc: filtered: {hidden} of {len(data.cells)} cells are not shown; the files have all.",
            file=sys.stderr,
        )
    return data.model_copy(update={"cells": cells})
