"""`equal`: two sides are equivalent."""

from collections.abc import Sequence
from typing import Literal

from ncmc.results.wording import signed
from ncmc.verdicts.check import Pair, Pairs, Positive
from ncmc.verdicts.contrasts import contrast, equivalence
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.labels import versus
from ncmc.verdicts.verdict import Finding


class Equal(Pairs):
    """`better` and `than` are equivalent within `margin`, in every pair of cells.

    holds: two one-sided tests (TOST) say so; differs: they do not, and a t-test tells the two apart.
    """

    kind: Literal["equal"]
    margin: Positive

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding a pair."""
        return [self._equivalent(pair) for pair in pairs]

    def _equivalent(self, pair: Pair) -> Finding:
        better, than = pair
        label = versus(better.spec, than.spec)
        if absent := gap(label, self.measured, *pair):
            return absent
        found = contrast([(1.0, better), (-1.0, than)], self.measured)
        equivalent = found.difference.p_equivalent(self.margin)
        different = found.difference.p_different()
        status, words = equivalence(equivalent, different, f"within {self.margin:g}")
        return Finding(
            label=label,
            status=status,
            why=f"{signed(found.difference.mean)}{found.unit}: {words}",
            numbers=found.numbers
            | {"p_equivalent": equivalent, "p_different": different, "margin": self.margin},
        )
