"""`equal`: two sides are equivalent."""

from collections.abc import Sequence
from typing import Literal

from ncmc.system.documents import Positive
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.contrasts import Contrast, one_sided
from ncmc.verdicts.labels import sides, versus
from ncmc.verdicts.settings import Settings, compared, shown_in
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
        tested = {i: one_sided(contrast) for i, contrast in contrasts.items()}
        alpha, k = min((c.alpha for c in tested.values()), default=0.0) / 2, len(pairs)
        differences = {i: contrast.difference for i, contrast in tested.items()}
        inside = {i: d.p_equivalent(self.margin) for i, d in differences.items()}
        outside = {i: d.p_outside(self.margin) for i, d in differences.items()}
        holding, refuted = shown_in(inside, k, alpha), shown_in(outside, k, alpha)
        return [
            lacking or self._finding(pairs[i], tested[i], i in holding, i in refuted)
            for i, lacking in enumerate(absent)
        ]

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """In how many pairs they are equivalent, and what the average says."""
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        bounds = (-self.margin, self.margin)
        settings = Settings(pairs, findings, self.measured, names, bounds, one_sided=True)
        apart, within = self._apart(settings), f"within {self.margin:g}"
        excluded = "" if apart else None
        return Conclusion(
            status="differs" if apart else self.together(findings).status,
            why=settings.words(within, f"not {within}", excluded, f", {within}") + settings.origin,
            numbers=settings.numbers | {"margin": self.margin},
        )

    def _finding(self, pair: Pair, contrast: Contrast, inside: bool, outside: bool) -> Finding:
        status: Status = "holds" if inside else "differs" if outside else "inconclusive"
        return Finding(
            label=versus(pair[0].spec, pair[1].spec),
            status=status,
            why=contrast.words,
            numbers=contrast.numbers
            | {
                "p_equivalent": contrast.difference.p_equivalent(self.margin),
                "p_different": contrast.difference.p_different(),
                "margin": self.margin,
            },
        )

    def _apart(self, settings: Settings) -> bool:
        """Whether the average of all pairs lies outside the margin."""
        interval = settings.average.interval if settings.average and settings.all_compared else None
        apart = interval is not None and (interval[0] > self.margin or interval[1] < -self.margin)
        return apart and not settings.opposed
