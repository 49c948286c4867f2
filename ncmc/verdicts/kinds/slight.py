"""`slight`: the gain of one side over the other is small."""

from collections.abc import Sequence
from typing import Literal

from ncmc.system.documents import NotNegative, Positive
from ncmc.verdicts.check import Pair, Pairs, gap
from ncmc.verdicts.contrasts import Contrast, average, contrasts
from ncmc.verdicts.labels import sides
from ncmc.verdicts.settings import OPPOSED, Settings, opposed
from ncmc.verdicts.verdict import Conclusion, Finding, Status


class Slight(Pairs):
    """The gain of `better` over `than`, averaged over all pairs, is above 0 and below `most`.

    holds: the gain's interval over seeds lies between the two. differs: a gain of `delta` or more is
    excluded, or one below `most`.
    """

    kind: Literal["slight"]
    most: Positive
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all pairs."""
        label = f"average over {len(pairs)} settings"
        if absent := gap(label, self.measured, *(cell for pair in pairs for cell in pair)):
            return [absent]
        gain = average(pairs, self.measured)
        status, words = self._decided(gain)
        if opposed(contrasts(pairs, self.measured), 0.0, self.most):
            status, words = "inconclusive", OPPOSED
        why = f"{gain.words}; {words}" if gain.interval else gain.words
        numbers = gain.numbers | {"most": self.most, "delta": self.delta}
        return [Finding(label=label, status=status, why=why, numbers=numbers)]

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """What the average says; of some of the settings, where the others have no records."""
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        compared = Finding(label="", status="holds", why="")
        each = [gap("", self.measured, *pair) or compared for pair in pairs]
        bounds = (0.0, self.most, self.delta or 0.0)
        settings = Settings(pairs, each, self.measured, names, bounds, self.most)
        (finding,) = findings
        words = (
            [settings.difference_words, *settings.lacking] if settings.whole else [settings.nothing]
        )
        if settings.average and settings.all_compared:
            words.append(OPPOSED if settings.opposed else self._decided(settings.average)[1])
        return Conclusion(
            status=finding.status,
            why="; ".join(words) + settings.origin,
            numbers=settings.average.numbers
            | {"of": len(pairs), "most": self.most, "delta": self.delta}
            if settings.average
            else {},
            sides=names,
            opposite=settings.opposite(),
        )

    def _decided(self, gain: Contrast) -> tuple[Status, str]:
        if gain.interval is None:
            return "inconclusive", "not decided"
        low, high = gain.interval
        if low > 0 and high < self.most:
            return "holds", f"above 0 and below {self.most:g}"
        if high < (self.delta or 0.0):
            return "differs", f"a gain of {self.delta or 0:g} or more is excluded"
        if low > self.most:
            return "differs", f"more than {self.most:g}"
        return "inconclusive", "not decided"
