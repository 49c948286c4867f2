"""`ncmc table`: a table from the records there are."""

from cli.options import Folder, Json, Records, TableName, results_folder

EPILOG = "Example: `ncmc table smoke`."


def table(
    name: TableName, results: Records = None, out: Folder = None, as_json: Json = False
) -> None:
    """Show a table of the records so far, and write it as CSV, JSON and Markdown."""
    from cli.show.tables import print_table
    from ncmc.plan import grid
    from ncmc.project import Project
    from ncmc.results.cells import read_cells
    from ncmc.results.table_data import table_data
    from ncmc.results.table_files import write_table

    project = Project.find()
    chosen = grid.table(project, name)
    data = table_data(project, chosen, read_cells(project, chosen, results))
    write_table(data, results_folder(project, name, out))
    print_table(data, as_json)
