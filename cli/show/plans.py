"""What `ncmc plan` shows: questions, their power, the next step and its cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.errors import shortened
from ncmc.results.wording import duration, plural, size

if TYPE_CHECKING:
    from ncmc.forecast.plan_file import PlanFile, Planned

LONGEST = 60  # characters of a claim's words


def print_plan(plan: "PlanFile", path: Path, as_json: bool) -> None:
    """A plan, and how it is carried out."""
    if as_json:
        print_json(plan.model_dump(mode="json", by_alias=True))
        return
    columns = ("id", "says", "now", "next step", "power, true / false", "to run")
    rows = [_row(question) for question in plan.questions]
    print_grid(columns, rows, title=f"Plan: {plan.asked.name}")
    out = console()
    for line in _lines(plan, path):
        out.print(literal(line))


def _row(question: "Planned") -> tuple[str, ...]:
    seeds = f", {question.seeds} seeds" if question.seeds else ""
    took = f", {_whole(duration(question.hours * 3600))}" if question.hours else ""
    return (
        question.id,
        shortened(question.says, LONGEST),
        question.status,
        question.state + seeds,
        "-"
        if question.power is None or question.refutes is None
        else _whole(f"{100 * question.power:.0f} / {100 * question.refutes:.0f} %"),
        f"{_whole(plural(question.runs, 'run'))}{took}" if question.runs else "-",
    )


def _whole(text: str) -> str:
    """Text that is not broken into lines."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _lines(plan: "PlanFile", path: Path) -> list[str]:
    """The sentences below the table."""
    lines = [_step(plan)]
    if plan.not_counted:
        lines.append(f"Not in the time, as their speed is not known: trainings {plan.not_counted}.")
    if plan.asked.budget is not None:
        lines.append(
            f"Budget: {duration(plan.asked.budget * 3600)}, of which {duration(plan.spent * 3600)} "
            "went into earlier steps."
        )
    if any(q.power is not None for q in plan.questions):
        worlds = dict.fromkeys(f"{q.if_true} / {q.if_false}" for q in plan.questions if q.if_true)
        lines.append(
            "Power: the probability that the next look shows it if it is true, and refutes it if it is "
            f"false. True / false mean: {'; '.join(worlds)}. It rests on a stated deviation, not on "
            f"results: {plan.deviation} (config/plan.yaml)."
        )
    if plan.runs:
        lines.append(f"The runs are in {path}. To do them: uv run snakemake --cores all plan")
    return lines


def _step(plan: "PlanFile") -> str:
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
