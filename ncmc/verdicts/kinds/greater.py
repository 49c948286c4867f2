"""`greater`: one side is above the other, setting by setting and on average."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.results.curves import Measure
from ncmc.system.documents import NotNegative
from ncmc.verdicts.check import Pair, Pairs
from ncmc.verdicts.contrasts import Contrast
from ncmc.verdicts.labels import sides, versus
from ncmc.verdicts.settings import Settings, compared, shown_in
from ncmc.verdicts.verdict import Conclusion, Finding, Status

OTHER: dict[Measure, Measure] = {"last": "best", "best": "last"}


class Greater(Pairs):
    """The mean of `better` minus that of `than` is above -`margin`, in every pair of cells.

    holds: that is shown in all settings but `allow`. differs: an advantage of `delta` or more (with a
    margin: being at most that far below) is excluded on average, or in more than `allow` settings.
    Both at half the level of the cells, which is what their two-sided intervals show; over several
    settings by partial conjunction (statistics.shown).
    """

    kind: Literal["greater"]
    margin: NotNegative = 0.0
    allow: Annotated[int, Field(ge=0)] = 0
    delta: NotNegative | None = None  # None: that of the file, for accuracies; 0 for other measures

    @property
    def refuted_below(self) -> float:
        """The advantage that must be excluded for it to differ."""
        return -self.margin if self.margin else self.delta or 0.0

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding a pair, with what the other accuracy (last or best) says beside it."""
        findings = self._findings(pairs, self.measured)
        if self.measured not in OTHER:
            return findings
        other = OTHER[self.measured]
        return [
            _beside(finding, of_other, other)
            for finding, of_other in zip(findings, self._findings(pairs, other), strict=True)
        ]

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """How far it is shown, and what the average says."""
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        bounds = (-self.margin, self.refuted_below)
        settings = Settings(pairs, findings, self.measured, names, bounds)
        status, excluded = self._status(settings), settings.opposite(self.refuted_below)
        shown = f"shown to be at most {self.margin:g} below" if self.margin else "shown"
        but = ("but " if status == "holds" else "") if excluded else None
        return Conclusion(
            status=status,
            why=settings.words(shown, self._refuted, but) + settings.origin,
            numbers=settings.numbers
            | {"allow": self.allow, "margin": self.margin, "delta": self.delta},
            sides=names,
            opposite=settings.opposite(-self.margin),
        )

    def _findings(self, pairs: Sequence[Pair], measure: Measure) -> list[Finding]:
        absent, contrasts = compared(pairs, measure)
        half = min((contrast.alpha for contrast in contrasts.values()), default=0.0) / 2
        p_above = {i: c.difference.p_above(-self.margin) for i, c in contrasts.items()}
        p_below = {i: c.difference.p_below(self.refuted_below) for i, c in contrasts.items()}
        above, below = (shown_in(p, len(pairs), half) for p in (p_above, p_below))
        return [
            lacking or self._finding(pairs[i], contrasts[i], i in above, i in below)
            for i, lacking in enumerate(absent)
        ]

    def _finding(self, pair: Pair, advantage: Contrast, above: bool, below: bool) -> Finding:
        status: Status = "holds" if above else "differs" if below else "inconclusive"
        return Finding(
            label=versus(pair[0].spec, pair[1].spec),
            status=status,
            why=advantage.words,
            numbers=advantage.numbers
            | {
                "p": advantage.difference.p_different(-self.margin),
                "margin": self.margin,
                "delta": self.delta,
            },
        )

    def _status(self, settings: Settings) -> Status:
        if settings.count("differs") > self.allow:
            return "differs"
        if settings.count("incomplete"):
            return "incomplete"
        if settings.count("holds") >= settings.k - self.allow:
            return "holds"
        return "differs" if settings.opposite(self.refuted_below) else "inconclusive"

    @property
    def _refuted(self) -> str:
        """What is excluded where it differs."""
        if self.margin:
            return f"shown to be more than {self.margin:g} below"
        return f"an advantage of {self.delta or 0:g} or more is excluded"


def _beside(finding: Finding, other: Finding, measure: str) -> Finding:
    beside = {"measure": measure, "status": other.status, "estimate": other.numbers.get("estimate")}
    return finding.model_copy(update={"numbers": {**finding.numbers, "beside": beside}})
