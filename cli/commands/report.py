"""`ncmc report`: the page of a table or figure."""

from cli.options import Folder, Records, TableName, results_folder

EPILOG = "Example: `ncmc report smoke` writes results/smoke/report.html."


def report(name: TableName, results: Records = None, out: Folder = None) -> None:
    """Write the HTML page of a table or figure: verdicts, results, curves and their origins."""
    from ncmc.project import Project
    from ncmc.report import page

    project = Project.find()
    print(page.report(project, name, results, results_folder(project, name, out)))
