"""`lower`: a collapse measure of one side ends below that of the other, as a ratio."""

import math
from collections.abc import Sequence
from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import Difference, against, combine, holm, sample
from ncmc.results.wording import plural
from ncmc.verdicts.check import Pair, Pairs, Share
from ncmc.verdicts.gaps import gap, without_spread
from ncmc.verdicts.labels import versus
from ncmc.verdicts.over_seeds import RESOLUTION, Seeds, share_numbers, share_words
from ncmc.verdicts.verdict import Finding, Status

Values = dict[int, float]  # seed -> log of the measure


class Lower(Pairs):
    """The last value of `measure` of `better`, divided by that of `than`, is below 1.

    On the log scale, averaged over the settings: holds where the interval lies below 1 and no
    setting shows the opposite (Holm). differs where one does, or where a ratio of `ratio` or less
    is excluded on average.
    """

    kind: Literal["lower"]
    measure: Measure
    ratio: Share

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all settings."""
        label = f"average over {plural(len(pairs), 'setting')}"
        cells = [cell for pair in pairs for cell in pair]
        if absent := gap(label, self.measured, *cells):
            return [absent]
        values = [(self._logs(better), self._logs(than)) for better, than in pairs]
        n = min(len(v) for pair in values for v in pair)
        alpha = min(cell.alpha_at(n) for cell in cells)
        average = _difference(values)
        logs = Seeds(average.mean, average.interval(1 - alpha), average)
        numbers = share_numbers(logs, n) | {"ratio": self.ratio}
        why = f"the ratio of {self.measure} is {share_words(logs)}, {plural(n, 'seed')}"
        if logs.interval is None:
            return [without_spread(label, n, why, numbers)]
        higher = _higher(pairs, values, alpha)
        low, high = logs.interval
        status: Status = "holds" if high < 0 else "inconclusive"
        if higher or (status != "holds" and low > math.log(self.ratio)):
            status = "differs"
        why += f"; above 100 % in {'; '.join(higher)}" if higher else ""
        return [Finding(label=label, status=status, why=why, numbers=numbers)]

    def _logs(self, cell: Cell) -> Values:
        found = {r.run.seed: curves.final(r, self.measure) for r in cell.records}
        return {s: math.log(max(v, RESOLUTION)) for s, v in found.items() if v is not None}


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
    found = [_difference([pair]) for pair in values]
    adjusted = holm([1.0 if d.mean < 0 else d.p_different() or 1.0 for d in found])
    return [
        versus(better.spec, than.spec)
        for (better, than), p in zip(pairs, adjusted, strict=True)
        if p < alpha
    ]
