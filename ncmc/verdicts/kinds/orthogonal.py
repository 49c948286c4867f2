"""`orthogonal`: class means start together and become orthogonal."""

import math
from collections.abc import Sequence
from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.verdicts import over_seeds
from ncmc.verdicts.check import Share
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class Orthogonal(OverSeeds):
    """The class means start with cosines near 1 and end orthogonal, pair by pair.

    By intervals over seeds: the mean cosine of the pairs is above `first` at the first measured
    epoch; at the last one the root mean square of the pairs' cosines is below `last`, the largest
    of them below `worst` (opposite cosines do not cancel), and their mean is nearer to 0 than to
    -1 / (K - 1), which every pair of a simplex ETF has.
    """

    kind: Literal["orthogonal"]
    first: Share
    last: Share
    worst: Share
    measure: Literal["class_cosine"] = "class_cosine"

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: all four; differs: one is told to be false."""
        pairs = curves.pair_curves(cell, "class_cosines")
        if len(pairs) < 2:
            why = "class_cosines were not measured at two epochs by every seed"
            return over_seeds.undecided(cell, why)
        start, end = min(pairs), max(pairs)
        starts, ends = pairs[start], pairs[end]
        simplex = -1 / (len(cell.records[0].result.per_class) - 1)
        first = over_seeds.seeds([_mean(seed) for seed in starts], cell.alpha)
        mean = over_seeds.seeds([_mean(seed) for seed in ends], cell.alpha)
        spread = over_seeds.seeds(
            [math.sqrt(_mean([c * c for c in seed])) for seed in ends], cell.alpha
        )
        worst = over_seeds.seeds([max(map(abs, seed)) for seed in ends], cell.alpha)
        why = (
            f"cosines of pairs of class means: mean {first.mean:.3f} at epoch {start}, claimed: "
            f"above {self.first:g}; at epoch {end} root mean square {spread.mean:.3f}, claimed: "
            f"below {self.last:g}, largest {worst.mean:.3f}, claimed: below {self.worst:g}, mean "
            f"{mean.mean:.3f}, claimed: nearer to 0 than to a simplex ETF's {simplex:.3f}"
        )
        return over_seeds.finding(
            cell,
            why,
            [
                first.is_above(self.first),
                spread.is_below(self.last),
                worst.is_below(self.worst),
                mean.is_above(simplex / 2),
            ],
            {"first": first.mean, "last": mean.mean, "root_mean_square": spread.mean}
            | {"worst": worst.mean, "simplex": simplex, "n": cell.n},
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
