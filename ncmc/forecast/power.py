"""Power before the run: how often a number of seeds decides a question, from a stated deviation.

By simulation with a fixed seed, through the functions that judge the real records. Nothing that was
observed goes in: the power of an observed spread says no more than the p value it comes from.
"""

from dataclasses import dataclass

import numpy as np

from ncmc.forecast.questions import Question
from ncmc.forecast.settings import assumed
from ncmc.forecast.worlds import BASE, Means, SimulatedCells, worlds
from ncmc.paper.printed_numbers import Number
from ncmc.plan.grid import Table
from ncmc.project import Project
from ncmc.verdicts.against_paper import judge_number
from ncmc.verdicts.judge import CellCache, judge
from ncmc.verdicts.verdict import Status, Verdict

DRAWS = 60  # of each world: a share of 0.8 is known within 0.1
SEED = 20240


@dataclass(frozen=True)
class Power:
    """How often the verdict is right in a world where the question's answer is known."""

    holds: float  # share of draws that hold where it is true
    differs: float  # share that differ where it is false
    if_true: str  # what these worlds are
    if_false: str


def verdict_of(question: Question, cells: CellCache) -> Verdict:
    """What cells say of a question."""
    if question.check:
        return judge(question.check, cells)
    assert question.number is not None
    ((spec, table),) = question.places
    return judge_number(question.number, cells.cell(spec, table), table)


def power_of(project: Project, question: Question, look: int, draws: int = DRAWS) -> Power | None:
    """The power of a question at a look of each of its tables (0: the first; the last if it has fewer).

    None for checks of curves and of chance, where no deviation is stated.
    """
    if question.check:
        return _power_of_check(project, question, look, draws)
    return _power_of_number(project, question, look, draws)


def seeds_at(table: Table, look: int) -> int:
    """The seeds of a look of a table: of its last, where it has fewer."""
    return table.looks[min(look, len(table.looks) - 1)]


def _power_of_check(project: Project, question: Question, look: int, draws: int) -> Power | None:
    effect = assumed(project).effect.value
    assert question.check is not None
    found = worlds(project, question.check, effect)
    if found is None:
        return None

    def share(wanted: Status, means: Means) -> float:
        cells = _cells(project, means, look, np.random.default_rng(SEED))
        told = [verdict_of(question, cells.redraw()).status for _ in range(draws)]
        return told.count(wanted) / draws

    return Power(
        share("holds", found.true), share("differs", found.false), found.if_true, found.if_false
    )


def _power_of_number(project: Project, question: Question, look: int, draws: int) -> Power:
    """True: both procedures have one mean. False: ours is off by the tolerance and the effect.

    The printed number is drawn too, with its own deviation and seeds, where they are printed.
    """
    number, ((spec, table),) = question.number, question.places
    assert number is not None
    beyond = table.tolerance + assumed(project).effect.value

    def share(wanted: str, off: float) -> float:
        rng = np.random.default_rng(SEED)
        cells = _cells(project, {spec.run: BASE + off}, look, rng)
        count = 0
        for _ in range(draws):
            asked = Question(table, question.places, number=_drawn(project, number, rng))
            count += verdict_of(asked, cells.redraw()).status == wanted
        return count / draws

    told = "ours is the paper's", f"ours is {beyond:g} points away"
    return Power(share("holds", 0.0), share("differs", beyond), *told)


def _drawn(project: Project, number: Number, rng: np.random.Generator) -> Number:
    """The number as another printing would have it: seeds of the paper's own, around BASE."""
    std = number.std or assumed(project).deviation.of(number.dataset).value
    error = std / (number.n or 1) ** 0.5
    return number.model_copy(update={"value": BASE + float(rng.normal(0.0, error))})


def _cells(project: Project, means: Means, look: int, rng: np.random.Generator) -> SimulatedCells:
    def deviation(dataset: str) -> float:
        return assumed(project).deviation.of(dataset).value

    return SimulatedCells(project, means, deviation, lambda table: seeds_at(table, look), rng)
