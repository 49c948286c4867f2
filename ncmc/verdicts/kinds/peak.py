"""`peak`: along an axis the best value is at neither end."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import sample
from ncmc.verdicts.along_axis import average_words, require_numbers
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import Cells, NotNegative, gap
from ncmc.verdicts.contrasts import contrast
from ncmc.verdicts.labels import setting
from ncmc.verdicts.verdict import Finding, Status

Row = Mapping[str, Cell]  # place on the axis -> its cell


class Peak(Cells):
    """Along `axis`, whose values are numbers, the best mean accuracy is at neither end.

    Averaged over the settings of the other axes. holds: some value between the ends is above both,
    by intervals with Bonferroni's correction over those between. differs: an advantage of `delta`
    over both ends is excluded for every value between, or in one setting an end is clearly above
    all of them (Bonferroni over the settings).
    """

    kind: Literal["peak"]
    axis: str
    delta: NotNegative | None = None  # None: that of the file, for accuracies
    measure: Literal["best", "last"] = "best"

    @property
    def measured(self) -> Measure:
        """`measure`."""
        return self.measure

    def require_places(self, cells: Sequence[CellSpec]) -> None:
        """Raises UsageError unless the cells have the axis, and its values are numbers."""
        require_axis(self.axis, cells)
        require_numbers(self.axis, cells)
        rows: dict[str, set[str]] = {}
        for spec in cells:
            rows.setdefault(self._setting(spec), set()).add(spec.attributes[self.axis])
        first, *others = rows.items()
        for label, places in others:
            if places != first[1]:
                raise UsageError(
                    f"'axis': {label} has other values of {self.axis} than {first[0]}."
                )

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """One finding for all settings."""
        rows: dict[str, dict[str, Cell]] = {}
        for cell in sorted(cells, key=lambda cell: float(cell.spec.attributes[self.axis])):
            row = rows.setdefault(self._setting(cell.spec), {})
            row[cell.spec.attributes[self.axis]] = cell
        label = average_words(list(rows))
        if absent := gap(label, self.measured, *cells):
            return [absent]
        first, *between, last = next(iter(rows.values()))
        if not between:
            why = f"no value of {self.axis} lies between the ends"
            return [Finding(label=label, status="inconclusive", why=why)]
        return [self._judged(label, rows, (first, last), between)]

    def _judged(
        self, label: str, rows: Mapping[str, Row], ends: tuple[str, str], between: Sequence[str]
    ) -> Finding:
        alpha = min(cell.alpha for row in rows.values() for cell in row.values())
        every = list(rows.values())
        strict, plain = alpha / len(between), alpha
        inner = [p for p in between if all(self._bounds(every, p, e, strict)[0] > 0 for e in ends)]
        none = all(
            any(self._bounds(every, p, e, plain)[1] < (self.delta or 0.0) for e in ends)
            for p in between
        )
        against = [
            name
            for name, row in rows.items()
            if any(
                all(self._bounds([row], e, p, alpha / len(rows))[0] > 0 for p in between)
                for e in ends
            )
        ]
        status: Status = (
            "differs" if against or (none and not inner) else "holds" if inner else "inconclusive"
        )
        means = {name: _means(row) for name, row in rows.items()}
        average = {p: sum(m[p] for m in means.values()) / len(means) for p in (*ends, *between)}
        top = max(average, key=average.__getitem__)
        own = ", ".join(f"{float(max(m, key=m.__getitem__)):.3g}" for m in means.values())
        clear = (
            f"an end is clearly above all between in {'; '.join(against)}"
            if against
            else f"an advantage of {self.delta or 0:g} between the ends is excluded"
            if status == "differs"
            else "clearly above both ends"
            if inner
            else "not clearly so"
        )
        numbers: dict[str, JsonValue] = {
            "means": {name: dict(m) for name, m in means.items()},
            "peak": top,
            "n": min(cell.n for row in every for cell in row.values()),
        }
        why = f"highest mean {average[top]:.1f} % at {self.axis} {float(top):.3g}; {clear}"
        why += f"; its highest in each setting: {own}" if len(rows) > 1 else ""
        return Finding(label=label, status=status, why=why, numbers=numbers)

    def _bounds(
        self, rows: Sequence[Row], place: str, other: str, alpha: float
    ) -> tuple[float, float]:
        """The interval of the value at a place minus that at another, averaged over rows."""
        share = 1 / len(rows)
        terms = [t for row in rows for t in ((share, row[place]), (-share, row[other]))]
        interval = contrast(terms, self.measure).difference.interval(1 - alpha)
        return interval or (-float("inf"), float("inf"))

    def _setting(self, spec: CellSpec) -> str:
        return ", ".join(setting(spec, self.axis))


def _means(row: Row) -> dict[str, float]:
    return {place: sample(cell.values_best).mean for place, cell in row.items()}
