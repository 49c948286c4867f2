"""`exceptions`: one side is above the other in most settings, but not in all."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results.wording import plural
from ncmc.system.documents import NotNegative
from ncmc.verdicts.check import Pair, Pairs, gap
from ncmc.verdicts.contrasts import contrasts, lacking_numbers
from ncmc.verdicts.labels import versus
from ncmc.verdicts.settings import shown_in
from ncmc.verdicts.verdict import Finding, Status, no_spread

Count = Annotated[int, Field(ge=1)]


class Exceptions(Pairs):
    """In `least` to `most` settings `better` gains nothing over `than`.

    A setting counts as one where a gain of `delta` or more is excluded (statistics.shown).
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
        gains, delta = contrasts(pairs, self.measured), self.delta or 0.0
        n, half = min(gain.n for gain in gains), min(gain.alpha for gain in gains) / 2
        if any(gain.interval is None for gain in gains):
            why = no_spread(n)
            return [Finding(label=label, status="inconclusive", why=why, numbers={"n": n})]
        above = {i: gain.difference.p_above(0.0) for i, gain in enumerate(gains)}
        below = {i: gain.difference.p_below(delta) for i, gain in enumerate(gains)}
        gaining = shown_in(above, len(gains), half)
        places = sorted(shown_in(below, len(gains), half) - gaining)
        without = [versus(pairs[i][0].spec, pairs[i][1].spec) for i in places]
        left = len(gains) - len(gaining)
        status: Status = (
            "differs"
            if len(without) > self.most or left < self.least
            else "holds"
            if len(without) >= self.least and left <= self.most
            else "inconclusive"
        )
        named = f" ({'; '.join(without)})" if without else ""
        why = (
            f"a gain of {delta:g} or more is excluded in {len(without)} of {label}{named}, "
            f"a gain is shown in {len(gaining)}; claimed: none in {self.least} to {self.most}"
        )
        counts = {"without": len(without), "gaining": len(gaining), "of": len(gains), "n": n}
        numbers = counts | lacking_numbers(gains)
        return [Finding(label=label, status=status, why=why, numbers=numbers)]
