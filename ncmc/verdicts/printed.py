"""The paper against its own table: its claims asked of the printed means, deviations and n alone.

No run is looked at. A printed mean with its deviation stands for as many seeds as it was made of, and
the checks that judge records judge it. It also names a printed deviation that so many runs cannot have.
(Which means are possible at all, as GRIM asks elsewhere, decides nothing here: with thousands of test
images every printed decimal is.)
"""

import math
from collections.abc import Callable, Iterator

from ncmc.paper import switches
from ncmc.paper.printed_numbers import Number, number_for
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import Accuracy, Epoch, Record, Result
from ncmc.results.samples import IN_PERCENT
from ncmc.results.statistics import t_quantile
from ncmc.results.wording import printed as as_printed
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache, judge
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.verdict import Status, Verdict

FOLLOWS: dict[Status, str] = {
    "holds": "follows from the printed cells",
    "differs": "does not follow from the printed cells",
}
UNTOLD = "cannot be told from the printed cells"
NumberOf = Callable[[CellSpec, Table], Number | None]


class PrintedCells(CellCache):
    """The cells of any table as the paper prints them; one that is not known lacks its runs."""

    def __init__(self, project: Project, number: NumberOf | None = None) -> None:
        """`number`: the printed number of a cell, None where unknown; by default the project's."""
        super().__init__(project)
        self.number = number or (
            lambda spec, table: number_for(project, spec.plain, switches.plain_name(table.name))
        )

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """A cell of as many seeds as were printed, with that mean and deviation."""
        number = self.number(spec, table)
        if number is None:
            return Cell(spec, (), tuple(spec.runs(1)))
        n = runs_of(number)
        spread = spread_of(n, number.std or 0.0)
        records = [
            _record(run, number.value + away)
            for run, away in zip(spec.runs(n), spread, strict=True)
        ]
        return self.sharing(Cell(spec, tuple(records), ()), table)


def runs_of(number: Number) -> int:
    """The runs behind a printed number: as stated, else the fewest that it can be of."""
    return number.n or (1 if number.std is None else 2)


def spread_of(n: int, std: float) -> list[float]:
    """n numbers about 0 whose sample standard deviation is `std`."""
    places = [i - (n - 1) / 2 for i in range(n)]
    unit = math.sqrt(sum(p * p for p in places) / (n - 1)) if n > 1 else 1.0
    return [std * place / unit for place in places]


def of_printed(table: Table, cells: PrintedCells) -> list[Verdict]:
    """The verdicts on a table's checks of accuracies, from printed cells alone.

    A check of curves, of chance or of confusion matrices cannot be asked of means.
    """
    checks = [c for c in checks_of(cells.project, table.name) if _of_means(c)]
    return [_told(check, cells) for check in checks]


def _of_means(check: Check) -> bool:
    return check.measured in IN_PERCENT and check.kind not in ("chance", "references", "untestable")


def follows_words(verdict: Verdict) -> str:
    """`follows from the printed cells`, `does not ...` or `cannot be told ...`."""
    return FOLLOWS.get(verdict.status, UNTOLD)


def _told(check: Check, cells: PrintedCells) -> Verdict:
    verdict = judge(check, cells)
    if verdict.status == "incomplete":
        looked_at = cells.looked_at(check)
        unknown = sum(not cell.records for cell in looked_at)
        why = f"{unknown} of the {len(looked_at)} cells that it compares are not known in print"
        return verdict.model_copy(update={"why": why, "missing": (), "remedy": None})
    if verdict.status == "inconclusive" and (most := _largest_deviation(check, cells)):
        why = (
            f"{verdict.why}; it would follow if single runs deviate by less than {most:.1f} points"
        )
        return verdict.model_copy(update={"why": why})
    return verdict


def _largest_deviation(check: Check, cells: PrintedCells) -> float | None:
    """How far single runs may deviate for `greater` to follow, where no deviation is printed."""
    if not isinstance(check, Greater):
        return None
    pairs = cells.pairs(check)
    known = [cell for pair in pairs for cell in pair]
    if any(cell.n != 1 for cell in known):
        return None
    gains = [b.values_best[0] - t.values_best[0] + check.margin for b, t in pairs]
    least = min(gains)
    z = t_quantile(1 - known[0].alpha / 2, math.inf)
    return least / (z * math.sqrt(2)) if least > 0 else None


def assumption(table: Table, cells: PrintedCells) -> str:
    """What is assumed of printed cells whose number of runs is not known; empty without one."""
    numbers = [number for spec in table.cells if (number := cells.number(spec, table))]
    if all(number.n for number in numbers):
        return ""
    return (
        "Where the number of runs is not known the fewest are assumed: one, or two beside a printed "
        "deviation."
    )


def impossible(table: Table, cells: PrintedCells) -> Iterator[str]:
    """What is impossible in print, cell by cell, in words: a deviation that the runs cannot have."""
    for spec in table.cells:
        if (number := cells.number(spec, table)) and (words := wrong_in(number)):
            yield f"{spec.label}, {as_printed(number)}: {words}"


def wrong_in(number: Number) -> str:
    """Why a number's runs cannot have its deviation; empty if they can.

    n accuracies between 0 and 100 % of a mean deviate most where all but one are 0 or 100 %.
    """
    n, value, std = runs_of(number), number.value, number.std or 0.0
    if std and number.n == 1:
        return "a single run has no deviation"
    largest = math.sqrt(n / (n - 1) * value * (100 - value)) if n > 1 else math.inf
    if std > largest + 0.05:  # half of a printed decimal
        return f"{n} runs of mean {value:g} deviate by at most {largest:.1f}"
    return ""


def _record(run: Run, accuracy: float) -> Record:
    """A record with nothing but an accuracy (percent), for what nobody of us trained. Never a result."""
    reached = Accuracy.model_construct(
        last=accuracy, last_raw=accuracy, best=accuracy, best_epoch=1
    )
    epoch = Epoch.model_construct(
        epoch=1, lr=0.0, loss=0.0, test_accuracy=accuracy, test_accuracy_raw=accuracy, collapse=None
    )
    result = Result.model_construct(accuracy=reached, per_class=(), confusion=(), history=(epoch,))
    return Record.model_construct(run=run, result=result, notes=())
