"""`ncmc report`: the page of a table or figure."""

from cli.options import Assume, Folder, Records, TableName, chosen_table, results_folder

EPILOG = "Example: `ncmc report smoke` writes results/smoke/report.html."


def report(
    name: TableName, assume: Assume = None, results: Records = None, out: Folder = None
) -> None:
    """Write the HTML page of a table or figure: verdicts, results, curves and their origins."""
    from ncmc.project import Project
    from ncmc.report import page

    project = Project.find()
    chosen = chosen_table(project, name, assume).name
    print(page.report(project, chosen, results, results_folder(project, chosen, out)))
