"""The paper against its own table: its claims asked of the printed means, deviations and n alone.

No run is looked at. A printed mean with its deviation stands for as many seeds as it was made of, and
the checks that judge records judge it. As statcheck and GRIM do elsewhere, it also names what cannot
be printed: a mean that the test images and seeds cannot give, a deviation that the seeds cannot have
(N. Brown and J. Heathers 2017, The GRIM test, Social Psychological and Personality Science 8(4)). With
thousands of test images that is a mean with three decimals, or a few images of a wrong count.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from ncmc.errors import listed
from ncmc.paper.printed_numbers import Number
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.results.cells import Cell
from ncmc.results.curves import IN_PERCENT
from ncmc.results.record import Accuracy, Epoch, Record, Result
from ncmc.results.statistics import sample, t_quantile
from ncmc.results.wording import plural
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
MOST_CELLS = 3  # that a line names of those with one fault


class PrintedCells(CellCache):
    """The cells of any table as the paper prints them; one that is not known lacks its runs."""

    def known(self, table: Table) -> list[tuple[CellSpec, Number]]:
        """The cells of a table whose numbers are known, each with its number."""
        return [(spec, number) for spec in table.cells if (number := self.number(spec, table))]

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
    known = all(number.n for _, number in cells.known(table))
    return "" if known else "Where the number of runs is not known, one run is assumed."


# --- what cannot be printed --------------------------------------------------------------------


def impossible(table: Table, cells: PrintedCells) -> Iterator[str]:
    """What is impossible in print, in words, each with its cells."""
    images = dataset_entries(cells.project)
    known = cells.known(table)
    fewest = [min(1, decimals(number.value)) for _, number in known]
    found: dict[str, list[str]] = {}
    for spec, number in known:
        for words in wrong_in(number, images[spec.run.dataset].test_images, max(fewest)):
            spread = "" if number.std is None else f" ± {number.std:.10g}"
            cell = f"{spec.label}, {number.value:.10g}{spread} ({number.where})"
            found.setdefault(words, []).append(cell)
    for words, told in found.items():
        yield f"{words}: {plural(len(told), 'cell')}: {listed(told, MOST_CELLS, '; ')}"


def wrong_in(number: Number, images: int | None, fewest: int = 1) -> Iterator[str]:
    """Why a number cannot be a mean, or have the deviation, of its runs on so many test images.

    `fewest`: the decimals that it is printed with at least: an 80 beside an 81.5 is 80.0. Nothing is
    said of a mean of which nobody states how many runs it is of: enough runs give any.
    """
    n, value, std = number.n, number.value, number.std
    if std is not None and n == 1:
        yield "a single run has no deviation"
    elif std is not None:
        least = n or 2  # of two runs it can be largest
        largest = math.sqrt(least / (least - 1) * value * (100 - value))
        if std > largest + half_digit(std, fewest):
            runs = plural(n, "run") if n else "runs"
            yield f"{runs} of mean {value:g} deviate by at most {largest:.1f}"
    if images is None or n is None:
        return
    counts = right_counts(value, images * n, fewest)
    if not counts:
        yield f"no number of {images} test images in {plural(n, 'run')} gives that mean"
    elif std is not None and n > 1 and not any(deviates(c, std, images, n, fewest) for c in counts):
        yield f"no {n} runs of {images} test images have that mean and that deviation"


def right_counts(value: float, images: int, fewest: int = 1) -> range:
    """How many of `images` may be right for a share that is printed as `value` percent (GRIM)."""
    half = half_digit(value, fewest) + 1e-9
    low, high = (images * (value + sign * half) / 100 for sign in (-1, 1))
    return range(max(0, math.ceil(low)), min(images, math.floor(high)) + 1)


def deviates(right: int, std: float, images: int, n: int, fewest: int = 1) -> bool:
    """Whether n whole numbers of sum `right` can have a deviation printed as `std` (GRIMMER).

    Their sum of squares is whole, and odd where their sum is. The deviation may be over n - 1 or, as
    numpy's `std` has it, over n.
    """
    half = half_digit(std, fewest) + 1e-9
    variances = [(images * max(0.0, std + sign * half) / 100) ** 2 for sign in (-1, 1)]
    for over in (n - 1, n):
        low, high = (over * variance + right**2 / n for variance in variances)
        first = math.ceil(low - 1e-6)
        first += (first - right) % 2
        if first <= high + 1e-6:
            return True
    return False


def half_digit(value: float, fewest: int = 1) -> float:
    """Half of a printed number's last digit; of at least the `fewest` decimals."""
    return 0.5 * 10.0 ** -max(fewest, decimals(value))


def decimals(value: float) -> int:
    """How many decimals a number has, final zeros apart."""
    return len(f"{value:.10g}".partition(".")[2])


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
