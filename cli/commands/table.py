"""`ncmc table`: a table from the records there are."""

from cli.options import Assume, Folder, Json, Records, TableName, chosen_table, results_folder

EPILOG = (
    "Examples: `ncmc table smoke`; `ncmc table smoke --assume A14=affine`, which writes into "
    "results/smoke+A14=affine."
)


def table(
    name: TableName,
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
    as_json: Json = False,
) -> None:
    """Show a table of the records so far, and write it as CSV, JSON and Markdown."""
    from cli.show.tables import print_table
    from ncmc.project import Project
    from ncmc.results.cells import read_cells
    from ncmc.results.table_data import table_data
    from ncmc.results.table_files import write_table

    project = Project.find()
    chosen = chosen_table(project, name, assume)
    data = table_data(project, chosen, read_cells(project, chosen, results))
    write_table(data, results_folder(project, chosen.name, out))
    print_table(data, as_json)
