"""`ncmc show`: a table and its verdicts as they were written."""

from pathlib import Path

import typer

from cli.options import (
    Assume,
    Folder,
    Records,
    TableName,
    chosen_table,
    results_folder,
    say_on_stderr,
)

EPILOG = (
    "Example: `ncmc show smoke`, after `ncmc table smoke` and `ncmc verify smoke`. "
    "Exit code 3: the table or its verdicts are not of the records as they are now (standard error "
    "names them), or were made without a record that is damaged or outdated."
)


def show(
    name: TableName, assume: Assume = None, results: Records = None, out: Folder = None
) -> None:
    """Show a table and its verdicts as they were last written; judges and writes nothing."""
    from cli.show.tables import print_table
    from cli.show.verdicts import print_verdicts
    from ncmc import paths
    from ncmc.errors import UserError
    from ncmc.page import since_judged
    from ncmc.project import Project
    from ncmc.results.table_files import read_table
    from ncmc.verdicts.verdicts_file import read_file

    project = Project.find()
    chosen = chosen_table(project, name, assume)
    name = chosen.name
    folder = results_folder(project, name, out)
    judged = folder / Path(paths.VERDICTS).name
    table = read_table(folder / Path(paths.TABLE_JSON).name)
    if not judged.exists():
        raise UserError(f"{judged} does not exist. Run `ncmc verify {name}` first.")
    print_table(table, as_json=False)
    verdicts = read_file(judged)
    print_verdicts(table, verdicts.verdicts, as_json=False)
    old = since_judged.note(project, chosen, verdicts, results)
    old = old or since_judged.note_on_table(project, chosen, table, results)
    if old:
        say_on_stderr(old)
    if old or not table.usable:
        raise typer.Exit(3)
