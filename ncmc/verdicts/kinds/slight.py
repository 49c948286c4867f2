"""`slight`: the gain of one side over the other is small."""

from collections.abc import Sequence
from typing import Literal

from ncmc.verdicts.check import Pair, Pairs, Positive
from ncmc.verdicts.contrasts import contrast
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.verdict import Finding, Status
from ncmc.verdicts.wording import ONE_SEED


class Slight(Pairs):
    """The gain of `better` over `than`, averaged over all pairs, is above 0 and below `most`.

    holds: the gain's 95 % interval over seeds lies between the two; differs: it lies outside.
    """

    kind: Literal["slight"]
    most: Positive

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all pairs."""
        label = f"average over {len(pairs)} settings"
        if absent := gap(label, self.measured, *(cell for pair in pairs for cell in pair)):
            return [absent]
        share = 1 / len(pairs)
        terms = [term for better, than in pairs for term in ((share, better), (-share, than))]
        found = contrast(terms, self.measured)
        numbers = found.numbers | {"most": self.most}
        if found.interval is None:
            words = f"{found.words}; {ONE_SEED}"
            return [Finding(label=label, status="inconclusive", why=words, numbers=numbers)]
        low, high = found.interval
        inside, outside = low > 0 and high < self.most, high < 0 or low > self.most
        status: Status = "holds" if inside else "differs" if outside else "inconclusive"
        return [Finding(label=label, status=status, why=found.words, numbers=numbers)]
