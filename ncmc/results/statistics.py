"""Comparing means of a few seeds: intervals, difference and equivalence tests.

Standard deviations are sample standard deviations (ddof = 1). SciPy is imported where it is used:
commands that compute nothing do not pay for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

LEVEL = 0.95  # of the confidence intervals shown
ALPHA = 0.05  # of the tests


@dataclass(frozen=True)
class Sample:
    """Mean and standard deviation of `n` seeds; std is None where n = 1 or it is not known."""

    mean: float
    std: float | None
    n: int
    df: float | None = None  # of the deviation, if it rests on more than these seeds
    most: float = math.inf  # df that no sum of such samples exceeds (see shared_spread)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the deviation: `df`, or n - 1."""
        return self.n - 1 if self.df is None else self.df

    @property
    def variance_of_mean(self) -> float:
        """std^2 / n."""
        assert self.std is not None
        return self.std**2 / self.n


@dataclass(frozen=True)
class Difference:
    """An estimated difference, its standard error and degrees of freedom.

    df is 0 where the spread is not known; then there is no interval and no test.
    """

    mean: float
    error: float
    df: float

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """The two-sided t interval at `level`; None where the spread is not known."""
        if self.df <= 0:
            return None
        half = t_quantile((1 + level) / 2, self.df) * self.error
        return self.mean - half, self.mean + half

    def p_different(self, shift: float = 0.0) -> float | None:
        """The two-sided p value of "the difference is `shift`"."""
        tail = self._tail(abs(self.mean - shift))
        return None if tail is None else min(1.0, 2 * tail)

    def p_above(self, bound: float) -> float | None:
        """The one-sided p value of "the difference is at most `bound`"."""
        return self._tail(self.mean - bound)

    def p_below(self, bound: float) -> float | None:
        """The one-sided p value of "the difference is at least `bound`"."""
        return self._tail(bound - self.mean)

    def p_outside(self, margin: float) -> float | None:
        """The p value of "the difference is at most `margin` away from 0", on the side of its mean.

        At the level alpha it says what the interval at 1 - 2 alpha says.
        """
        return self._tail(abs(self.mean) - margin)

    def p_equivalent(self, margin: float) -> float | None:
        """The TOST p value of "the difference is at least `margin` away from 0" (Schuirmann)."""
        lower, upper = self._tail(self.mean + margin), self._tail(margin - self.mean)
        return None if lower is None or upper is None else max(lower, upper)

    def _tail(self, distance: float) -> float | None:
        """P(T > distance / error); None where the spread is not known."""
        from scipy import special

        if self.df <= 0:
            return None
        if math.isinf(self.df):
            return float(special.ndtr(-distance / self.error))
        return float(special.stdtr(self.df, -distance / self.error))


def sample(values: Sequence[float]) -> Sample:
    """The mean and standard deviation of one value per seed. Needs at least one value."""
    data = np.asarray(values, dtype=float)
    std = float(data.std(ddof=1)) if len(data) > 1 else None
    return Sample(float(data.mean()), std, len(data))


def against(ours: Sample, value: float) -> Difference:
    """Ours minus a given value (one-sample t)."""
    return combine([(1.0, ours), (-1.0, Sample(value, 0.0, 1, math.inf))])


def welch(first: Sample, second: Sample) -> Difference:
    """First minus second for independent samples (Welch-Satterthwaite degrees of freedom)."""
    return combine([(1.0, first), (-1.0, second)])


def against_reported(ours: Sample, theirs: Sample) -> Difference:
    """Ours minus a mean that others report, with the error of both sides.

    Welch where they report a deviation of several seeds, but with no more degrees of freedom than if
    the two deviations were equal: that of two or three seeds is often small by luck, and Satterthwaite
    then counts ours alone. Else their deviation, if unknown, is taken to be ours, and the degrees of
    freedom are ours alone: exact if the two deviations are equal.
    """
    if ours.std is None:
        return welch(ours, theirs)
    if theirs.std is not None and theirs.n > 1:
        difference = welch(ours, theirs)
        alike = welch(replace(ours, std=1.0), replace(theirs, std=1.0))
        return replace(difference, df=min(difference.df, alike.df))
    std = ours.std if theirs.std is None else theirs.std
    error = math.sqrt(ours.variance_of_mean + std**2 / theirs.n)
    return Difference(ours.mean - theirs.mean, error, ours.degrees if error else 0.0)


def combine(terms: Sequence[tuple[float, Sample]]) -> Difference:
    """The weighted sum of means of independent samples, with Satterthwaite's df.

    Seeds that are all equal tell no spread, as little as one seed does.
    """
    mean = sum(weight * part.mean for weight, part in terms)
    if any(part.std is None for _, part in terms):
        return Difference(mean, 0.0, 0.0)
    variances = [(weight**2 * part.variance_of_mean, part.degrees) for weight, part in terms]
    total = sum(variance for variance, _ in variances)
    if total == 0:
        return Difference(mean, 0.0, 0.0)
    df = total**2 / sum(variance**2 / df for variance, df in variances)
    caps = [part.most for _, part in terms if part.std]
    return Difference(mean, math.sqrt(total), min(df, max(caps)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def shown(p_values: Sequence[float], alpha: float) -> frozenset[int]:
    """Which of several effects are shown, and so in at least how many there is one (u of k).

    The largest u with (k - u + 1) p_(u) <= alpha, p in ascending order: partial conjunction
    (Benjamini and Heller 2008). With probability 1 - alpha none of the u smallest is there by
    luck (Hochberg 1988), if the p values are independent or positively dependent.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    k = len(order)
    most = max(
        (u for u in range(1, k + 1) if (k - u + 1) * p_values[order[u - 1]] <= alpha), default=0
    )
    return frozenset(order[:most])


def t_quantile(probability: float, df: float) -> float:
    """Student's t; the normal distribution's with infinite df."""
    from scipy import special

    if math.isinf(df):
        return float(special.ndtri(probability))
    return float(special.stdtrit(df, probability))
