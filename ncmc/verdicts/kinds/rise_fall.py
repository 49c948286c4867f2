"""`rise_fall`: a curve rises, then falls."""

from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.verdicts.by_seed import seeds_agree
from ncmc.verdicts.check import EachCell, Share
from ncmc.verdicts.verdict import Finding


class RiseFall(EachCell):
    """The curve of `measure` rises above its start and ends below `ratio` of its peak."""

    kind: Literal["rise_fall"]
    measure: Measure
    ratio: Share

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: every seed's curve does; differs: none does."""
        label, curve = cell.spec.label, curves.curve(cell, self.measure)
        if curve is None or len(curve.epochs) < 3:
            why = f"{self.measure} was not measured at three epochs by every seed"
            return Finding(label=label, status="inconclusive", why=why)
        agree = sum(
            max(seed) > seed[0] and seed[-1] < self.ratio * max(seed) for seed in curve.values
        )
        peak = max(range(len(curve.epochs)), key=lambda i: curve.means[i])
        first, top, last = (curve.means[i] for i in (0, peak, -1))
        why = (
            f"{first:.3f} at epoch {curve.epochs[0]}, at most {top:.3f} at epoch "
            f"{curve.epochs[peak]}, {last:.3f} at the end"
        )
        numbers = {"first": first, "peak": top, "peak_epoch": curve.epochs[peak], "last": last}
        return seeds_agree(label, agree, cell.n, why, numbers | {"ratio": self.ratio})
