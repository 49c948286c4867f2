"""The plan: which runs to do next, by what they decide an hour, within a budget."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ncmc.forecast.power import Power, power_of
from ncmc.forecast.questions import Question
from ncmc.forecast.state import State
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project

Hours = Callable[[Run], float]  # of one training


@dataclass(frozen=True)
class Step:
    """What to run next, and what it can decide."""

    states: tuple[State, ...]
    powers: dict[str, Power | None]  # question -> power at the look that it would reach
    runs: tuple[Run, ...]  # in the order in which they are worth doing
    chosen: tuple[str, ...]  # ids of the questions whose look these runs complete
    left_out: tuple[str, ...]  # ids of those that the budget does not reach
    hours: float
    trainings: dict[Run, float] = field(default_factory=dict)  # trained run -> hours


def next_step(
    project: Project, states: Sequence[State], hours_of: Hours, budget: float | None = None
) -> Step:
    """The next look of what is open. With a budget (hours), those questions that decide most an hour.

    A question counts with its power at that look where its claim is true, and with 1 where none is
    stated; runs that another question has brought into the plan cost nothing more.
    """
    waiting = [state for state in states if state.needs]
    powers = _powers(project, waiting)
    taken: dict[Run, float] = {}  # trainings and their hours
    runs: dict[Run, None] = {}
    chosen: list[str] = []

    def cost(state: State) -> float:
        return sum(_trainings(project, state.needs, hours_of, taken).values())

    def worth(state: State) -> tuple[float, float]:
        power, hours = powers[state.question.id], cost(state)
        share = power.holds if power else 1.0
        return (share / hours if hours else float("inf")), share

    while waiting:
        spent = sum(taken.values())
        fitting = [s for s in waiting if budget is None or spent + cost(s) <= budget]
        if not fitting:
            break
        best = max(fitting, key=worth)
        taken |= _trainings(project, best.needs, hours_of, taken)
        runs |= dict.fromkeys(best.needs)
        chosen.append(best.question.id)
        waiting.remove(best)
    return Step(
        states=tuple(states),
        powers=powers,
        runs=tuple(runs),
        chosen=tuple(chosen),
        left_out=tuple(state.question.id for state in waiting),
        hours=sum(taken.values()),
        trainings=taken,
    )


def _trainings(
    project: Project, runs: Iterable[Run], hours_of: Hours, taken: dict[Run, float]
) -> dict[Run, float]:
    """The trainings that runs add to those that are taken already, with their hours."""
    sources = dict.fromkeys(trained_run(project, run) for run in runs)
    return {run: hours_of(run) for run in sources if run not in taken}


def _powers(project: Project, waiting: Sequence[State]) -> dict[str, Power | None]:
    """The power of each at the look that it waits for; questions of one shape are simulated once."""
    known: dict[object, Power | None] = {}
    found = {}
    for state in waiting:
        key = _shape(state.question, state.look)
        if key not in known:
            known[key] = power_of(project, state.question, state.look)
        found[state.question.id] = known[key]
    return found


def _shape(question: Question, look: int) -> object:
    """What the power of a question depends on: its kind and bounds, and how its cells hang together."""
    if question.check is None:
        return question.id, look
    names = {"id", "table", "claim", "says", "source", "where", "better", "than", "cells"}
    bounds = question.check.model_dump(exclude=names)
    if any(not isinstance(value, int | float | str | None) for value in bounds.values()):
        return question.id, look
    places: dict[tuple[str, str], int] = {}
    cells = tuple(
        (
            table.name,
            spec.run.dataset,
            places.setdefault((spec.run.backbone, spec.run.method), len(places)),
            spec.run.tau,
        )
        for spec, table in question.places
    )
    return tuple(sorted(bounds.items(), key=str)), cells, look
