"""`slower`: one curve falls more slowly than another."""

from collections.abc import Sequence
from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.verdicts import over_seeds
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class Slower(OverSeeds):
    """After its peak `measure` keeps a larger share of it than `faster` keeps of its start.

    Over the epochs after the peak of `measure` (where the other seeds have theirs), the mean of
    log(measure / its peak) - log(faster / its start): holds where its interval over seeds lies
    above 0, differs where it lies below.
    """

    kind: Literal["slower"]
    measure: Measure
    faster: Measure

    def judge_cell(self, cell: Cell) -> Finding:
        """What the seeds' curves say together."""
        if absent := gap(cell.spec.label, self.faster, cell):
            return absent
        slow, fast = (curves.curve(cell, measure) for measure in (self.measure, self.faster))
        for curve, measure in ((slow, self.measure), (fast, self.faster)):
            if few := over_seeds.too_few_epochs(curve, measure, 3):
                return over_seeds.undecided(cell, few)
        assert slow is not None
        assert fast is not None
        if slow.epochs != fast.epochs:
            why = f"{self.measure} and {self.faster} were measured at other epochs"
            return over_seeds.undecided(cell, why)
        tops = over_seeds.peaks(slow, 0)
        peaks = [seed[top] for seed, top in zip(slow.values, tops, strict=True)]
        if min(*peaks, *fast.first) <= 0:
            return over_seeds.undecided(
                cell, f"{self.measure} is 0 at its peak, or {self.faster} at its start"
            )
        gains = [_gain(s, f, top) for s, f, top in zip(slow.values, fast.values, tops, strict=True)]
        times = over_seeds.seeds(gains, cell.alpha)
        why = (
            f"after its peak {self.measure} keeps {over_seeds.share_words(times)} of the share "
            f"that {self.faster} keeps of its start, claimed: above 100 %"
        )
        numbers = over_seeds.share_numbers(times, cell.n)
        return over_seeds.finding(cell, why, [times.is_above(0.0)], numbers)


def _gain(slow: Sequence[float], fast: Sequence[float], top: int) -> float:
    """The mean over the epochs after `top` of how much larger the share of `slow` is, in logs."""
    gains = [
        over_seeds.log_share(slow[i], slow[top]) - over_seeds.log_share(fast[i], fast[0])
        for i in range(top + 1, len(slow))
    ]
    return sum(gains) / len(gains)
