"""From a name and a budget to the plan: the one function behind `ncmc plan`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ncmc.forecast.plan_file import Asked, PlanFile, Planned
from ncmc.forecast.planner import Step, next_step
from ncmc.forecast.power import seeds_at
from ncmc.forecast.questions import decides, without_record
from ncmc.forecast.settings import assumed
from ncmc.forecast.state import State, states
from ncmc.plan import cost_guess
from ncmc.plan.run import Run, parse_run_id, trained_runs
from ncmc.project import Project
from ncmc.verdicts.judge import CellCache


def make_plan(
    project: Project,
    asked: Asked,
    results: Path | None = None,
    spent: float = 0.0,
    speed: tuple[str, Callable[[Run], float]] | None = None,
) -> PlanFile:
    """The next step towards an answer, from the present records. Writes nothing.

    `spent`: hours of the budget that earlier steps have used. `speed`: a device, and the hours of a
    training on it; without, a guess for this machine's CPU. Raises UsageError for a name that there is
    not, UserError for a damaged record.
    """
    questions = decides(project, asked.name)
    standing = states(project, questions, CellCache(project, results))
    guessed = cost_guess.guess(project, [])
    where, hours = speed or (guessed.device, lambda run: cost_guess.guess(project, [run]).hours)

    def still_to_train(run: Run) -> float:
        return hours(run) if without_record(project, [run], results) else 0.0

    left = None if asked.budget is None else max(0.0, asked.budget - spent)
    step = next_step(project, standing, still_to_train, left)
    cost = cost_guess.guess(project, trained_runs(project, step.runs))
    return PlanFile(
        asked=asked,
        spent=spent,
        device=where,
        deviation=_deviation(project, standing),
        questions=tuple(_planned(project, state, step, still_to_train) for state in standing),
        runs=tuple(run.id for run in step.runs),
        trainings={run.id: taken for run, taken in step.trainings.items()},
        hours=step.hours,
        disk=cost.disk,
        not_counted=dict(cost.unknown),
    )


def spent_on(project: Project, plan: PlanFile, results: Path | None = None) -> float:
    """Hours that a plan has cost so far: earlier steps, and what of this one has a record."""
    planned = {parse_run_id(project, run): hours for run, hours in plan.trainings.items()}
    left = set(without_record(project, planned, results))
    return plan.spent + sum(hours for run, hours in planned.items() if run not in left)


def _planned(project: Project, state: State, step: Step, hours: Callable[[Run], float]) -> Planned:
    question, name = state.question, state.question.id
    power = step.powers.get(name)
    seeds = max((seeds_at(table, state.look) for _, table in question.places), default=None)
    return Planned(
        id=name,
        subject=question.subject,
        table=question.table.name,
        says=question.says,
        status=state.verdict.status,
        state="decided"
        if state.decided
        else "no look left"
        if state.exhausted
        else "next"
        if name in step.chosen
        else "over budget",
        seeds=seeds if state.needs else None,
        runs=len(state.needs),
        hours=sum(hours(run) for run in trained_runs(project, state.needs)),
        power=power.holds if power else None,
        refutes=power.differs if power else None,
        if_true=power.if_true if power else "",
        if_false=power.if_false if power else "",
    )


def _deviation(project: Project, standing: Sequence[State]) -> str:
    """What the power rests on: the deviation of each dataset that is asked about, and its source."""
    names = sorted({spec.run.dataset for s in standing for spec, _ in s.question.places})
    told: dict[tuple[float, str], list[str]] = {}
    for name in names:
        found = assumed(project).deviation.of(name)
        told.setdefault((found.value, found.source), []).append(name)
    return "; ".join(
        f"{', '.join(of)}: {value:g} points over seeds ({source})"
        for (value, source), of in told.items()
    )
