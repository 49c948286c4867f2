"""`peak`: along an axis the best value is at neither end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import JsonValue

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import Cells, NotNegative, gap
from ncmc.verdicts.contrasts import Contrast, contrast, lacking_numbers, seed_sums
from ncmc.verdicts.kinds.along_axis import require_numbers
from ncmc.verdicts.labels import setting
from ncmc.verdicts.verdict import Finding, Status

Row = Mapping[str, Cell]  # place on the axis -> its cell


class Peak(Cells):
    """Along `axis`, whose values are numbers, the best mean accuracy is at neither end.

    In every setting of the other axes. holds: in each, some value between the ends is above both, by
    intervals with Bonferroni's correction over those between. differs: in one, an end is above all
    between, or an advantage of `delta` over both ends is excluded for every value between
    (Bonferroni over the settings).
    """

    kind: Literal["peak"]
    axis: str
    delta: NotNegative | None = None  # None: that of the file, for accuracies
    measure: Literal["best", "last"] = "best"

    def require_places(self, cells: Sequence[CellSpec]) -> None:
        """Raises UsageError unless each setting has three places on the axis, which are numbers."""
        require_axis(self.axis, cells)
        require_numbers(self.axis, cells)
        rows: dict[str, set[str]] = {}
        for spec in cells:
            rows.setdefault(self._setting(spec), set()).add(spec.attributes[self.axis])
        for label, places in rows.items():
            if len(places) < 3:
                values = ", ".join(sorted(places))
                raise UsageError(
                    f"'axis' in {label}: {self.axis} is {values}; needed: three values."
                )

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding for each setting."""
        rows: dict[str, dict[str, Cell]] = {}
        for cell in sorted(cells, key=lambda cell: float(cell.spec.attributes[self.axis])):
            row = rows.setdefault(self._setting(cell.spec), {})
            row[cell.spec.attributes[self.axis]] = cell
        return [self._judged(label, row, len(rows)) for label, row in rows.items()]

    def _judged(self, label: str, row: Row, settings: int) -> Finding:
        cells = list(row.values())
        if absent := gap(label, self.measured, *cells):
            return absent
        first, *between, last = row
        alpha, delta = min(cell.alpha for cell in cells), self.delta or 0.0
        strict, cautious = alpha / len(between), alpha / settings
        ends = (first, last)
        inner = [p for p in between if all(self._bounds(row, p, e, strict)[0] > 0 for e in ends)]
        none = all(any(self._bounds(row, p, e, cautious)[1] < delta for e in ends) for p in between)
        top_end = any(all(self._bounds(row, e, p, cautious)[0] > 0 for p in between) for e in ends)
        status: Status = (
            "differs" if top_end or (none and not inner) else "holds" if inner else "inconclusive"
        )
        means = {
            place: seed_sums([(1.0, c)], self.measured, c.seeds).mean for place, c in row.items()
        }
        inside, end = (max(places, key=means.__getitem__) for places in (between, ends))
        said = {
            "holds": "above both ends",
            "differs": "an end is above all between"
            if top_end
            else f"an advantage of {delta:g} between the ends is excluded",
        }
        found = self._contrast(row, inside, end, strict if status == "holds" else cautious)
        why = (
            f"between the ends the best, {means[inside]:.1f} % at {self.axis} {float(inside):.3g}, is "
            f"{found.by_words('above', 'below')} the better end, {means[end]:.1f} % at "
            f"{float(end):.3g}: {said.get(status, 'not decided')}"
        )
        top = max(means, key=means.__getitem__)
        numbers: dict[str, JsonValue] = {"means": dict(means), "peak": top, "n": cells[0].n}
        told = numbers | lacking_numbers([found])
        return Finding(label=label, status=status, why=why, numbers=told)

    def _bounds(self, row: Row, place: str, other: str, alpha: float) -> tuple[float, float]:
        """The interval of the value at a place minus that at another."""
        return self._contrast(row, place, other, alpha).interval or (-math.inf, math.inf)

    def _contrast(self, row: Row, place: str, other: str, alpha: float) -> Contrast:
        return replace(contrast([(1.0, row[place]), (-1.0, row[other])], self.measure), alpha=alpha)

    def _setting(self, spec: CellSpec) -> str:
        return ", ".join(setting(spec, self.axis))
