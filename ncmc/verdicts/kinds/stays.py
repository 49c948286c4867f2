"""`stays`: features are close to each other from the start."""

from typing import Literal

import numpy as np

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.wording import plural
from ncmc.verdicts import over_seeds
from ncmc.verdicts.check import Share
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class Stays(OverSeeds):
    """Of the pairs of features of the smallest class a share `of` has cosines above `above`.

    At every measured epoch, the first epoch among them. A mean would hide a few features that lie
    elsewhere; so a seed counts by the cosine that a share `of` of its pairs reaches, at the epoch
    at which it is smallest. holds: its interval over seeds lies above `above`; differs: below.
    """

    kind: Literal["stays"]
    above: Share
    of: Share
    measure: Literal["tail_cosine"] = "tail_cosine"

    def judge_cell(self, cell: Cell) -> Finding:
        """What the seeds say together."""
        pairs = curves.pair_curves(cell, "tail_cosines")
        if not pairs:
            return over_seeds.undecided(cell, "no epoch has tail_cosines in every seed")
        start = cell.records[0].result.history[0].epoch
        if start not in pairs:
            why = f"tail_cosines were not measured at epoch {start} by every seed"
            return over_seeds.undecided(cell, why)
        reached = [
            [float(np.quantile(seed, 1 - self.of)) for seed in seeds] for seeds in pairs.values()
        ]
        lowest = over_seeds.seeds(
            [min(column) for column in zip(*reached, strict=True)], cell.alpha
        )
        low, high = lowest.interval or (None, None)
        why = (
            f"at each of {plural(len(pairs), 'measured epoch')} {100 * self.of:g} % of the pairs "
            f"have cosines of at least {lowest.mean:.3f}, claimed: above {self.above:g}"
        )
        numbers = {"lowest": lowest.mean, "above": self.above, "low": low, "high": high}
        return over_seeds.finding(cell, why, [lowest.is_above(self.above)], numbers | {"n": cell.n})
