"""`floor`: the variability ends where complete collapse puts it, away from 0."""

import math
from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.verdicts import over_seeds
from ncmc.verdicts.check import Share
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class Floor(OverSeeds):
    """The variability ends above `above` times its floor, and near it.

    The floor is its value at complete collapse: 0 only where the target is the classifier's own
    row. Near: of its distance to the floor at the first epoch less than `near` is left, judged on
    the log scale. Both by an interval over seeds.
    """

    kind: Literal["floor"]
    above: Share
    near: Share
    measure: Literal["variability"] = "variability"

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: above 0 and near; differs: not above, or not near."""
        moved, floor = curves.curve(cell, "variability"), curves.curve(cell, "variability_floor")
        if few := over_seeds.too_few_epochs(moved, self.measure, 2):
            return over_seeds.undecided(cell, few)
        if floor is None:
            why = "no record has a floor of the variability: the method has no fixed targets"
            return over_seeds.undecided(cell, why)
        assert moved is not None
        seeds = list(zip(moved.first, moved.last, floor.last, strict=True))
        if min(floor.last) <= 0:
            return over_seeds.undecided(cell, "the floor of the variability is 0")
        if any(first == at for first, _, at in seeds):
            return over_seeds.undecided(cell, "the variability starts at its floor")
        height = over_seeds.seeds([last / at for _, last, at in seeds], cell.alpha)
        left = over_seeds.seeds(
            [over_seeds.log_share(abs(last - at), abs(first - at)) for first, last, at in seeds],
            cell.alpha,
        )
        first, last, at = (sum(column) / len(column) for column in zip(*seeds, strict=True))
        low, high = height.interval or (None, None)
        why = (
            f"variability {first:.3f} to {last:.3f}, its floor {at:.3f}, claimed: not below "
            f"{self.above:g} of it; {over_seeds.share_words(left)} of the distance is left, "
            f"claimed: below {100 * self.near:g} %"
        )
        return over_seeds.finding(
            cell,
            why,
            [height.is_above(self.above), left.is_below(math.log(self.near))],
            {"estimate": height.mean, "low": low, "high": high, "n": cell.n}
            | {"variability_first": first, "variability_last": last, "variability_floor": at}
            | {"distance_left": math.exp(left.mean)},
        )
