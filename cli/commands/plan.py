"""`ncmc plan`: what to run next, what it decides, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Json, Records, completion
from cli.progress import working
from ncmc.errors import UsageError, shortened

if TYPE_CHECKING:  # help must not wait for the imports of the grid
    from ncmc.forecast.cost import Speeds
    from ncmc.project import Project

EPILOG = (
    "Example: `ncmc plan table2 --budget 4h`, then `snakemake --cores all plan` until nothing is open. "
    "What power rests on stands in config/plan.yaml. More in docs/plan.md."
)
TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?(min|m|h|d)")
UNITS = {"m": 1 / 60, "min": 1 / 60, "h": 1.0, "d": 24.0}


def hours(text: str) -> float:
    """Hours of a budget such as `4h`, `90min` or `2d`. Raises UsageError."""
    match = TIME.fullmatch(text.strip())
    if not match or not float(match[1]):
        raise UsageError(
            f"--budget is '{shortened(text, 40)}'; allowed: a time above 0, such as 4h, 1.5h, 90min or "
            "2d."
        )
    return float(match[1]) * UNITS[match[2]]


def plan(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A table or figure, a claim (C13), a check, a printed number (N1), or all: every "
            "table and figure of the paper.",
            autocompletion=completion("table"),
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help="Time to spend in all steps together: 4h, 90min, 2d.",
            metavar="TIME",
            show_default="no limit",
        ),
    ] = None,
    go_on: Annotated[
        bool,
        typer.Option("--next", help="The next step of the plan in results/plan.json."),
    ] = False,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Say what runs would decide, with which power, at what cost; plan the next look."""
    from cli.show.plans import print_plan
    from ncmc.forecast import make_plan, plan_file
    from ncmc.project import Project

    project, spent = Project.find(), 0.0
    time = None if budget is None else hours(budget)
    if go_on:
        if name is not None or time is not None:
            raise UsageError(
                "--next goes on with the plan in results/plan.json; give it alone, or make a new plan "
                "without it."
            )
        before = plan_file.read(project)
        asked, spent = before.asked, make_plan.spent_on(project, before, results)
    elif name is None:
        raise UsageError("what is to be planned? Give a table, a claim such as C13, or all.")
    else:
        asked = plan_file.Asked(name=name, budget=time)
    with working(f"planning {asked.name}"):
        made = make_plan.make_plan(project, asked, results, spent, _speeds(project))
    path = plan_file.write(project, made)
    print_plan(made, path, as_json)


def _speeds(project: Project) -> Speeds | None:
    """The speeds of a GPU here, measured by probes; None without a usable one."""
    from importlib.util import find_spec

    from ncmc.system import hardware

    if not hardware.gpu_count() or hardware.gpu_fault() or not find_spec("torch"):
        return None
    from ncmc.training import probe

    return probe.measured(project)
