"""`ncmc doctor`: what this machine can run, and what runs would take."""

import sys
from typing import Annotated

import typer

from cli.options import Assume, Json, chosen_table, complete_table
from cli.working import working
from ncmc.errors import UsageError

EPILOG = "Examples: `ncmc doctor`, `ncmc doctor --cost table2`."


def doctor(
    cost: Annotated[
        str | None,
        typer.Option(
            help="Measure what a table (or laptop, full, all) would take here, by a short probe.",
            autocompletion=complete_table,
        ),
    ] = None,
    assume: Assume = None,
    gate: Annotated[bool, typer.Option(hidden=True)] = False,
    insist: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Check what this machine can run, what is missing, and how long a table would take."""
    from cli.commands import _diagnosis
    from cli.show.machine import print_cost, print_diagnosis
    from ncmc.project import Project
    from ncmc.targets import WHOLE

    project = Project.find()
    if assume and not cost:
        raise UsageError("--assume belongs to --cost: it changes the runs of a table.")
    if cost == "":
        raise UsageError(
            "--cost is empty; needed is the name of a table, or `laptop`, `full` or `all`."
        )
    if gate:
        _diagnosis.gate(project, insist)
    elif cost:
        whole = cost in WHOLE and not assume
        name = cost if whole else chosen_table(project, cost, assume).name
        with working(f"measuring what the runs of {name} would take") as say:
            found_cost = _diagnosis.cost_of(project, name, _diagnosis.runs_of(project, name), say)
        print_cost(found_cost, as_json)
    else:
        found = _diagnosis.diagnose(project)
        print_diagnosis(found, as_json)
        if not found.able:
            print("ncmc: something that every run needs is missing: see above.", file=sys.stderr)
            raise typer.Exit(1)
