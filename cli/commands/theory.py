"""`ncmc theory`: the paper's theorems, checked numerically."""

import json
from typing import Annotated

import typer

from cli.options import Folder, Json, results_folder
from cli.progress import working
from cli.show.grids import print_grid, print_json
from cli.show.verdicts import status_text
from cli.streams import say_on_stderr
from ncmc.paper import theorems
from ncmc.project import Project
from ncmc.results.wording import plural
from ncmc.system import files

EPILOG = "Example: `ncmc theory T2 T8`."


def theory(
    names: Annotated[
        list[str] | None, typer.Argument(help="Theorems of the paper, such as T1; by default all.")
    ] = None,
    out: Folder = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            help="1 if a statement differs that no erratum names, 3 if one stays open; without, 0."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Check the paper's theorems numerically: about a minute on one core."""
    project = Project.find()
    wanted = names or theorems.names(project)
    if not wanted:
        say_on_stderr(f"{project.paper} states no theorem: nothing to check.")
    verdicts = []
    with working(f"checking {plural(len(wanted), 'theorem')}") as activity:
        for number, name in enumerate(wanted, 1):
            activity.now(f"checking {name}, {number} of {len(wanted)}")
            verdicts.append(theorems.check(project, name))
    entries = [verdict.to_json() for verdict in verdicts]
    text = json.dumps({"schema": theorems.SCHEMA, "verdicts": entries}, indent=1, allow_nan=False)
    files.write_atomic(results_folder(project, "theory", out) / "theory.json", text + "\n")
    if as_json:
        print_json(entries)
    elif entries:
        rows = []
        for v in verdicts:
            status, errata = v.outcome.status, ""
            if v.errata:
                known = status == "differs" and v.known
                errata = f" {'As' if known else 'See'} {', '.join(v.errata)} in docs/errata.md."
            rows.append((status_text(status), v.outcome.detail + errata, v.claim.where, v.claim.id))
        columns = ("verdict", "how it was checked", "where", "id")
        print_grid(columns, rows, "theory: checks of the theorems")
    if exit_code and any(v.unexpected for v in verdicts):
        raise typer.Exit(
            1 if any(v.outcome.status == "differs" for v in verdicts if v.unexpected) else 3
        )
