"""The paper against its own table: its claims asked of the printed means, deviations and n alone.

No run is looked at. A printed mean with its deviation stands for as many seeds as it was made of, and
the checks that judge records judge it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.results.cells import Cell
from ncmc.results.curves import IN_PERCENT
from ncmc.results.record import Accuracy, Epoch, Record, Result
from ncmc.results.statistics import sample, t_quantile
from ncmc.verdicts.check import Check, Pair, Untestable
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache, judge
from ncmc.verdicts.kinds.chance import Chance
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.verdict import ONE_SEED, Status, Verdict

FOLLOWS: dict[Status, str] = {
    "holds": "follows from the printed cells",
    "differs": "does not follow from the printed cells",
}
UNTOLD = "cannot be told from the printed cells"


class PrintedCells(CellCache):
    """The cells of any table as the paper prints them; one that is not known lacks its runs."""

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """A cell of as many seeds as were printed, with that mean and deviation.

        A mean and deviation of which nobody states how many runs they are of: as of one run.
        """
        spec = replace(spec, split_per_seed=False)  # made-up seeds pair with no others
        number = self.number(spec, table)
        if number is None:
            return Cell(spec, (), tuple(spec.runs(1)))
        n = 1 if number.std is None else number.n or 2
        one_run = number.n is None  # taken for one: two seeds, whose mean has the deviation of one
        spread = spread_of(n, (number.std or 0.0) * (math.sqrt(2) if one_run else 1.0))
        records = [
            _record(run, number.value + away)
            for run, away in zip(spec.runs(n), spread, strict=True)
        ]
        return self.sharing(Cell(spec, tuple(records), ()), table)


def spread_of(n: int, std: float) -> list[float]:
    """n numbers about 0 whose sample standard deviation is `std`."""
    places = [i - (n - 1) / 2 for i in range(n)]
    unit = math.sqrt(sum(p * p for p in places) / (n - 1)) if n > 1 else 1.0
    return [std * place / unit for place in places]


def of_printed(table: Table, cells: PrintedCells) -> list[Verdict]:
    """The verdicts on a table's checks of accuracies, from printed cells alone.

    A check of curves, of chance or of confusion matrices cannot be asked of means.
    """
    return [
        judged_in_print(check, cells)
        for check in checks_of(cells.project, table.name)
        if check.measured in IN_PERCENT and not isinstance(check, Chance | Untestable)
    ]


def follows_words(verdict: Verdict) -> str:
    """`follows from the printed cells`, `does not ...` or `cannot be told ...`."""
    return FOLLOWS.get(verdict.status, UNTOLD)


def judged_in_print(check: Check, cells: PrintedCells) -> Verdict:
    """The verdict on a check; of one over settings that are known in part, with what these show."""
    verdict, groups = judge(check, cells), cells.compared(check)
    known = [group for group in groups if all(cell.records for cell in group)]
    single = sum(any(cell.n == 1 for cell in group) for group in known)  # a run has no deviation
    where = f" for {single} of {len(known)} settings" if 0 < single < len(known) else ""
    parts, where_known = [verdict.why], ""
    if verdict.status == "incomplete":
        every = list(chain(*groups))
        unknown = sum(not cell.records for cell in every)
        parts = [f"{unknown} of the {len(every)} cells that it compares are not known in print"]
    if isinstance(check, Greater) and known and verdict.status in ("incomplete", "inconclusive"):
        pairs = [(better, than) for better, than in known]
        if len(known) < len(groups):
            conclusion = check.conclude(pairs, check.judge(pairs)).why
            parts.append(f"of its {len(groups)} settings {len(known)} are known: {conclusion}")
            where_known = " there"
        if most := _largest_deviation(check, pairs):
            limit = f"if single runs deviate by less than {most:.1f} points"
            parts.append(f"it would follow{where_known} {limit}")
    why = "; ".join(_of_print(part, where) for part in parts)
    return verdict.model_copy(update={"why": why, "missing": (), "remedy": None})


def _of_print(why: str, where: str) -> str:
    """What was found, without the seeds and splits, which are made up here."""
    return why.partition(". One split, ")[0].replace(ONE_SEED, f"no deviation is printed{where}")


def _largest_deviation(check: Greater, pairs: Sequence[Pair]) -> float | None:
    """How far single runs may deviate for each pair to be shown, where no deviation is printed.

    None where no deviation makes all of them shown: a number is lower, or printed ones are too large.
    """
    z, limits = t_quantile(1 - pairs[0][0].alpha / 2, math.inf), list[float]()
    for pair, finding in zip(pairs, check.judge(pairs), strict=True):
        better, than = (sample(cell.values_best) for cell in pair)
        known = [part.variance_of_mean for part in (better, than) if part.std is not None]
        above, low = better.mean - than.mean + check.margin, finding.numbers.get("low")
        rest = (above / z) ** 2 - sum(known)
        if len(known) < len(pair) and above > 0 and rest > 0:
            limits.append(math.sqrt(rest / (len(pair) - len(known))))
        elif not isinstance(low, float) or low <= -check.margin:  # nor shown by its deviations
            return None
    return min(limits, default=None)


def assumption(table: Table, cells: PrintedCells) -> str:
    """What is assumed of printed cells whose number of runs is not known; empty without one."""
    numbers = [number for spec in table.cells if (number := cells.number(spec, table))]
    known = all(number.n for number in numbers)
    return "" if known else "Where the number of runs is not known, one run is assumed."


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
