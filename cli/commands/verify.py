"""`ncmc verify`: verdicts on a table or figure."""

from typing import Annotated

import typer

from cli.options import Assume, Folder, Json, Records, TableName, chosen_table, results_folder

EPILOG = (
    "Example: `ncmc verify table2 && echo all of it holds`. "
    "Exit code: 0 all hold, 1 something differs, 2 wrong usage, 3 incomplete or inconclusive."
)


def verify(
    name: TableName,
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
    exit_code: Annotated[
        bool, typer.Option(help="Tell the verdict by the exit code; without, it is 0.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Compare results with what the paper says: holds, differs, inconclusive or incomplete."""
    from cli.show.verdicts import print_verdicts
    from ncmc.project import Project
    from ncmc.results.table_data import table_data
    from ncmc.verdicts import judge, verdicts_file
    from ncmc.verdicts.verdict import verdict_exit_code

    project = Project.find()
    chosen, cells = chosen_table(project, name, assume), judge.CellCache(project, results)
    verdicts = judge.verify_cells(chosen, cells)
    verdicts_file.write(verdicts, results_folder(project, chosen.name, out))
    print_verdicts(table_data(project, chosen, cells.of(chosen)), verdicts, as_json)
    if exit_code:
        raise typer.Exit(verdict_exit_code(verdicts))
