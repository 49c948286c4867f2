"""From a name and a budget to the plan: which runs to do next, by what they decide per hour."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ncmc.forecast import cost
from ncmc.forecast.cost import Speeds
from ncmc.forecast.plan_file import Asked, Place, PlanFile, Planned
from ncmc.forecast.power import Power, deviation_of, power_of, seeds_at
from ncmc.forecast.questions import decides
from ncmc.forecast.state import State, states
from ncmc.plan.run import Run, parse_run_id, trained_runs
from ncmc.project import Project
from ncmc.verdicts.judge import CellCache

HoursOf = Callable[[Iterable[Run]], Mapping[Run, float]]  # the trainings behind runs, with hours


def make_plan(
    project: Project,
    asked: Asked,
    results: Path | None = None,
    spent: float = 0.0,
    speeds: Speeds | None = None,
) -> PlanFile:
    """The next step towards an answer, from the present records. Writes nothing.

    `spent`: hours of the budget that earlier steps have used. `speeds`: a guess for this machine's CPU
    by default. Raises UsageError for an unknown name, UserError for a damaged record.
    """
    speeds = speeds or cost.guessed()
    standing = states(project, decides(project, asked.name), CellCache(project, results))
    waiting = [state for state in standing if state.needs]
    powers = {s.question.id: power_of(project, s.question, s.look) for s in waiting}
    hours: dict[Run, float] = {}

    def hours_of(runs: Iterable[Run]) -> dict[Run, float]:
        sources = trained_runs(project, runs)
        for run in cost.without_record(project, (r for r in sources if r not in hours), results):
            hours[run] = cost.hours(project, run, speeds.of(project, run.cell))
        return {run: hours.get(run, 0.0) for run in sources}

    left = None if asked.budget is None else max(0.0, asked.budget - spent)
    chosen = _by_worth(waiting, powers, hours_of, left)
    runs = list(dict.fromkeys(run for state in chosen for run in state.needs))
    trainings = hours_of(runs)
    whole = cost.estimate(project, runs, speeds)
    return PlanFile(
        asked=asked,
        spent=spent,
        device=speeds.device,
        deviation=_deviations(project, standing),
        questions=tuple(
            _planned(state, state in chosen, powers.get(state.question.id), hours_of)
            for state in standing
        ),
        runs=tuple(run.id for run in runs),
        trainings={run.id: taken for run, taken in trainings.items()},
        hours=sum(trainings.values()),
        disk=whole.disk,
        not_counted=whole.left_out,
    )


def spent_on(project: Project, plan: PlanFile, results: Path | None = None) -> float:
    """Hours that a plan has cost so far: earlier steps, and what of this one has a record."""
    planned = {parse_run_id(project, run): hours for run, hours in plan.trainings.items()}
    left = set(cost.without_record(project, planned, results))
    return plan.spent + sum(hours for run, hours in planned.items() if run not in left)


def _by_worth(
    waiting: Sequence[State],
    powers: Mapping[str, Power | None],
    hours_of: HoursOf,
    budget: float | None,
) -> list[State]:
    """The questions whose next look fits into a budget (hours), those that decide most per hour first.

    A question counts with its power at that look where its claim is true, and with 1 where none is
    stated; trainings that another question has brought in cost nothing more.
    """
    left, chosen, taken = list(waiting), list[State](), dict[Run, float]()

    def more(state: State) -> float:
        return sum(h for run, h in hours_of(state.needs).items() if run not in taken)

    def worth(state: State) -> tuple[float, float]:
        power, hours = powers[state.question.id], more(state)
        share = power.holds if power else 1.0
        return (share / hours if hours else float("inf")), share

    while True:
        spent = sum(taken.values())
        fitting = [s for s in left if budget is None or spent + more(s) <= budget]
        if not fitting:
            return chosen
        best = max(fitting, key=worth)
        taken |= hours_of(best.needs)
        chosen.append(best)
        left.remove(best)


def _planned(state: State, chosen: bool, power: Power | None, hours_of: HoursOf) -> Planned:
    question = state.question
    place: Place = "decided" if state.decided else "next" if chosen else "over budget"
    if not state.decided and not state.needs:
        place = "no look left"
    return Planned(
        id=question.id,
        subject=question.subject,
        table=question.table.name,
        says=question.says,
        status=state.verdict.status,
        state=place,
        seeds=max(seeds_at(table, state.look) for _, table in question.places)
        if state.needs
        else None,
        runs=len(state.needs),
        hours=sum(hours_of(state.needs).values()),
        power=power.holds if power else None,
        refutes=power.differs if power else None,
        if_true=power.if_true if power else "",
        if_false=power.if_false if power else "",
    )


def _deviations(project: Project, standing: Sequence[State]) -> str:
    """What the power rests on: the deviations of what is asked about, with their sources."""
    known: dict[tuple[float, str], dict[str, None]] = {}
    for spec, table in dict.fromkeys(p for s in standing for p in s.question.places):
        found = deviation_of(project, spec, table)
        known.setdefault((found.value, found.source), {})[spec.run.dataset] = None
    return "; ".join(
        f"{', '.join(names)}: {value:.3g} points ({source})"
        for (value, source), names in known.items()
    )
