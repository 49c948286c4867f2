"""`trend`: the advantage of one side over the other falls or rises along an axis."""

from collections.abc import Sequence
from typing import Literal

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.verdicts.along_axis import (
    Groups,
    average_words,
    change_weights,
    grouped,
    require_numbers,
)
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import NotNegative, Pair, Pairs, gap, without_spread
from ncmc.verdicts.contrasts import Contrast, Terms, contrast, shown_or_excluded
from ncmc.verdicts.verdict import Finding


class Trend(Pairs):
    """The advantage of `better` over `than` falls (or rises) with the logarithm of `axis`.

    The change that a straight line through all places tells from the first to the last of them,
    averaged over settings: holds where its interval lies on the claimed side of 0; differs where a
    change of `delta` or more to that side is excluded.
    """

    kind: Literal["trend"]
    axis: str
    way: Literal["falls", "rises"]
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless each setting has two places, whose values are above 0."""
        better = [spec for spec, _ in pairs]
        require_axis(self.axis, better)
        require_numbers(self.axis, better, positive=True)
        for label, places in grouped(self.axis, pairs).items():
            if len(places) < 2:
                raise UsageError(f"'axis' in {label}: {self.axis} has {', '.join(places)} alone.")

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all pairs."""
        groups = self._groups(pairs)
        ends = sorted({float(place) for places in groups.values() for place in places})
        label = f"{average_words(list(groups))}: {self.axis} from {ends[0]:g} to {ends[-1]:g}"
        terms = self._change(pairs)
        if absent := gap(label, self.measured, *(cell for _, cell in terms)):
            return [absent]
        found = contrast(terms, self.measured)
        numbers = found.numbers | {"delta": self.delta}
        told = f"the advantage changes by {found.words}"
        if found.interval is None:
            return [without_spread(label, found.n, told, numbers)]
        low, high = found.interval
        if self.way == "falls":
            low, high = -high, -low
        status = shown_or_excluded((low, high), self.delta or 0.0)
        return [Finding(label=label, status=status, why=told, numbers=numbers)]

    def _groups(self, pairs: Sequence[Pair]) -> Groups:
        return grouped(self.axis, [(better.spec, than.spec) for better, than in pairs])

    def _change(self, pairs: Sequence[Pair]) -> Terms:
        """What the straight line through the advantages changes by, averaged over settings."""
        groups = self._groups(pairs)
        return [
            (sign * weight / len(groups), cell)
            for places in groups.values()
            for weight, i in zip(
                change_weights(list(map(float, places))), places.values(), strict=True
            )
            for sign, cell in zip((1.0, -1.0), pairs[i], strict=True)
        ]

    def difference(self, pair: Pair) -> Contrast:
        """The advantage at one place."""
        return contrast([(1.0, pair[0]), (-1.0, pair[1])], self.measured)
