"""`rise_fall`: a curve rises, then falls."""

import math
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.verdicts import over_seeds
from ncmc.verdicts.check import Share
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class RiseFall(OverSeeds):
    """The curve of `measure` rises to `rise` times its start, and ends below `ratio` of its peak.

    Judged on the log scale, by an interval over seeds of each of the two. The peak of a seed is
    where the other seeds have theirs, so that noise about a plateau is no rise.
    """

    kind: Literal["rise_fall"]
    measure: Measure
    rise: Annotated[float, Field(ge=1)]
    ratio: Share

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: it rises and it falls; differs: it does not rise, or does not fall so far."""
        curve = curves.curve(cell, self.measure)
        if few := over_seeds.too_few_epochs(curve, self.measure, 3):
            return over_seeds.undecided(cell, few)
        assert curve is not None
        tops = over_seeds.peaks(curve)
        ends = [
            (seed[0], seed[top], seed[-1]) for seed, top in zip(curve.values, tops, strict=True)
        ]
        if min(min(first, top) for first, top, _ in ends) <= 0:
            return over_seeds.undecided(cell, f"{self.measure} is 0 at its start or at its peak")
        rise = over_seeds.seeds(
            [over_seeds.log_share(top, first) for first, top, _ in ends], cell.alpha
        )
        left = over_seeds.seeds(
            [over_seeds.log_share(last, top) for _, top, last in ends], cell.alpha
        )
        peak = max(range(1, len(curve.epochs)), key=lambda i: curve.means[i])
        why = (
            f"{curve.means[0]:.3g} at epoch {curve.epochs[0]}; at its peak about epoch "
            f"{curve.epochs[peak]} {over_seeds.share_words(rise)} of that, claimed: above "
            f"{100 * self.rise:g} %; at the end {over_seeds.share_words(left)} of its peak, "
            f"claimed: below {100 * self.ratio:g} %"
        )
        return over_seeds.finding(
            cell,
            why,
            [rise.is_above(math.log(self.rise)), left.is_below(math.log(self.ratio))],
            over_seeds.share_numbers(left, cell.n)
            | {"ratio": self.ratio, "rise": math.exp(rise.mean), "peak_epoch": curve.epochs[peak]},
        )
