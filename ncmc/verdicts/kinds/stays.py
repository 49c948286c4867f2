"""`stays`: a curve never falls to a bound."""

from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.wording import plural
from ncmc.verdicts.by_seed import seeds_agree
from ncmc.verdicts.check import EachCell
from ncmc.verdicts.verdict import Finding


class Stays(EachCell):
    """`measure` is above `above` at every measured epoch."""

    kind: Literal["stays"]
    measure: Measure
    above: float

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: in every seed; differs: in none."""
        label, curve = cell.spec.label, curves.curve(cell, self.measure)
        if curve is None:
            why = f"{self.measure} was not measured at one epoch by every seed"
            return Finding(label=label, status="inconclusive", why=why)
        agree = sum(min(seed) > self.above for seed in curve.values)
        lowest, n = min(curve.means), len(curve.epochs)
        why = f"at least {lowest:.3f} at {plural(n, 'measured epoch')}"
        return seeds_agree(label, agree, cell.n, why, {"lowest": lowest, "above": self.above})
