"""`orthogonal`: class means start together and become orthogonal."""

from typing import Literal

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.verdicts.by_seed import seeds_agree
from ncmc.verdicts.check import EachCell, Positive
from ncmc.verdicts.verdict import Finding


class Orthogonal(EachCell):
    """The class means' mean cosine starts above `first` and ends within `last` of 0."""

    kind: Literal["orthogonal"]
    first: float
    last: Positive
    measure: Literal["class_cosine"] = "class_cosine"

    def judge_cell(self, cell: Cell) -> Finding:
        """holds: every seed's does; differs: none does."""
        label, curve = cell.spec.label, curves.curve(cell, self.measure)
        if curve is None or len(curve.epochs) < 2:
            why = f"{self.measure} was not measured at two epochs by every seed"
            return Finding(label=label, status="inconclusive", why=why)
        ends = zip(curve.first, curve.last, strict=True)
        agree = sum(first > self.first and abs(last) < self.last for first, last in ends)
        first, last = curve.means[0], curve.means[-1]
        why = (
            f"mean cosine {first:.3f} at epoch {curve.epochs[0]}, {last:.3f} at epoch "
            f"{curve.epochs[-1]}"
        )
        return seeds_agree(label, agree, cell.n, why, {"first": first, "last": last})
