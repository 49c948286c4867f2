"""`lower`: a collapse measure of one side ends below that of the other, as a ratio."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import Difference, against, combine, holm, sample
from ncmc.results.wording import plural
from ncmc.verdicts.check import Pair, Pairs, gap
from ncmc.verdicts.kinds.curve import WORDS, last_quarter, mean_log
from ncmc.verdicts.labels import sides, versus
from ncmc.verdicts.verdict import Finding, Status, no_spread

Values = dict[int, float]  # seed -> log of the measure


class Lower(Pairs):
    """`measure` of `better` at its end, divided by that of `than`, is below 1.

    At its end: the geometric mean over the last quarter of the epochs. On the log scale, averaged
    over the settings: holds where the interval lies below 1 and no setting shows the opposite
    (Holm). differs where one does, or where a ratio of `ratio` or less is excluded on average.
    """

    kind: Literal["lower"]
    measure: Measure
    ratio: Annotated[float, Field(gt=0, lt=1)]

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all settings."""
        label = f"average over {plural(len(pairs), 'setting')}"
        cells = [cell for pair in pairs for cell in pair]
        if absent := gap(label, self.measured, *cells):
            return [absent]
        values = [(self._logs(better), self._logs(than)) for better, than in pairs]
        n = min(len(v) for pair in values for v in pair)
        if n == 0:
            why = f"no epoch has {self.measured} in every seed"
            return [Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})]
        alpha = min(cell.alpha_at(n) for cell in cells)
        average = _difference(values)
        interval = average.interval(1 - alpha)
        ratio, *ends = (math.exp(v) for v in (average.mean, *(interval or ())))
        low, high = ends or (None, None)
        one, other = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        level = f"{100 * (1 - alpha):.3g} %"
        spread = f" ({level}: {100 * low:.0f} to {100 * high:.0f} %)" if low and high else ""
        why = (
            f"{WORDS.get(self.measure, self.measure)} with {one} ends at {100 * ratio:.0f} % of that "
            f"with {other}{spread}, {plural(n, 'seed')}"
        )
        numbers = {"estimate": ratio, "low": low, "high": high, "n": n, "ratio": self.ratio}
        if low is None or high is None:
            why += f"; {no_spread(n)}"
            return [Finding(label=label, status="inconclusive", why=why, numbers=numbers)]
        higher = _higher(pairs, values, alpha)
        status: Status = "holds" if high < 1 else "inconclusive"
        if higher or (status != "holds" and low > self.ratio):
            status = "differs"
        why += f"; above 100 % in {'; '.join(higher)}" if higher else ""
        return [Finding(label=label, status=status, why=why, numbers=numbers)]

    def _logs(self, cell: Cell) -> Values:
        series = curves.curve(cell, self.measure)
        if series is None:
            return {}
        ends = (mean_log(last_quarter(series.epochs, seed)) for seed in series.values)
        return dict(zip(cell.seeds, ends, strict=True))


def _difference(pairs: Sequence[tuple[Values, Values]]) -> Difference:
    """The mean over settings of first minus second: by the seeds that all have, else Welch."""
    share = 1 / len(pairs)
    terms = [(sign * share, v) for pair in pairs for sign, v in zip((1, -1), pair, strict=True)]
    seeds = set.intersection(*(set(values) for _, values in terms))
    if len(seeds) > 1:
        sums = [sum(weight * values[seed] for weight, values in terms) for seed in sorted(seeds)]
        return against(sample(sums), 0.0)
    return combine([(weight, sample(list(values.values()))) for weight, values in terms])


def _higher(
    pairs: Sequence[Pair], values: Sequence[tuple[Values, Values]], alpha: float
) -> list[str]:
    """The settings where `better` is shown to end higher."""
    differences = [_difference([pair]) for pair in values]
    adjusted = holm([1.0 if d.mean < 0 else d.p_different() or 1.0 for d in differences])
    return [
        versus(better.spec, than.spec)
        for (better, than), p in zip(pairs, adjusted, strict=True)
        if p < alpha
    ]
