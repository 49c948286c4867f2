"""`exceptions`: one side is above the other in most settings, but not in all."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results.statistics import holm, shown
from ncmc.results.wording import plural
from ncmc.verdicts.check import NotNegative, Pair, Pairs, gap, without_spread
from ncmc.verdicts.contrasts import Contrast, contrast
from ncmc.verdicts.labels import versus
from ncmc.verdicts.verdict import Finding, Status

Count = Annotated[int, Field(ge=1)]


class Exceptions(Pairs):
    """In `least` to `most` settings `better` gains nothing over `than`.

    A setting counts as one where a gain of `delta` or more is excluded (Holm over the settings).
    holds: there are `least` of them, and in all settings but `most` a gain is shown. differs: there
    are more than `most`, or a gain is shown in so many settings that fewer than `least` are left.
    """

    kind: Literal["exceptions"]
    least: Count = 1
    most: Count
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all settings."""
        label = plural(len(pairs), "setting")
        if absent := gap(label, self.measured, *(cell for pair in pairs for cell in pair)):
            return [absent]
        found = {
            versus(better.spec, than.spec): contrast([(1.0, better), (-1.0, than)], self.measured)
            for better, than in pairs
        }
        n = min(contrast.n for contrast in found.values())
        if any(contrast.interval is None for contrast in found.values()):
            return [without_spread(label, n)]
        alpha = min(contrast.alpha for contrast in found.values())
        without = self._without(found, alpha)
        above = shown([c.difference.p_above(0.0) or 0.0 for c in found.values()], alpha / 2)
        gaining = [name for i, name in enumerate(found) if i in above]
        without = [name for name in without if name not in gaining]
        left = len(found) - len(gaining)
        status: Status = (
            "differs"
            if len(without) > self.most or left < self.least
            else "holds"
            if len(without) >= self.least and left <= self.most
            else "inconclusive"
        )
        named = f" ({'; '.join(without)})" if without else ""
        why = (
            f"a gain of {self.delta or 0:g} or more is excluded in {len(without)} of {label}{named}, "
            f"a gain is shown in {len(gaining)}; claimed: none in {self.least} to {self.most}"
        )
        numbers = {"without": len(without), "gaining": len(gaining), "of": len(found), "n": n}
        return [Finding(label=label, status=status, why=why, numbers=numbers)]

    def _without(self, found: dict[str, Contrast], alpha: float) -> list[str]:
        """The settings where a gain of `delta` or more is excluded."""
        p_values = [
            p / 2 if c.difference.mean < (self.delta or 0.0) else 1.0
            for c in found.values()
            if (p := c.difference.p_different(self.delta or 0.0)) is not None
        ]
        adjusted = holm(p_values)
        return [name for name, p in zip(found, adjusted, strict=True) if p < alpha / 2]
