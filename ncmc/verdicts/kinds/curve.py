"""`curve`: what a collapse measure does over the epochs, as terms, each a value beside a bound.

A term takes one number of each seed's curve, alone or as a share of another, and decides by the
interval over seeds. Cosines are judged as they are, everything else on the log scale.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self, cast

import numpy as np
from pydantic import Field, JsonValue, model_validator

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import MatrixMeasure, Measure, Series
from ncmc.results.statistics import against, sample
from ncmc.results.wording import plural, rounded
from ncmc.system.documents import Positive, Strict
from ncmc.verdicts.check import EachCell
from ncmc.verdicts.verdict import Finding, Status, no_spread, overall

RESOLUTION = 1e-4  # of a share: what is left of complete collapse is not told from 0
MOST = 0.95  # of the pairs of images of the smallest class

Place = Literal["start", "end", "peak", "before_peak", "after_peak", "every"]
Quantity = Literal[
    "nc_mean", "nc_std", "variability", "floor_distance", "class_cosine_mean", "class_cosine_rms",
    "class_cosine_worst", "simplex_share", "tail_cosine_most",
]  # fmt: skip
WORDS: Mapping[str, str] = {
    "nc_mean": "mean NC",
    "nc_std": "the standard deviation of NC",
    "variability": "the variability",
    "floor_distance": "the variability's distance to its floor (1: features that know nothing)",
    "class_cosine_mean": "the mean cosine of two class means",
    "class_cosine_rms": "the root mean square of the cosines of class means",
    "class_cosine_worst": "the largest cosine of two class means",
    "simplex_share": "the class means' cosine (1: a simplex ETF's)",
    "tail_cosine_most": f"the cosine that {100 * MOST:g} % of the smallest class's pairs reach",
}
SHARES = {"start": " of its start", "peak": " of its peak", "variability_floor": " of its floor"}


def _simplex_share(pairs: Sequence[float]) -> float:
    """The mean cosine over -1 / (K - 1), of K classes with K (K - 1) / 2 pairs."""
    return -float(np.mean(pairs)) * (math.sqrt(1 + 8 * len(pairs)) - 1) / 2


OF_PAIRS: Mapping[str, tuple[MatrixMeasure, Callable[[Sequence[float]], float]]] = {
    "class_cosine_mean": ("class_cosines", lambda pairs: float(np.mean(pairs))),
    "class_cosine_rms": ("class_cosines", lambda pairs: float(np.sqrt(np.mean(np.square(pairs))))),
    "class_cosine_worst": ("class_cosines", lambda pairs: float(np.max(np.abs(pairs)))),
    "simplex_share": ("class_cosines", _simplex_share),
    "tail_cosine_most": ("tail_cosines", lambda pairs: float(np.quantile(pairs, 1 - MOST))),
}


class NotMeasuredError(Exception):
    """Why the records of a cell do not tell a term."""


class Term(Strict):
    """A number of each seed's curve of `measure` is `below` or `above` a bound.

    `at`: start, the first measured epoch; end, what three quarters of the epochs measured in the last
    quarter of the run are on this side of; peak, in the first half, where the other seeds have theirs,
    so that noise about a plateau is no rise; before_peak, the lowest after the start and up to there;
    after_peak, the geometric mean; every epoch, the run's first among them; or the first epoch that is
    not before a share of the run. `over`: as a share of that. `beside`: divided by the share that
    another curve keeps of its start, at the same epochs.
    """

    measure: Quantity
    at: Place | Annotated[float, Field(gt=0, lt=1)]
    over: Literal["start", "peak", "variability_floor"] | Positive = 1.0
    beside: Literal["nc_mean", "nc_std"] | None = None
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.below is None) == (self.above is None):
            raise ValueError("a term has one bound, 'below' or 'above'")
        if self.log and self.bound <= 0:
            raise ValueError("the bound of a share must be above 0")
        if self.beside and self.at != "after_peak":
            raise ValueError("'beside' goes with 'at: after_peak'")
        return self

    @property
    def bound(self) -> float:
        """`below` or `above`."""
        return cast(float, self.above if self.below is None else self.below)

    @property
    def log(self) -> bool:
        """Whether it is judged on the log scale."""
        return self.measure not in OF_PAIRS

    def as_number(self, value: float) -> float:
        """A value on the scale of its judgement, as it is measured."""
        return math.exp(value) if self.log else value

    def shown(self, value: float) -> str:
        """A value on the scale of its judgement, as it is written: `0.35`, or `2.1 %` of a logarithm."""
        if not self.log:
            return rounded(value, 3)
        share = 100 * math.exp(value)
        return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %"

    def decided(self, cell: Cell) -> "Decision":
        """What the seeds of a cell say of it. Raises NotMeasuredError."""
        series = self._series(cell, self.measure)
        tops = _peaks(series, 0 if self.at == "after_peak" else 1)
        wholes = self._wholes(cell, series, tops)
        numbers = [
            self._number(series.epochs, seed, top, whole)
            for seed, top, whole in zip(series.values, tops, wholes, strict=True)
        ]
        if self.beside:
            other = self._series(cell, self.beside)
            if other.epochs != series.epochs or min(other.first) <= 0:
                raise NotMeasuredError(
                    f"{self.beside} has no share of its start beside each {self.measure}"
                )
            kept = (
                mean_log(seed[top + 1 :], seed[0])
                for seed, top in zip(other.values, tops, strict=True)
            )
            numbers = [number - share for number, share in zip(numbers, kept, strict=True)]
        return _decision(self, numbers, cell.alpha, self._course(series, tops))

    def _series(self, cell: Cell, quantity: Quantity) -> Series:
        """A curve of every seed, at as many epochs as the term needs."""
        series = _of_cell(cell, quantity)
        epochs = () if series is None else series.epochs
        fewest = 3 if "peak" in str(self.at) else 1 if self.at == "every" else 2
        if series is None or len(epochs) < fewest:
            raise NotMeasuredError(
                f"{quantity} was measured at {plural(len(epochs), 'epoch')} by every seed; "
                f"needed: {fewest}"
            )
        first = cell.records[0].result.history[0].epoch
        if self.at == "every" and epochs[0] != first:
            raise NotMeasuredError(f"{quantity} was not measured at epoch {first} by every seed")
        return series

    def _wholes(self, cell: Cell, series: Series, tops: Sequence[int]) -> Sequence[float]:
        """What each seed's number is a share of."""
        if not isinstance(self.over, str):
            return [self.over] * len(series.values)
        wholes: Sequence[float] = series.first
        if self.over == "peak":
            wholes = [seed[top] for seed, top in zip(series.values, tops, strict=True)]
        elif self.over == "variability_floor":
            wholes = _floor(cell)
        if min(wholes) <= 0:
            raise NotMeasuredError(f"{self.measure}: 0 {SHARES[self.over].replace(' of', 'at')}")
        return wholes

    def _number(
        self, epochs: Sequence[int], seed: Sequence[float], top: int, whole: float
    ) -> float:
        """The number of one seed; its logarithm where it is judged on that scale."""
        if self.at == "after_peak":
            return mean_log(seed[top + 1 :], whole)
        if self.at == "end":
            share = 0.25 if self.below is None else 0.75
            value = float(np.quantile(last_quarter(epochs, seed), share))
        elif self.at == "every":
            value = min(seed) if self.below is None else max(seed)
        elif self.at == "before_peak":
            value = min(seed[1 : top + 1])
        elif isinstance(self.at, float):
            reached = self.at * epochs[-1]
            value = next(v for i, v in enumerate(seed) if i and epochs[i] >= reached)
        else:
            value = seed[0] if self.at == "start" else seed[top]
        return mean_log([value], whole) if self.log else value

    def _course(self, series: Series, tops: Sequence[int]) -> str:
        """`mean NC at the end`: what is judged."""
        epochs = series.epochs
        places = {
            "start": f"at epoch {epochs[0]}",
            "end": "at the end",
            "peak": f"at its peak about epoch {epochs[tops[0]]}",
            "before_peak": "at its lowest between start and peak",
            "after_peak": "after its peak",
            "every": f"at each of {plural(len(epochs), 'measured epoch')}",
        }
        if isinstance(self.at, float):
            return f"{WORDS[self.measure]} after {100 * self.at:g} % of the epochs"
        beside = f", beside what {WORDS[self.beside]} keeps of its start," if self.beside else ""
        return f"{WORDS[self.measure]} {places[self.at]}{beside}"


