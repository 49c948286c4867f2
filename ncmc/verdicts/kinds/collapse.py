"""`collapse`: features gather at their targets."""

import math
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Curve
from ncmc.results.statistics import sample
from ncmc.verdicts import over_seeds
from ncmc.verdicts.check import Share
from ncmc.verdicts.over_seeds import OverSeeds
from ncmc.verdicts.verdict import Finding


class Collapse(OverSeeds):
    """NC has fallen below `ratio` times its first value by the share `by` of the epochs.

    Judged on the log scale: holds where the interval over seeds of log(NC / first NC) lies below
    log(ratio), differs where it lies above. NC at the last measured epoch, or with `by`, the first
    measured epoch that is not before that share of the epochs.
    """

    kind: Literal["collapse"]
    ratio: Share
    by: Annotated[float, Field(gt=0, le=1)] = 1.0
    measure: Literal["nc_mean"] = "nc_mean"

    def judge_cell(self, cell: Cell) -> Finding:
        """What the seeds' shares say together."""
        nc = curves.curve(cell, self.measure)
        if few := over_seeds.too_few_epochs(nc, self.measure, 2):
            return over_seeds.undecided(cell, few)
        assert nc is not None
        if min(nc.first) <= 0:
            why = "mean NC is 0 at the first measured epoch: it has no share to fall to"
            return over_seeds.undecided(cell, why)
        at = self._place(nc)
        logs = over_seeds.seeds(
            [over_seeds.log_share(seed[at], seed[0]) for seed in nc.values], cell.alpha
        )
        first, last = sample(nc.first).mean, nc.means[at]
        why = (
            f"mean NC {first:.3g} at epoch {nc.epochs[0]}, {last:.3g} at epoch {nc.epochs[at]}: "
            f"{over_seeds.share_words(logs)} of it, claimed: below {100 * self.ratio:g} %"
        )
        numbers = over_seeds.share_numbers(logs, cell.n)
        return over_seeds.finding(
            cell,
            why,
            [logs.is_below(math.log(self.ratio))],
            numbers | {"ratio": self.ratio, "nc_first": first, "nc_last": last},
        )

    def _place(self, nc: Curve) -> int:
        return next(
            i for i, epoch in enumerate(nc.epochs) if i and epoch >= self.by * nc.epochs[-1]
        )
