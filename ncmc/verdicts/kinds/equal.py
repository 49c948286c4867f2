"""`equal`: two sides are equivalent."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from ncmc.verdicts.check import Pair, Pairs, Positive
from ncmc.verdicts.contrasts import Contrast
from ncmc.verdicts.labels import sides, versus
from ncmc.verdicts.settings import Settings, compared, settings, shown_in
from ncmc.verdicts.verdict import Conclusion, Finding, Status


class Equal(Pairs):
    """`better` and `than` are equivalent within `margin`, in every pair of cells.

    holds: two one-sided tests at the level alpha of the cells (TOST) say so in every pair, which is
    to say that the interval at 1 - 2 alpha lies within the margin. differs: it lies outside, on
    average or in one of the pairs, of which each is tested at a share of alpha (statistics.shown).
    """

    kind: Literal["equal"]
    margin: Positive

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding a pair."""
        absent, contrasts = compared(pairs, self.measured)
        found = {i: one_sided(contrast) for i, contrast in contrasts.items()}
        alpha, k = min((c.alpha for c in found.values()), default=0.0) / 2, len(pairs)
        differences = {i: contrast.difference for i, contrast in found.items()}
        inside = {i: d.p_equivalent(self.margin) for i, d in differences.items()}
        outside = {i: d.p_outside(self.margin) for i, d in differences.items()}
        holding, refuted = shown_in(inside, k, alpha), shown_in(outside, k, alpha)
        return [
            lacking or self._finding(pairs[i], found[i], i in holding, i in refuted)
            for i, lacking in enumerate(absent)
        ]

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """In how many pairs they are equivalent, and what the average says."""
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        bounds = (-self.margin, self.margin)
        found = settings(pairs, findings, self.measured, names, bounds)
        found = replace(found, average=found.average and one_sided(found.average))
        told = self.together(findings)
        status: Status = "differs" if self._apart(found) else told.status
        return Conclusion(
            status=status,
            why="; ".join(self._words(found)) + found.origin,
            numbers=found.numbers | {"margin": self.margin},
        )

    def _finding(self, pair: Pair, found: Contrast, inside: bool, outside: bool) -> Finding:
        status: Status = "holds" if inside else "differs" if outside else "inconclusive"
        return Finding(
            label=versus(pair[0].spec, pair[1].spec),
            status=status,
            why=found.words,
            numbers=found.numbers
            | {
                "p_equivalent": found.difference.p_equivalent(self.margin),
                "p_different": found.difference.p_different(),
                "margin": self.margin,
            },
        )

    def _apart(self, found: Settings) -> bool:
        """Whether the average of all pairs lies outside the margin."""
        interval = found.average.interval if found.average and found.all_compared else None
        apart = interval is not None and (interval[0] > self.margin or interval[1] < -self.margin)
        return apart and not found.opposed

    def _words(self, found: Settings) -> Iterator[str]:
        u, k = found.count("holds"), found.k
        if not found.compared:
            yield found.nothing
            return
        within, apart = f"within {self.margin:g}", self._apart(found)
        yield found.difference_words + (found.shown_words(within) or f", {within}" * u)
        if apart:
            yield f"not {within}" + (" on average" if k > 1 else "")
        if k > 1 and (v := found.count("differs")):
            yield f"not {within} in at least {v} of {k} settings: {found.places('differs')}"
        yield from found.opposed_words
        if k > 1 or not apart:  # a single setting is its own average
            yield from found.undecided
        yield from found.lacking


def one_sided(found: Contrast) -> Contrast:
    """A contrast whose tests, one per side, are at alpha each: its interval is that at 1 - 2 alpha."""
    return replace(found, alpha=2 * found.alpha)