class Curve(EachCell):
    """Each of `terms` is true of the curves of each cell.

    holds: the interval over seeds of every term lies on the claimed side of its bound. differs: that
    of one term lies on the other side, after Bonferroni over the terms and Holm over the cells.
    """

    kind: Literal["curve"]
    terms: Annotated[tuple[Term, ...], Field(min_length=1)]

    @property
    def measured(self) -> Measure:
        """What the first term looks at."""
        return _basis(self.terms[0].measure)

    def judge_cell(self, cell: Cell) -> Finding:
        """What the seeds of a cell say of all terms."""
        numbers: dict[str, JsonValue] = {"n": cell.n}
        try:
            decisions = [term.decided(cell) for term in self.terms]
        except NotMeasuredError as error:
            return Finding(
                label=cell.spec.label, status="inconclusive", why=str(error), numbers=numbers
            )
        status = overall([decision.status for decision in decisions])
        deciding = next(decision for decision in decisions if decision.status == status)
        blind = any(decision.blind for decision in decisions)
        seeds = no_spread(cell.n) if blind else plural(cell.n, "seed")
        numbers |= deciding.numbers | {
            "p": min(1.0, len(decisions) * min(decision.p for decision in decisions)),
            "terms": [decision.numbers for decision in decisions],
        }
        ordered = sorted(decisions, key=lambda decision: decision is not deciding)
        why = "; ".join([*(decision.words for decision in ordered), seeds])
        return Finding(label=cell.spec.label, status=status, why=why, numbers=numbers)


