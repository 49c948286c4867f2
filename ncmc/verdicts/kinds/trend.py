"""`trend`: the advantage of one side over the other falls or rises along an axis."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.results.wording import interval_words, signed
from ncmc.verdicts.along_axis import (
    Groups,
    average_words,
    change_weights,
    grouped,
    require_numbers,
    value_weights,
)
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import NotNegative, Pair, Pairs, Positive
from ncmc.verdicts.contrasts import Contrast, Terms, contrast, shown_or_excluded
from ncmc.verdicts.gaps import gap, without_spread
from ncmc.verdicts.verdict import Finding

Weights = Callable[[Sequence[float]], list[float]]  # places -> what each value there counts
VISIBLE = 0.05  # the least that a number with one digit shows


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
    onto: Positive | None = None  # a place beyond the last, to which the line is drawn on in words

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
        terms = self._line(pairs, change_weights)
        if absent := gap(label, self.measured, *(cell for _, cell in terms)):
            return [absent]
        found = contrast(terms, self.measured)
        numbers = found.numbers | {"delta": self.delta}
        told = f"the advantage changes by {found.words}"
        if found.interval is None:
            return [without_spread(label, found.n, told, numbers)]
        if self.onto is not None:
            beyond = self.drawn_on(pairs)
            told += f". {self._drawn_on_words(beyond)}{self._misfit_words(pairs)}"
            numbers |= {f"onto_{key}": value for key, value in beyond.numbers.items()}
        low, high = found.interval
        if self.way == "falls":
            low, high = -high, -low
        status = shown_or_excluded((low, high), self.delta or 0.0)
        return [Finding(label=label, status=status, why=told, numbers=numbers)]

    def _groups(self, pairs: Sequence[Pair]) -> Groups:
        return grouped(self.axis, [(better.spec, than.spec) for better, than in pairs])

    def _line(self, pairs: Sequence[Pair], weights: Weights) -> Terms:
        """A property of the straight line through the advantages, averaged over settings."""
        groups = self._groups(pairs)
        return [
            (sign * weight / len(groups), cell)
            for places in groups.values()
            for weight, i in zip(weights(list(map(float, places))), places.values(), strict=True)
            for sign, cell in zip((1.0, -1.0), pairs[i], strict=True)
        ]

    def difference(self, pair: Pair) -> Contrast:
        """The advantage at one place."""
        return contrast([(1.0, pair[0]), (-1.0, pair[1])], self.measured)

    def drawn_on(self, pairs: Sequence[Pair]) -> Contrast:
        """Where the straight line is at `onto`, averaged over settings: an extrapolation."""
        assert self.onto is not None
        return contrast(self._line(pairs, partial(value_weights, self.onto)), self.measured)

    def _drawn_on_words(self, beyond: Contrast) -> str:
        interval = interval_words(beyond.interval, 1, beyond.level)
        return (
            f"The straight line drawn on to {self.axis} {self.onto:g}, an extrapolation that no run "
            f"reaches: {signed(beyond.difference.mean, 1)}{interval}"
        )

    def _misfit_words(self, pairs: Sequence[Pair]) -> str:
        """Where the advantage clearly lies off the line: the interval of the line leaves it out."""
        places = dict.fromkeys(place for named in self._groups(pairs).values() for place in named)
        missed = {place: self.misfit(float(place), pairs) for place in places}
        clear = {
            place: found.difference.mean
            for place, found in missed.items()
            if abs(found.difference.mean) >= VISIBLE
            and found.interval
            and shown_or_excluded(found.interval, 0.0) != "inconclusive"
        }
        if not clear:
            return ""
        place = max(clear, key=lambda place: abs(clear[place]))
        side = "above" if clear[place] > 0 else "below"
        return (
            f"; at {self.axis} {place} the advantage lies {abs(clear[place]):.1f} {side} the line, "
            "which that interval does not include"
        )

    def misfit(self, place: float, pairs: Sequence[Pair]) -> Contrast:
        """The advantage at a place minus the line there, averaged over settings."""

        def off_the_line(places: Sequence[float]) -> list[float]:
            line = value_weights(place, places)
            return [float(at == place) - w for at, w in zip(places, line, strict=True)]

        return contrast(self._line(pairs, off_the_line), self.measured)
