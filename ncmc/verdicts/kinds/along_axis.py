"""`largest`, `trend`: the advantage of one side over the other along an axis."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ncmc.errors import UsageError, unknown
from ncmc.plan.grid import CellSpec
from ncmc.results.wording import plural
from ncmc.system.documents import NotNegative
from ncmc.verdicts.cell_selection import as_in_cells, require_axis
from ncmc.verdicts.check import Pair, Pairs, Wanted, cautious, gap
from ncmc.verdicts.contrasts import Contrast, contrast, shown_or_excluded
from ncmc.verdicts.labels import setting, sides
from ncmc.verdicts.settings import OPPOSED, opposed
from ncmc.verdicts.verdict import Conclusion, Finding, Status

Places = Mapping[str, int]  # place on the axis -> which pair
Groups = Mapping[str, Places]  # setting of the other axes -> its places
Weights = Callable[[Sequence[str]], Sequence[float]]  # of the advantages at places


class AlongAxis(Pairs):
    """How the advantage of `better` over `than` changes along `axis`, averaged over settings."""

    axis: str
    delta: NotNegative | None = None  # None: that of the file, for accuracies

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless each setting has two places on the axis."""
        require_axis(self.axis, [better for better, _ in pairs])
        for label, places in self.grouped(pairs).items():
            if len(places) < 2:
                only = next(iter(places))
                raise UsageError(f"'axis' in {label}: {self.axis} has the value {only} alone.")

    def grouped(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> Groups:
        """The pairs by setting and place. Raises UsageError if two of a setting are at one place."""
        groups: dict[str, dict[str, int]] = {}
        for i, (better, than) in enumerate(pairs):
            label = ", ".join(setting(better, self.axis))
            places = groups.setdefault(label, {})
            if (place := better.attributes[self.axis]) in places:
                raise UsageError(
                    f"'than' in {label}: two cells of it are compared at {self.axis} {place} "
                    f"({than.label}); name one method and its options."
                )
            places[place] = i
        return groups

    def change(
        self, pairs: Sequence[Pair], groups: Groups, weights: Weights
    ) -> tuple[Contrast, bool]:
        """A weighted sum of advantages, averaged over settings, and whether these are opposed."""
        each = [
            [
                (sign * weight, cell)
                for weight, i in zip(weights(list(places)), places.values(), strict=True)
                for sign, cell in zip((1.0, -1.0), pairs[i], strict=True)
            ]
            for places in groups.values()
        ]
        average = [(weight / len(each), cell) for terms in each for weight, cell in terms]
        alone = [contrast(terms, self.measured) for terms in each]
        return contrast(average, self.measured), opposed(alone)


class Largest(AlongAxis):
    """The advantage of `better` over `than` is largest where `axis` is `at`, on average.

    For every other place on the axis, the advantage at `at` minus that elsewhere, averaged over
    settings: holds where its interval lies above 0; differs where an excess of `delta` or more is
    excluded.
    """

    kind: Literal["largest"]
    at: Wanted

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless every setting has the place `at` on the axis, and another."""
        require_axis(self.axis, [better for better, _ in pairs])
        at = as_in_cells(self.at)
        for label, places in self.grouped(pairs).items():
            if at not in places:
                raise UsageError(f"'at' in {label}: {unknown(f'value of {self.axis}', at, places)}")
        super().require_places(pairs)

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """A finding for every other place on the axis; one of several differs only after Holm."""
        at, groups = as_in_cells(self.at), self.grouped([(b.spec, t.spec) for b, t in pairs])
        elsewhere = dict.fromkeys(p for places in groups.values() for p in places if p != at)
        excesses = [self._excess(place, groups, pairs) for place in elsewhere]
        return cautious([finding for finding, _ in excesses], min(alpha for _, alpha in excesses))

    def _excess(self, place: str, groups: Groups, pairs: Sequence[Pair]) -> tuple[Finding, float]:
        """By how much the advantage is larger at `at` than at `place`, and the level of the test."""
        at = as_in_cells(self.at)
        both = {k: {at: p[at], place: p[place]} for k, p in groups.items() if place in p}
        label = f"{_average(list(both))}: {self.axis} {at} against {place}"
        cells = (cell for places in both.values() for i in places.values() for cell in pairs[i])
        if absent := gap(label, self.measured, *cells):
            return absent, 1.0  # nothing is tested
        excess, are_opposed = self.change(pairs, both, lambda _: (1.0, -1.0))
        words = excess.by_words("larger", "smaller")
        why = f"the advantage at {self.axis} {at} is {words} than at {place}"
        numbers = excess.numbers | {"p": excess.difference.p_different(self.delta or 0.0)}
        status = shown_or_excluded(excess.interval, self.delta or 0.0)
        if are_opposed:
            status, why = "inconclusive", f"{why}; {OPPOSED}"
        return Finding(label=label, status=status, why=why, numbers=numbers), excess.alpha


class Trend(AlongAxis):
    """The advantage of `better` over `than` falls (or rises) with the logarithm of `axis`.

    Two changes, averaged over settings: that of a straight line through all places, from the first to
    the last of them, and that of the last step. holds where the intervals of both lie on the claimed
    side of 0: an advantage that falls at first and then stays does not go on falling. differs where a
    change of `delta` or more to that side is excluded of one of them (Bonferroni).
    """

    kind: Literal["trend"]
    way: Literal["falls", "rises"]

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError unless each setting has two places, whose values are above 0."""
        require_axis(self.axis, [better for better, _ in pairs])
        require_numbers(self.axis, [better for better, _ in pairs], positive=True)
        super().require_places(pairs)

    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """One finding for all pairs."""
        groups = self.grouped([(b.spec, t.spec) for b, t in pairs])
        ends = sorted({float(place) for places in groups.values() for place in places})
        label = f"{_average(list(groups))}: {self.axis} from {ends[0]:g} to {ends[-1]:g}"
        if absent := gap(label, self.measured, *(cell for pair in pairs for cell in pair)):
            return [absent]
        (line, line_apart), (step, step_apart) = (
            self.change(pairs, groups, weights) for weights in (change_weights, last_step_weights)
        )
        why = (
            f"from {self.axis} {ends[0]:g} to {ends[-1]:g} the advantage "
            f"{line.by_words('rises', 'falls')}, in the last step it "
            f"{step.by_words('rises', 'falls')}"
        )
        numbers = line.numbers | {
            "delta": self.delta,
            "last_step": step.numbers,
            "last_step_status": "inconclusive" if step_apart else self._status(_strict(step)),
        }
        both = {self._status(line), self._status(step)}
        status: Status = "holds" if both == {"holds"} else "inconclusive"
        if "differs" in {self._status(half) for half in (_strict(line), _strict(step))}:
            status = "differs"
        if line_apart or step_apart:
            status, why = "inconclusive", f"{why}; {OPPOSED}"
        return [Finding(label=label, status=status, why=why, numbers=numbers)]

    def _status(self, change: Contrast) -> Status:
        interval = change.interval
        if interval and self.way == "falls":
            interval = -interval[1], -interval[0]
        return shown_or_excluded(interval, self.delta or 0.0)

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """What the finding says; along the epochs, whether the last step excludes a further rise."""
        conclusion, numbers = self.together(findings), findings[0].numbers
        if self.axis != "epochs" or self.way != "rises":
            return conclusion
        names = sides([(b.spec, t.spec) for b, t in pairs], self.better, self.than)
        stalled = numbers.get("last_step_status") == "differs"
        return conclusion.model_copy(update={"sides": names, "opposite": stalled})


def require_numbers(axis: str, specs: Iterable[CellSpec], positive: bool = False) -> None:
    """Raises UsageError unless the values on an axis are numbers, above 0 if `positive`."""
    for spec in specs:
        place = spec.attributes[axis]
        try:
            number = float(place)
        except ValueError as error:
            raise UsageError(f"'axis': {axis} has the value {place}, no number.") from error
        if positive and number <= 0:
            raise UsageError(f"'axis': {axis} has the value {place}; needed: above 0.")


def change_weights(places: Sequence[str]) -> list[float]:
    """Of the values at places: what a straight line in log(place) changes from end to end."""
    logs = [math.log(float(place)) for place in places]
    centre = sum(logs) / len(logs)
    total = sum((x - centre) ** 2 for x in logs)
    return [(max(logs) - min(logs)) * (x - centre) / total for x in logs]


def last_step_weights(places: Sequence[str]) -> list[float]:
    """Of the values at places: what they change by from the last but one to the last."""
    order = sorted(range(len(places)), key=lambda i: float(places[i]))
    weights = [0.0] * len(places)
    weights[order[-1]], weights[order[-2]] = 1.0, -1.0
    return weights


def _average(groups: Sequence[str]) -> str:
    """What an average is over: the one setting, or how many there are."""
    return groups[0] if len(groups) == 1 else f"average over {plural(len(groups), 'setting')}"


def _strict(change: Contrast) -> Contrast:
    """One of two, at half the level."""
    return replace(change, alpha=change.alpha / 2)
