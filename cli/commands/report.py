"""`ncmc report`: the page of a table or figure, of a tier, or of the whole project."""

from typing import Annotated

import typer

from cli.options import (
    Assume,
    Folder,
    Records,
    chosen_table,
    homeless,
    reading_project,
    results_folder,
)
from cli.progress import working
from ncmc.errors import UsageError
from ncmc.page import project_page, table_page
from ncmc.plan.grid_file import table_names, tiers

ALL = "all"
EPILOG = (
    "Examples: `ncmc report` writes results/report.html, the page of the whole project; "
    "`ncmc report smoke` writes results/smoke/report.html, `ncmc report laptop` that of a tier. "
    "A damaged or outdated record is named on it, and counts as missing."
)


def report(
    name: Annotated[
        str,
        typer.Argument(
            help="A table or figure: see `ncmc list tables`; a tier of them, such as `laptop`; or "
            "`all`, the whole project."
        ),
    ] = ALL,
    assume: Assume = None,
    results: Records = None,
    out: Folder = None,
) -> None:
    """Write an HTML page: what holds, verdicts, results, curves and their origins."""
    project = reading_project()
    if why := homeless(project, results, out):
        raise UsageError(why)
    larger = sorted(tiers(project).keys() - table_names(project))  # `smoke` is a table too
    if name in (ALL, *larger):
        if assume:
            raise UsageError("--assume is of one table; give its name: ncmc report TABLE.")
        tier = "" if name == ALL else name
        with working(f"making the page of {tier or 'the whole project'}"):
            path = project_page.report(project, results, out, tier)
    else:
        chosen = chosen_table(project, name, assume, [ALL, *larger]).name
        with working(f"making the page of {chosen}"):
            folder = results_folder(project, chosen, out)
            path = table_page.report(project, chosen, results, folder)
    print(path)
