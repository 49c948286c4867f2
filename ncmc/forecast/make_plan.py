"""From a name and a budget to the plan: where questions stand, and what to run next for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncmc.board.entries import board_of
from ncmc.forecast import cost
from ncmc.forecast.cost import Speeds
from ncmc.forecast.plan_file import Asked, PlanFile, Planned, PlanState, Power
from ncmc.forecast.power import deviation_of, power_of, seeds_at
from ncmc.forecast.questions import Question, decides
from ncmc.plan.run import Run, parse_run_id, trained_runs
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.verdicts import cell_selection
from ncmc.verdicts.judge import CellCache, verdicts_by_id
from ncmc.verdicts.verdict import Status, Verdict

HoursOf = Callable[[Iterable[Run]], Mapping[Run, float]]  # the trainings behind runs, with hours


DECIDED: tuple[Status, ...] = ("holds", "differs", "not testable")
OPEN: tuple[Status, ...] = ("incomplete", "inconclusive")


@dataclass(frozen=True)
class QuestionState:
    """A question with its verdict, and the runs that would bring it to its next look."""

    question: Question
    verdict: Verdict
    decided: bool  # it, or the claim that it belongs to
    look: int  # the place of the look that `needs` reaches, in the tables that have it
    needs: tuple[Run, ...]  # without a record; none where it is decided, or has no look left


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
    waiting: Sequence[QuestionState],
    powers: Mapping[str, Power | None],
    hours_of: HoursOf,
    budget: float | None,
) -> list[QuestionState]:
    """The questions whose next look fits into a budget (hours), those that decide most per hour first.

    A question counts with its power at that look where its claim is true, and with 1 where none is
    stated; trainings that another question has brought in cost nothing more.
    """
    left, chosen, taken = list(waiting), list[QuestionState](), dict[Run, float]()

    def more(state: QuestionState) -> float:
        return sum(h for run, h in hours_of(state.needs).items() if run not in taken)

    def worth(state: QuestionState) -> tuple[float, float]:
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


def _planned(state: QuestionState, chosen: bool, power: Power | None, hours_of: HoursOf) -> Planned:
    question = state.question
    plan_state: PlanState = "decided" if state.decided else "next" if chosen else "over budget"
    if not state.decided and not state.needs:
        plan_state = "no look left"
    return Planned(
        id=question.id,
        subject=question.subject,
        table=question.table.name,
        says=question.says,
        status=state.verdict.status,
        state=plan_state,
        seeds=max(seeds_at(table, state.look) for _, table in question.places)
        if state.needs
        else None,
        runs=len(state.needs),
        hours=sum(hours_of(state.needs).values()),
        power=power,
    )


def _deviations(project: Project, standing: Sequence[QuestionState]) -> str:
    """What the power rests on: the deviations of what is asked about, with their sources."""
    known: dict[tuple[float, str], dict[str, None]] = {}
    for spec, table in dict.fromkeys(p for s in standing for p in s.question.places):
        deviation = deviation_of(project, spec, table)
        known.setdefault((deviation.value, deviation.source), {})[spec.run.dataset] = None
    return "; ".join(
        f"{', '.join(names)}: {value:.3g} points ({source})"
        for (value, source), names in known.items()
    )


# --- where a question stands -------------------------------------------------------------------


def states(
    project: Project, questions: Sequence[Question], cells: CellCache
) -> list[QuestionState]:
    """Where questions stand, by the present records. Raises UserError for a damaged record."""
    judged = verdicts_by_id((question.table for question in questions), cells)
    verdicts = [judged[question.id] for question in questions]
    closed = {entry.id for entry in board_of(project, verdicts).entries if entry.status in DECIDED}
    return [
        _state(question, verdict, question.subject in closed, cells)
        for question, verdict in zip(questions, verdicts, strict=True)
    ]


def _state(question: Question, verdict: Verdict, closed: bool, cells: CellCache) -> QuestionState:
    if closed or verdict.status in DECIDED:
        return QuestionState(question, verdict, True, 0, ())
    own = [cells.cell(spec, table) for spec, table in question.places]
    if lacking := [run for cell in own for run in cell.missing]:
        return QuestionState(question, verdict, False, 0, tuple(dict.fromkeys(lacking)))
    look, needs = 0, list[Run]()
    for comparison in _undecided(question, verdict, cells):
        seeds = min(cell.n for cell, _ in comparison)  # that it has come to, whoever has more
        for cell, table in comparison:
            following = next((n for n in table if n > seeds), cell.n)
            if following > cell.n:
                look = max(look, table.index(following))
                there = {record.run for record in cell.records}
                planned = cell.spec.runs(following)
                needs += [
                    run for run in planned if run not in there and run.seed not in cell.unused
                ]
    return QuestionState(question, verdict, False, look, tuple(dict.fromkeys(needs)))


def _undecided(
    question: Question, verdict: Verdict, cells: CellCache
) -> list[list[tuple[Cell, tuple[int, ...]]]]:
    """The cells of each comparison that is open, each with the looks of its table."""
    still_open = {f.label for f in verdict.findings if f.status in OPEN}
    check = question.check
    named = [
        places
        for places in (cell_selection.comparisons(cells.project, check) if check else ())
        if cell_selection.label_of([spec for spec, _ in places]) in still_open
    ]
    return [  # an average is of all of them
        [(cells.cell(spec, table), table.looks) for spec, table in places]
        for places in named or [question.places]
    ]