@dataclass(frozen=True)
class Decision:
    """What the seeds say of a term."""

    status: Status
    p: float  # against what is claimed: small where it is false
    blind: bool  # whether they show no spread
    words: str  # `mean NC at the end is 2.1 % of 2 (95 %: 1.7 to 2.6 %), claimed: below 10 %`
    numbers: dict[str, JsonValue]  # the estimate, its interval and the bound


def _decision(term: Term, values: Sequence[float], alpha: float, course: str) -> Decision:
    """By the interval of the mean of one number per seed: on which side of the bound it lies.

    `course`: what is judged, in words.
    """
    difference = against(sample(values), 0.0)
    interval = difference.interval(1 - alpha)
    if term.log and len(values) > 1 and max(values) <= math.log(RESOLUTION):
        interval = difference.mean, difference.mean  # equal, and not because one seed is another
    side = "above" if term.below is None else "below"
    way, bound = 1 if side == "above" else -1, math.log(term.bound) if term.log else term.bound
    status: Status = "inconclusive"
    p = 1.0
    if interval:
        low, high = sorted(way * (end - bound) for end in interval)
        status = "holds" if low > 0 else "differs" if high < 0 else "inconclusive"
        if way * (difference.mean - bound) <= 0:
            p = difference.p_different(bound) or 0.0  # None: all equal
    ends = interval or ()
    mean, *shown = map(term.shown, (difference.mean, *ends))
    spread = (
        f" ({100 * (1 - alpha):.3g} %: {shown[0].removesuffix(' %')} to {shown[1]})" if ends else ""
    )
    over = term.over
    whole = SHARES[over] if isinstance(over, str) else f" of {over:g}" if over != 1 else ""
    words = f"{course} is {mean}{whole}{spread}, claimed: {side} {term.shown(bound)}"
    measured = tuple(map(term.as_number, ends)) or (None, None)
    numbers: dict[str, JsonValue] = {
        "estimate": term.as_number(difference.mean),
        "low": measured[0],
        "high": measured[1],
        "bound": term.bound,
        "quantity": term.measure,
    }
    return Decision(status, p, interval is None, words, numbers)


def last_quarter(epochs: Sequence[int], values: Sequence[float]) -> list[float]:
    """The values that were measured in the last quarter of the epochs."""
    return [v for epoch, v in zip(epochs, values, strict=True) if epoch > 0.75 * epochs[-1]]


def mean_log(values: Sequence[float], whole: float = 1.0) -> float:
    """The mean of log(value / whole), of shares that are no smaller than RESOLUTION."""
    return sum(math.log(max(value / whole, RESOLUTION)) for value in values) / len(values)


# --- curves of a cell --------------------------------------------------------------------------


def _basis(quantity: Quantity) -> Measure:
    """The measure of a record that a quantity is computed from."""
    if quantity in OF_PAIRS:
        return cast(Measure, OF_PAIRS[quantity][0].removesuffix("s"))
    return "variability" if quantity == "floor_distance" else cast(Measure, quantity)


def _of_cell(cell: Cell, quantity: Quantity) -> Series | None:
    """A quantity over the epochs at which every seed has it; None where no epoch does."""
    if quantity in OF_PAIRS:
        matrix, number = OF_PAIRS[quantity]
        pairs = curves.pair_curves(cell, matrix)
        columns = [[number(seed) for seed in seeds] for seeds in pairs.values()]
        values = tuple(zip(*columns, strict=True))
        return Series(_basis(quantity), tuple(pairs), values) if pairs else None
    series = curves.curve(cell, _basis(quantity))
    if quantity != "floor_distance" or series is None:
        return series
    values = tuple(
        tuple(abs(v - floor) / (1 - floor) for v in seed)
        for seed, floor in zip(series.values, _floor(cell), strict=True)
    )
    return Series("variability", series.epochs, values)


def _floor(cell: Cell) -> tuple[float, ...]:
    """Each seed's floor of the variability, below 1."""
    floor = curves.curve(cell, "variability_floor")
    if floor is None:
        raise NotMeasuredError(
            "no record has a floor of the variability: the method has no fixed targets"
        )
    if max(floor.last) >= 1:
        raise NotMeasuredError("the variability's floor is 1: it has nowhere to fall")
    return floor.last


def _peaks(series: Series, first: int) -> list[int]:
    """Where each seed's curve is at its peak in the first half, as the other seeds tell: an index.

    The largest of many noisy values is too large; the value of a seed at the place where the other
    seeds are at their largest is not. From one seed it is its own. `first`: the earliest index.
    """
    half = sum(epoch <= series.epochs[-1] / 2 for epoch in series.epochs)
    places = range(first, max(first + 1, half)) if len(series.epochs) > first else range(1)
    tops = []
    for i, own in enumerate(series.values):
        others = [seed for j, seed in enumerate(series.values) if j != i] or [own]
        tops.append(max(places, key=np.mean(others, axis=0).__getitem__))
    return tops
