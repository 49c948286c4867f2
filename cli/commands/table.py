"""`ncmc table`: a table of the records so far, or as it was last written, with its verdicts."""

from pathlib import Path
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
from ncmc import paths
from ncmc.errors import UsageError, UserError
from ncmc.plan.filters import Filter, make_filter
from ncmc.plan.grid import Table
from ncmc.project import Project
from ncmc.results import dvc_files, table_latex
from ncmc.results.table_cells import read_cells
from ncmc.results.table_data import TableData, table_data
from ncmc.results.table_files import read_table, write_table
from ncmc.verdicts.verdicts_file import read_file, stale_note

EPILOG = (
    "Examples: `ncmc table smoke`; `ncmc table smoke --latex > smoke.tex`, for \\usepackage{booktabs}; "
    "`ncmc table smoke --assume A14=affine`, which writes into results/smoke+A14=affine; "
    "`ncmc table table2 --method CAL --tau 0.01` shows a part. "
    "Exit code 3: a record is damaged or outdated, and the table is made without it; with "
    "--as-written also where table or verdicts are not of the records as they are now."
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
    as_written: Annotated[
        bool,
        typer.Option(
            "--as-written",
            help="Show the table and its verdicts as `ncmc table` and `ncmc verify` last wrote them; "
            "make nothing.",
        ),
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
    if as_written:
        if as_json or as_latex or methods or datasets or taus:
            raise UsageError("--as-written shows the whole table and its verdicts, as text.")
        usable = _show_written(project, chosen, folder, results)
    else:
        cells = read_cells(project, chosen, results)
        data = table_data(project, chosen, cells)
        usable = data.usable
        write_table(data, folder)
        if out is None and results is None:
            dvc_files.write_for_dvc(project, data, cells)
        data = _shown(data, make_filter(project, methods, datasets, taus))
        if as_latex:
            for note in data.notes:  # which LaTeX would not say
                say_on_stderr(note)
            print(table_latex.as_latex(data), end="")
        else:
            print_table(data, as_json)
    if exit_code and not usable:
        raise typer.Exit(3)


def _show_written(project: Project, chosen: Table, folder: Path, results: Path | None) -> bool:
    """Show what was written; whether all of it is of the records as they are now."""
    judged = folder / Path(paths.VERDICTS).name
    data = read_table(folder / Path(paths.TABLE_JSON).name)
    if not judged.exists():
        raise UserError(f"{judged} does not exist. Run `ncmc verify {chosen.name}` first.")
    print_table(data, as_json=False)
    verdicts = read_file(judged)
    print_verdicts(data, verdicts.verdicts, as_json=False)
    cells = read_cells(project, chosen, results)
    old = stale_note(project, chosen.name, cells, verdicts, results)
    if not old and table_data(project, chosen, cells) != data:
        old = (
            "The table is not of the records and the configuration as they are now. "
            f"Run `ncmc table {chosen.name}`."
        )
    if old:
        say_on_stderr(old)
    return data.usable and not old


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
