"""What `ncmc plan` shows: questions, their power, the next step and its cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.results.wording import duration, plural, size

if TYPE_CHECKING:
    from ncmc.forecast.plan_file import PlanFile, Planned

LONGEST = 60  # characters of a claim's words


def print_plan(plan: "PlanFile", path: Path, as_json: bool) -> None:
    """A plan, and how it is carried out."""
    if as_json:
        print_json(plan.model_dump(mode="json", by_alias=True))
        return
    columns = ("id", "says", "now", "next", "seeds", "holds if true", "differs if false")
    rows = [_row(question) for question in plan.questions]
    print_grid((*columns, "runs", "time"), rows, title=f"Plan: {plan.asked.name}")
    out = console()
    for line in _lines(plan, path):
        out.print(literal(line))


def _row(question: "Planned") -> tuple[str, ...]:
    says = question.says if len(question.says) <= LONGEST else f"{question.says[:LONGEST]}..."
    return (
        question.id,
        says,
        question.status,
        question.state,
        str(question.seeds or "-"),
        _percent(question.power),
        _percent(question.refutes),
        str(question.runs or "-"),
        duration(question.hours * 3600) if question.hours else "-",
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _lines(plan: "PlanFile", path: Path) -> list[str]:
    """The sentences below the table."""
    lines = [_step(plan)]
    if plan.not_counted:
        runs = ", ".join(f"{n} of {name}" for name, n in plan.not_counted.items())
        lines.append(f"Not in the time, for nobody measured their speed: runs {runs}.")
    if plan.asked.budget is not None:
        lines.append(
            f"Budget: {duration(plan.asked.budget * 3600)}, of which {duration(plan.spent * 3600)} "
            "went into earlier steps."
        )
    if any(q.power is not None for q in plan.questions):
        lines.append(f"Power rests on a stated deviation, not on results: {plan.deviation}.")
        worlds = dict.fromkeys(f"{q.if_true} / {q.if_false}" for q in plan.questions if q.if_true)
        lines.append(f"True and false mean: {'; '.join(worlds)} (config/plan.yaml).")
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
