"""Differences between cells over their seeds, and the status that they give a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import ALPHA, Difference, against, combine, holm, sample
from ncmc.verdicts.verdict import Finding, Status
from ncmc.verdicts.wording import ONE_SEED, difference_words, p_words

IN_PERCENT: tuple[Measure, ...] = ("last", "best", "test_accuracy", "test_accuracy_raw")


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of cells' means of a measure, such as one cell minus another."""

    measure: Measure
    difference: Difference
    n: int  # seeds of the cell that has fewest
    paired: bool  # by seed

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval; None from one seed."""
        return self.difference.interval()

    @property
    def unit(self) -> str:
        """Accuracies differ by points, other measures by a number."""
        return " points" if self.measure in IN_PERCENT else ""

    @property
    def words(self) -> str:
        """The estimate with its interval, p value and seeds."""
        digits = 2 if self.measure in IN_PERCENT else 4
        return difference_words(self.difference, self.n, self.paired, self.unit, digits)

    @property
    def numbers(self) -> dict[str, JsonValue]:
        """The estimate, its interval and seeds, for a finding."""
        return estimate_numbers(self.difference, self.n) | {"paired": self.paired}


def contrast(terms: Sequence[tuple[float, Cell]], measure: Measure) -> Contrast:
    """The weighted sum of the cells' means, each of which has the measure (see `gaps.gap`).

    Paired by seed where all cells have the same seeds, else Welch.
    """
    values = []
    for weight, cell in terms:
        by_seed = {r.run.seed: curves.final(r, measure) for r in cell.records}
        values.append((weight, {seed: v for seed, v in by_seed.items() if v is not None}))
    fewest = min(len(measured) for _, measured in values)
    seeds = set(values[0][1])
    if all(set(measured) == seeds for _, measured in values):
        sums = [sum(weight * by_seed[seed] for weight, by_seed in values) for seed in sorted(seeds)]
        return Contrast(measure, against(sample(sums), 0.0), fewest, True)
    samples = [(weight, sample(list(by_seed.values()))) for weight, by_seed in values]
    return Contrast(measure, combine(samples), fewest, False)


def estimate_numbers(difference: Difference, n: int) -> dict[str, JsonValue]:
    """Estimate, 95 % interval and number of seeds of a finding."""
    low, high = difference.interval() or (None, None)
    return {"estimate": difference.mean, "low": low, "high": high, "n": n}


def side(interval: tuple[float, float], bound: float) -> Status:
    """Whether an interval lies above a bound (holds), below it (differs), or over it."""
    if interval[0] > bound:
        return "holds"
    return "differs" if interval[1] < bound else "inconclusive"


def equivalence(equivalent: float | None, different: float | None, how: str) -> tuple[Status, str]:
    """The status of an equivalence test and a difference test together, and its words."""
    if equivalent is None or different is None:
        return "inconclusive", ONE_SEED
    if equivalent < ALPHA:
        return "holds", f"equivalent {how} ({p_words(equivalent)})"
    if different < ALPHA:
        return "differs", f"different ({p_words(different)}) and not equivalent {how}"
    return "inconclusive", (
        f"neither equivalent {how} ({p_words(equivalent)}) nor different ({p_words(different)})"
    )


def cautious(findings: Sequence[Finding]) -> list[Finding]:
    """Of several comparisons one may differ by luck: `differs` needs Holm's p below 5 %.

    `holds` needs no such care, because every comparison must hold.
    """
    p_values = {i: p for i, f in enumerate(findings) if isinstance(p := f.numbers.get("p"), float)}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return [
        _adjusted(finding, adjusted[i]) if i in adjusted else finding
        for i, finding in enumerate(findings)
    ]


def _adjusted(finding: Finding, p: float) -> Finding:
    weak = finding.status == "differs" and p >= ALPHA
    status = "inconclusive" if weak else finding.status
    return finding.model_copy(
        update={"status": status, "numbers": {**finding.numbers, "p_holm": p}}
    )
