"""`trend`: the advantage of one side over the other falls or rises along an axis."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec
from ncmc.verdicts.along_axis import (
    Groups,
    average_words,
    change_weights,
    grouped,
    last_step_weights,
    require_numbers,
)
from ncmc.verdicts.cell_selection import require_axis
from ncmc.verdicts.check import NotNegative, Pair, Pairs, gap, without_spread
from ncmc.verdicts.contrasts import Contrast, Terms, contrast, shown_or_excluded
from ncmc.verdicts.labels import sides
from ncmc.verdicts.settings import OPPOSED, opposed
from ncmc.verdicts.verdict import Conclusion, Finding, Status


class Trend(Pairs):
    """The advantage of `better` over `than` falls (or rises) with the logarithm of `axis`.

    Two changes, averaged over settings: that of a straight line through all places, from the first to
    the last of them, and that of the last step. holds where the intervals of both lie on the claimed
    side of 0: an advantage that falls at first and then stays does not go on falling. differs where a
    change of `delta` or more to that side is excluded of one of them (Bonferroni).
    """

    kind: Literal["trend"]
    axis: str
    way: Literal["falls", "rises"]
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless each setting has two places, whose values are above 0."""
        better = [spec for spec, _ in pairs]
        require_axis(self.axis, better)
        require_numbers(self.axis, better, positive=True)
        for label, places in grouped(self.axis, pairs).items():
            if len(places) < 2:
                raise UsageError(f"'axis' in {label}: {self.axis} has {', '.join(places)} alone.")

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all pairs."""
        groups = self._groups(pairs)
        ends = sorted({float(place) for places in groups.values() for place in places})
        label = f"{average_words(list(groups))}: {self.axis} from {ends[0]:g} to {ends[-1]:g}"
        if absent := gap(label, self.measured, *(cell for pair in pairs for cell in pair)):
            return [absent]
        line = contrast(self._change(pairs, change_weights), self.measured)
        step = contrast(self._change(pairs, last_step_weights), self.measured)
        numbers = line.numbers | {
            "delta": self.delta,
            "last_step": step.numbers,
            "last_step_status": self._status(_strict(step)),
        }
        told = f"the advantage changes by {line.words}, in the last step by {step.words}"
        if line.interval is None or step.interval is None:
            return [without_spread(label, line.n, told, numbers)]
        both = {self._status(line), self._status(step)}
        status: Status = "holds" if both == {"holds"} else "inconclusive"
        if "differs" in {self._status(half) for half in (_strict(line), _strict(step))}:
            status = "differs"
        for weights in (change_weights, last_step_weights):
            each = [
                self._change([pairs[i] for i in places.values()], weights)
                for places in groups.values()
            ]
            if opposed([contrast(terms, self.measured) for terms in each]):
                status, told = "inconclusive", f"{told}; {OPPOSED}"
                numbers["last_step_status"] = "inconclusive"
                break
        return [Finding(label=label, status=status, why=told, numbers=numbers)]

    def _status(self, found: Contrast) -> Status:
        low, high = found.interval or (-math.inf, math.inf)
        if self.way == "falls":
            low, high = -high, -low
        return shown_or_excluded((low, high), self.delta or 0.0)

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """What the finding says; along the epochs, whether the last step excludes a further rise."""
        conclusion, numbers = self.together(findings), findings[0].numbers
        if self.axis != "epochs" or self.way != "rises":
            return conclusion
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        stalled = numbers.get("last_step_status") == "differs"
        return conclusion.model_copy(update={"sides": names, "opposite": stalled})

    def _groups(self, pairs: Sequence[Pair]) -> Groups:
        return grouped(self.axis, [(better.spec, than.spec) for better, than in pairs])

    def _change(
        self, pairs: Sequence[Pair], weights_of: Callable[[Sequence[float]], Sequence[float]]
    ) -> Terms:
        """A weighted sum of the advantages along the axis, averaged over settings."""
        groups = self._groups(pairs)
        return [
            (sign * weight / len(groups), cell)
            for places in groups.values()
            for weight, i in zip(weights_of(list(map(float, places))), places.values(), strict=True)
            for sign, cell in zip((1.0, -1.0), pairs[i], strict=True)
        ]


def _strict(found: Contrast) -> Contrast:
    """One of two, at half the level."""
    return replace(found, alpha=found.alpha / 2)
