"""`largest`: the advantage of one side over the other is largest at one place on an axis."""

from collections.abc import Sequence
from typing import Literal

from ncmc.errors import UsageError, unknown
from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.verdicts.along_axis import average_words, grouped
from ncmc.verdicts.cell_selection import as_in_cells, require_axis
from ncmc.verdicts.check import (
    NotNegative,
    Pair,
    Pairs,
    Wanted,
    cautious,
    gap,
    without_spread,
)
from ncmc.verdicts.contrasts import contrast, shown_or_excluded
from ncmc.verdicts.settings import OPPOSED, opposed
from ncmc.verdicts.verdict import Finding


class Largest(Pairs):
    """The advantage of `better` over `than` is largest where `axis` is `at`, on average.

    For every other place on the axis, the advantage at `at` minus that elsewhere, averaged over
    settings: holds where its interval lies above 0; differs where an excess of `delta` or more is
    excluded.
    """

    kind: Literal["largest"]
    axis: str
    at: Wanted
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless every setting has the place `at` on the axis, and another."""
        require_axis(self.axis, [better for better, _ in pairs])
        at = as_in_cells(self.at)
        groups = grouped(self.axis, pairs)
        for label, places in groups.items():
            if at not in places:
                raise UsageError(f"'at' in {label}: {unknown(f'value of {self.axis}', at, places)}")
            if len(places) < 2:
                raise UsageError(f"'axis' in {label}: {self.axis} has the value {at} alone.")

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding for every other place on the axis; one of several differs only after Holm."""
        at = as_in_cells(self.at)
        groups = grouped(self.axis, [(better.spec, than.spec) for better, than in pairs])
        elsewhere = dict.fromkeys(p for places in groups.values() for p in places if p != at)
        found = [self._excess(place, groups, pairs) for place in elsewhere]
        return cautious([finding for finding, _ in found], min(alpha for _, alpha in found))

    def _excess(
        self, place: str, groups: dict[str, dict[str, int]], pairs: Sequence[Pair]
    ) -> tuple[Finding, float]:
        """By how much the advantage is larger at `at` than at `place`, and the level of the test."""
        at = as_in_cells(self.at)
        having = {label: places for label, places in groups.items() if place in places}
        label = f"{average_words(list(having))}: {self.axis} {at} against {place}"
        share = 1 / len(having)
        each: list[list[tuple[float, Cell]]] = [
            [
                (weight * share, cell)
                for sign, where in ((1.0, at), (-1.0, place))
                for weight, cell in zip((sign, -sign), pairs[places[where]], strict=True)
            ]
            for places in having.values()
        ]
        terms = [term for setting in each for term in setting]
        if absent := gap(label, self.measured, *(cell for _, cell in terms)):
            return absent, 1.0  # nothing is tested
        found = contrast(terms, self.measured)
        numbers = found.numbers | {"p": found.difference.p_different(self.delta or 0.0)}
        if found.interval is None:
            return without_spread(label, found.n, found.words, numbers), found.alpha
        status, why = shown_or_excluded(found.interval, self.delta or 0.0), found.words
        if opposed([contrast(setting, self.measured) for setting in each]):
            status, why = "inconclusive", f"{why}; {OPPOSED}"
        return Finding(label=label, status=status, why=why, numbers=numbers), found.alpha
