"""Where a question stands: what the present records say of it, and which runs its next look needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ncmc.board.entries import board_of
from ncmc.forecast.questions import Question
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.judge import CellCache, verdicts_by_id
from ncmc.verdicts.labels import versus
from ncmc.verdicts.verdict import Status, Verdict

DECIDED: tuple[Status, ...] = ("holds", "differs", "not testable")
OPEN: tuple[Status, ...] = ("incomplete", "inconclusive")


@dataclass(frozen=True)
class State:
    """A question with its verdict, and the runs that would bring it to its next look."""

    question: Question
    verdict: Verdict
    decided: bool  # it, or the claim that it belongs to
    look: int  # the place of the look that `needs` reaches, in the tables that have it
    needs: tuple[Run, ...]  # without a record; none where it is decided, or has no look left


def states(project: Project, questions: Sequence[Question], cells: CellCache) -> list[State]:
    """Where questions stand, by the present records. Raises UserError for a damaged record."""
    judged = verdicts_by_id((question.table for question in questions), cells)
    verdicts = [judged[question.id] for question in questions]
    closed = {entry.id for entry in board_of(project, verdicts).entries if entry.status in DECIDED}
    return [
        _state(question, verdict, question.subject in closed, cells)
        for question, verdict in zip(questions, verdicts, strict=True)
    ]


def _state(question: Question, verdict: Verdict, closed: bool, cells: CellCache) -> State:
    if closed or verdict.status in DECIDED:
        return State(question, verdict, True, 0, ())
    if lacking := [run for cell in _cells(question, cells) for run in cell.missing]:
        return State(question, verdict, False, 0, tuple(dict.fromkeys(lacking)))
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
    return State(question, verdict, False, look, tuple(dict.fromkeys(needs)))


def _cells(question: Question, cells: CellCache) -> Iterable[Cell]:
    return (cells.cell(spec, table) for spec, table in question.places)


def _undecided(
    question: Question, verdict: Verdict, cells: CellCache
) -> list[list[tuple[Cell, tuple[int, ...]]]]:
    """The cells of each comparison that is open, each with the looks of its table."""
    still_open = {f.label for f in verdict.findings if f.status in OPEN}
    there = {
        (spec.run, spec.label): (cells.cell(spec, table), table.looks)
        for spec, table in question.places
    }
    specs = [spec for spec, _ in question.places]
    if isinstance(question.check, Pairs):
        pairs = cell_selection.pairs(cells.project, question.check)
        named = [list(pair) for pair in pairs if versus(*pair) in still_open]
    else:
        named = [[spec] for spec in specs if spec.label in still_open]
    return [  # an average is of all of them
        [there[spec.run, spec.label] for spec in comparison] for comparison in named or [specs]
    ]
