"""`peak`: along an axis the best value is at neither end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import JsonValue

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.system.documents import NotNegative
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import Cells, gap
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
        return [self._judge_row(label, row, len(rows)) for label, row in rows.items()]

    def _judge_row(self, label: str, row: Row, settings: int) -> Finding:
        if absent := gap(label, self.measured, *row.values()):
            return absent
        first, *between, last = row
        ends = (first, last)
        alpha = min(cell.alpha for cell in row.values())
        per_place, per_setting = alpha / len(between), alpha / settings
        has_peak = any(self._is_above(row, place, ends, per_place) for place in between)
        end_above_all = any(self._is_above(row, end, between, per_setting) for end in ends)
        delta = self.delta or 0.0
        all_excluded = all(
            any(self._interval(row, place, end, per_setting)[1] < delta for end in ends)
            for place in between
        )
        status: Status = "holds" if has_peak else "inconclusive"
        reason = "above both ends" if has_peak else "not decided"
        if all_excluded and not has_peak:
            status, reason = "differs", f"an advantage of {delta:g} between the ends is excluded"
        if end_above_all:
            status, reason = "differs", "an end is above all between"
        means = {
            place: seed_sums([(1.0, cell)], self.measured, cell.seeds).mean
            for place, cell in row.items()
        }
        best, better_end = (max(places, key=means.__getitem__) for places in (between, ends))
        level = per_place if status == "holds" else per_setting
        difference = self._contrast(row, best, better_end, level)
        why = (
            f"between the ends the best, {means[best]:.1f} % at {self.axis} {float(best):.3g}, is "
            f"{difference.by_words('above', 'below')} the better end, {means[better_end]:.1f} % at "
            f"{float(better_end):.3g}: {reason}"
        )
        numbers: dict[str, JsonValue] = {
            "means": dict(means),
            "peak": max(means, key=means.__getitem__),
            "n": row[first].n,
        }
        numbers |= lacking_numbers([difference])
        return Finding(label=label, status=status, why=why, numbers=numbers)

    def _is_above(self, row: Row, place: str, others: Sequence[str], alpha: float) -> bool:
        """Whether the value at a place is shown to lie above that at each other."""
        return all(self._interval(row, place, other, alpha)[0] > 0 for other in others)

    def _interval(self, row: Row, place: str, other: str, alpha: float) -> tuple[float, float]:
        """That of the value at a place minus that at another; without limits where there is none."""
        return self._contrast(row, place, other, alpha).interval or (-math.inf, math.inf)

    def _contrast(self, row: Row, place: str, other: str, alpha: float) -> Contrast:
        terms = [(1.0, row[place]), (-1.0, row[other])]
        return replace(contrast(terms, self.measured), alpha=alpha)

    def _setting(self, spec: CellSpec) -> str:
        return ", ".join(setting(spec, self.axis))
