"""`ncmc plan`: what to run next, what it decides, and what it costs."""

import re
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Records
from cli.progress import working
from cli.show.grids import console, print_grid
from ncmc.errors import UsageError, shortened
from ncmc.forecast import make_plan, plan_file
from ncmc.forecast.cost import Speeds
from ncmc.forecast.plan_file import PlanFile, Planned
from ncmc.paths import commands_of_paper
from ncmc.project import Project
from ncmc.results.wording import duration, plural, size
from ncmc.system import hardware

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
            "table and figure of the paper."
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
        bool, typer.Option("--next", help="The next step of the plan in results/plan.json.")
    ] = False,
    results: Records = None,
) -> None:
    """Say what runs would decide, with which power, at what cost; plan the next look."""
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
    columns = ("id", "says", "now", "next step", "power", "to run")
    print_grid(columns, [_row(question) for question in made.questions], f"Plan: {asked.name}")
    out = console()
    for line in _lines(made, path):
        out.print(commands_of_paper(line, project.paper))


def _speeds(project: Project) -> Speeds | None:
    """The speeds of a GPU here, measured by probes; None without a usable one."""
    from importlib.util import find_spec

    if not hardware.gpu_count() or hardware.gpu_fault() or not find_spec("torch"):
        return None
    from ncmc.training import probe

    return probe.measured(project)


LONGEST = 60  # characters of a claim's words


def _row(question: Planned) -> tuple[str, ...]:
    state = "" if question.state == "next" else question.state
    seeds = f"{question.seeds} seeds" if question.seeds else ""
    took = f", {duration(question.hours * 3600)}" if question.hours else ""
    power = question.power
    return (
        question.id,
        shortened(question.says, LONGEST),
        question.status,
        ", ".join(filter(None, (state, seeds))),
        f"{100 * power.holds:.0f} / {100 * power.differs:.0f} %" if power else "-",
        f"{plural(question.runs, 'run')}{took}" if question.runs else "-",
    )


def _lines(plan: PlanFile, path: Path) -> list[str]:
    """The sentences below the table."""
    lines = [_step(plan)]
    if plan.not_counted:
        lines.append(f"Not in the time, as their speed is not known: trainings {plan.not_counted}.")
    if plan.asked.budget is not None:
        lines.append(
            f"Budget: {duration(plan.asked.budget * 3600)}, of which {duration(plan.spent * 3600)} "
            "went into earlier steps."
        )
    if powers := [q.power for q in plan.questions if q.power]:
        worlds = dict.fromkeys(f"{power.if_true} / {power.if_false}" for power in powers)
        lines.append(
            "Power: how probably the next step shows a true claim / refutes a false one. Taken as "
            f"true / false: {'; '.join(worlds)}. It rests on deviations over seeds: "
            f"{plan.deviation} (docs/plan.md)."
        )
    if plan.runs:
        lines.append(f"The runs are in {path}. To do them: uv run snakemake --cores all plan")
    return lines


def _step(plan: PlanFile) -> str:
    """What the next step is, or why there is none."""
    open_ = [q for q in plan.questions if q.state != "decided"]
    if plan.runs:
        return (
            f"Next step: {plural(len(plan.runs), 'run')} without a record that open questions look at, "
            f"about {duration(plan.hours * 3600)} on {plan.device}, {size(int(plan.disk))} of disk."
        )
    if not open_:
        return "Nothing to run: all of it is decided."
    if over := [q for q in open_ if q.state == "over budget"]:
        cheapest = min(over, key=lambda q: q.hours)
        return (
            "Nothing to run: what is left of the budget reaches none of "
            f"{plural(len(over), 'question')}. The cheapest, {cheapest.id}, takes "
            f"{duration(cheapest.hours * 3600)} on {plan.device}."
        )
    return (
        f"Nothing to run: {plural(len(open_), 'question')} open, and no look is left "
        "(looks: docs/plan.md)."
    )
