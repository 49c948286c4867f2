"""`peak`: along an axis the best value is at neither end."""

from collections.abc import Sequence
from typing import Literal

from pydantic import JsonValue

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.results.statistics import LEVEL, sample
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import Cells
from ncmc.verdicts.contrasts import contrast
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.labels import setting
from ncmc.verdicts.verdict import Finding, Status


class Peak(Cells):
    """Along `axis`, whose values are numbers, the best mean accuracy is at neither end.

    holds: some value between the ends is clearly above both; differs: an end is clearly above all
    values between. Clearly: a 95 % interval, with Bonferroni's correction over those between.
    """

    kind: Literal["peak"]
    axis: str
    measure: Literal["best"] = "best"

    def require_places(self, cells: Sequence[CellSpec]) -> None:
        """Raises UsageError unless the cells have the axis, and its values are numbers."""
        require_axis(self.axis, cells)
        for spec in cells:
            place = spec.attributes[self.axis]
            try:
                float(place)
            except ValueError as error:
                raise UsageError(
                    f"'axis': {self.axis} has the value {place}, no number."
                ) from error

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding for every setting of the other axes."""
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(", ".join(setting(cell.spec, self.axis)), []).append(cell)
        return [self._interior(label, group) for label, group in groups.items()]

    def _interior(self, label: str, cells: Sequence[Cell]) -> Finding:
        if absent := gap(label, self.measured, *cells):
            return absent
        ordered = sorted(cells, key=self._place)
        ends, between = (ordered[0], ordered[-1]), ordered[1:-1]
        if not between:
            why = f"no value of {self.axis} lies between the ends"
            return Finding(label=label, status="inconclusive", why=why)
        level = 1 - (1 - LEVEL) / len(between)
        inner = any(all(self._above(cell, end, level) for end in ends) for cell in between)
        outer = any(all(self._above(end, cell, level) for cell in between) for end in ends)
        top = max(ordered, key=lambda cell: sample(cell.values_best).mean)
        clear = "above both ends" if inner else "an end is above all" if outer else "not clearly so"
        status: Status = "holds" if inner else "differs" if outer else "inconclusive"
        means: dict[str, JsonValue] = {
            cell.spec.attributes[self.axis]: sample(cell.values_best).mean for cell in ordered
        }
        return Finding(
            label=label,
            status=status,
            why=f"highest mean {sample(top.values_best).mean:.1f} % at {self.axis} "
            f"{self._place(top):.3g}; {clear}",
            numbers={"means": means, "peak": top.spec.attributes[self.axis], "level": level},
        )

    def _place(self, cell: Cell) -> float:
        return float(cell.spec.attributes[self.axis])

    def _above(self, first: Cell, second: Cell, level: float) -> bool:
        found = contrast([(1.0, first), (-1.0, second)], self.measure)
        interval = found.difference.interval(level)
        return interval is not None and interval[0] > 0
