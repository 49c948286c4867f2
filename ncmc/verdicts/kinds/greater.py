"""`greater`: one side is above the other."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results.curves import Measure
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.contrasts import Contrast, cautious, contrast, side
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.labels import versus
from ncmc.verdicts.verdict import Finding, Status
from ncmc.verdicts.wording import ONE_SEED

OTHER: dict[Measure, Measure] = {"last": "best", "best": "last"}


class Greater(Pairs):
    """The mean of `better` minus that of `than` is above -`margin`, in every pair of cells.

    holds: its 95 % interval over seeds lies above -`margin`; differs: it lies below. `rule: means`
    looks at the mean difference alone. `allow` pairs may fail.
    """

    kind: Literal["greater"]
    rule: Literal["interval", "means"] = "interval"
    margin: Annotated[float, Field(ge=0)] = 0.0
    allow: Annotated[int, Field(ge=0)] = 0

    @property
    def may_fail(self) -> int:
        """`allow`."""
        return self.allow

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding a pair, with what the other accuracy (last or best) says beside it."""
        findings = [self._above(pair, self.measured) for pair in pairs]
        if self.rule == "interval":
            findings = cautious(findings)
        if self.measured not in OTHER:
            return findings
        other = OTHER[self.measured]
        return [
            _beside(finding, self._above(pair, other), other)
            for finding, pair in zip(findings, pairs, strict=True)
        ]

    def _above(self, pair: Pair, measure: Measure) -> Finding:
        better, than = pair
        label = versus(better.spec, than.spec)
        if absent := gap(label, measure, *pair):
            return absent
        found = contrast([(1.0, better), (-1.0, than)], measure)
        status, words = self._decided(found)
        numbers = found.numbers | {
            "p": found.difference.p_different(-self.margin),
            "margin": self.margin,
        }
        return Finding(label=label, status=status, why=words, numbers=numbers)

    def _decided(self, found: Contrast) -> tuple[Status, str]:
        if self.rule == "means":
            status: Status = "holds" if found.difference.mean > -self.margin else "differs"
            return status, f"{found.words}, decided by the means alone"
        if found.interval is None:
            return "inconclusive", f"{found.words}; {ONE_SEED}"
        return side(found.interval, -self.margin), found.words


def _beside(finding: Finding, other: Finding, measure: str) -> Finding:
    said = {"measure": measure, "status": other.status, "estimate": other.numbers.get("estimate")}
    return finding.model_copy(update={"numbers": {**finding.numbers, "beside": said}})
