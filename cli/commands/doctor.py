"""`ncmc doctor`: what this machine can run, and what runs would take."""

from typing import Annotated

import typer

from cli.options import Assume, Json, chosen_table, completion, say_on_stderr
from cli.progress import working
from ncmc.errors import UsageError

EPILOG = "Examples: `ncmc doctor`, `ncmc doctor --cost table2`."


def doctor(
    cost: Annotated[
        str | None,
        typer.Option(
            help="Measure what a table (or laptop, full, all) would take here, by a short probe.",
            autocompletion=completion("table", "laptop", "full", "all"),
        ),
    ] = None,
    assume: Assume = None,
    gate: Annotated[bool, typer.Option(hidden=True)] = False,
    insist: Annotated[bool, typer.Option(hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Check what this machine can run, what is missing, and how long a table would take."""
    from cli.show import machine
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
        if not insist:
            machine.gate(project)
    elif cost:
        whole = cost in WHOLE and not assume
        name = cost if whole else chosen_table(project, cost, assume).name
        with working(f"measuring what the runs of {name} would take") as say:
            measured = machine.cost_of(project, name, machine.runs_of(project, name), say)
        machine.print_cost(measured, as_json)
    else:
        parts = machine.diagnose(project)
        able = all(part.good is not False for part in parts)
        machine.print_diagnosis(parts, able, as_json)
        if not able:
            say_on_stderr("something that every run needs is missing: see above.")
            raise typer.Exit(1)
