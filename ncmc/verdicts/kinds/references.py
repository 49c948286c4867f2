"""`references`: ours agrees with numbers that others report: whether the harness is fit to judge."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ncmc.errors import listed
from ncmc.paper.references import Comparison
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.reference_numbers import difference
from ncmc.results.statistics import Difference
from ncmc.results.wording import interval_words
from ncmc.verdicts.check import Cells, Positive, gap
from ncmc.verdicts.contrasts import estimate_numbers
from ncmc.verdicts.verdict import (
    MARKS,
    MOST_NAMED,
    ONE_SEED,
    STATUSES,
    Finding,
    Status,
    Verdict,
    counts_words,
    overall,
)

FIT: dict[Status, str] = {
    "holds": "the harness is fit to judge",
    "differs": "the harness is not fit to judge",
    "inconclusive": "it is not decided whether the harness is fit to judge",
    "incomplete": "it is not known yet whether the harness is fit to judge",
}
ELSEWHERE = "this alone does not tell whether the harness is fit to judge"  # of data that stand in
NO_CELL = "no cell"
NO_NUMBER = "no number of others was made as ours"
STAND_IN = "stand_in"  # the key of a finding's numbers that says so


class References(Cells):
    """In each cell with numbers of others that count, ours is within `tolerance` of their range.

    A number counts if papers/NAME/references.csv names our recipe and no difference. holds: our
    mean lies among those numbers, or within `tolerance` points of the nearest. differs: it does
    not, and a t-test with the error of both sides tells it from the nearest. `allow` cells may fail.
    """

    kind: Literal["references"]
    measure: Literal["best"] = (
        "best"  # for numbers whose epoch is not known; the others have theirs
    )
    tolerance: Positive
    allow: Annotated[int, Field(ge=0)] = 0

    @property
    def measured(self) -> Measure:
        """`measure`."""
        return self.measure

    @property
    def may_fail(self) -> int:
        """`allow`."""
        return self.allow

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding for each cell that has a number that counts."""
        counted = [(cell, [c for c in cell.references if c.counts]) for cell in cells]
        findings = [self._agrees(cell, numbers) for cell, numbers in counted if numbers]
        return findings or [Finding(label=NO_CELL, status="inconclusive", why=NO_NUMBER)]

    def summary(self, findings: Sequence[Finding]) -> str:
        """Whether the harness is fit to judge, in one sentence that names what does not agree."""
        if [finding.label for finding in findings] == [NO_CELL]:
            return f"{FIT['inconclusive']}: {NO_NUMBER}"
        labels = {s: [f.label for f in findings if f.status == s] for s in STATUSES}
        told = counts_words("deciding cell", {s: len(names) for s, names in labels.items()})
        told += f"; {self.allow} may fail" if self.allow else ""
        named = [
            f"{s}: {listed(names, MOST_NAMED, '; ')}"
            for s, names in labels.items()
            if names and s != "holds"
        ]
        told += f" ({'. '.join(named)})" if named else ""
        stand_in = next((s for f in findings if (s := f.numbers.get(STAND_IN))), None)
        status = overall([finding.status for finding in findings], self.allow)
        return f"{stand_in}: {told}; {ELSEWHERE}" if stand_in else f"{FIT[status]}: {told}"

    def _agrees(self, cell: Cell, counted: Sequence[Comparison]) -> Finding:
        """The finding of a cell, from those of its numbers that count."""
        finding = gap(cell.spec.label, self.measured, cell) or self._compared(cell, counted)
        if (stand_in := counted[0].stand_in) is None:
            return finding
        numbers = {**finding.numbers, STAND_IN: stand_in}
        return finding.model_copy(update={"why": f"{stand_in}: {finding.why}", "numbers": numbers})

    def _compared(self, cell: Cell, counted: Sequence[Comparison]) -> Finding:
        ours = [(found, number) for number in counted if (found := difference(cell, number))]
        nearest, number = min(ours, key=lambda pair: abs(pair[0].mean))
        status, words = self._status([found for found, _ in ours], nearest, cell.alpha)
        values = sorted(c.reference.value for c in counted)
        return Finding(
            label=cell.spec.label,
            status=status,
            why=f"{_beside(nearest, number)}{_range(values)}: {words}",
            numbers=estimate_numbers(nearest, cell.n)
            | {
                "p": nearest.p_different(),
                "tolerance": self.tolerance,
                "references": [c.reference.id for c in counted],
                "low_reference": values[0],
                "high_reference": values[-1],
            },
        )

    def _status(
        self, ours: Sequence[Difference], nearest: Difference, alpha: float
    ) -> tuple[Status, str]:
        """What the differences to all numbers that count say, and that to the nearest of them."""
        if min(d.mean for d in ours) < 0 < max(d.mean for d in ours):
            return "holds", "among the numbers of others"
        if abs(nearest.mean) <= self.tolerance:
            return "holds", f"within {self.tolerance:g}"
        p = nearest.p_different()
        if p is None:
            return "inconclusive", f"not within {self.tolerance:g}, but {ONE_SEED}"
        if p < alpha:
            return "differs", f"not within {self.tolerance:g}, and told apart from it"
        return "inconclusive", f"not within {self.tolerance:g}, but not told apart from it either"


def _beside(nearest: Difference, number: Comparison) -> str:
    """`ours (best) is 0.55 points below 71.95 (R1) (95 % interval ...)`."""
    way = "above" if nearest.mean > 0 else "below"
    stated = number.reference
    interval = interval_words(nearest.interval())
    return (
        f"ours ({number.measure}) is {abs(nearest.mean):.2f} points {way} {stated.value:g} of "
        f"{stated.id}{interval}"
    )


def _range(values: Sequence[float]) -> str:
    """Which numbers that is the nearest of; nothing for a single one."""
    if len(values) == 1:
        return ""
    return f", the nearest of {len(values)} from {values[0]:g} to {values[-1]:g}"


def reference_verdict(number: Comparison, cell: Cell, verdicts: Sequence[Verdict]) -> str:
    """What a number of others says of ours: its cell's verdict if it counts, else why it does not."""
    judged = [f for v in verdicts if v.kind == "references" for f in v.findings]
    status = next((finding.status for finding in judged if finding.label == cell.spec.label), None)
    return f"{MARKS[status]} {status}" if number.counts and status else number.remark
