"""One spread, shared: the variance of a few seeds, moderated by those of the cells around them.

Two or three seeds tell hardly anything of their own variance. The cells of one dataset in one table,
and those of one block of splits, vary alike, so each variance is drawn towards what they have in
common (empirical Bayes):

G. K. Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression
in microarray experiments, Statistical Applications in Genetics and Molecular Biology 3(1),
article 3, section 6.2.

His prior is taken with caution, because a dozen cells are no ten thousand genes. With HALF, MOST_DF
and HALF of the pooled degrees of freedom, 95 % intervals cover 94 to 97 % of the time (see
benchmarks/verdicts.py and docs/verdicts.md).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncmc.results.statistics import Difference, Sample, against

PRINTED = 3  # printed deviations of one source that a prior is made of
FEWEST = 4  # cells with a variance above 0 that a prior is made of
HALF = 0.5  # of the prior's, and of the pooled, degrees of freedom that count
MOST_DF = 4.0  # that count of a prior, even if no excess is seen


@dataclass(frozen=True)
class Prior:
    """What the variances of several cells have in common: `variance`, worth `df` degrees of freedom.

    df is infinite where the variances differ by no more than chance. `pooled`: the degrees of
    freedom of all these cells together.
    """

    variance: float
    df: float
    pooled: float

    def of_one_source(self, part: Sample) -> Sample:
        """A printed sample, whose source's deviations are taken for one: all their df count."""
        assert part.std is not None
        if math.isinf(self.df):
            return Sample(part.mean, math.sqrt(self.variance), part.n, self.pooled)
        df = self.df + part.degrees
        variance = (self.df * self.variance + part.degrees * part.std**2) / df
        return Sample(part.mean, math.sqrt(variance), part.n, min(df, self.pooled))

    def moderate(self, part: Sample) -> Sample:
        """A sample with the moderated deviation; that of a single seed as it is, without one."""
        if part.std is None:
            return part
        counted, most = min(HALF * self.df, MOST_DF), HALF * self.pooled
        df = counted + part.degrees
        variance = (counted * self.variance + part.degrees * part.std**2) / df
        return Sample(part.mean, math.sqrt(variance), part.n, min(df, most), most)


@dataclass(frozen=True)
class InBlock:
    """A cell's mean over the seeds of its block, with the deviation that the seeds' splits leave."""

    sample: Sample
    cells: int  # of the block, that have these seeds
    lacking: int = 0  # further cells of it, which do not have them yet


def prior_of(samples: Iterable[Sample], fewest: int = FEWEST) -> Prior | None:
    """The prior of the deviations of some cells; None below `fewest` with a deviation above 0.

    Method of moments on the logarithms of the variances, as `fitFDist` of limma.
    """
    from scipy.special import digamma, polygamma

    known = [(part.std**2, part.degrees) for part in samples if part.std]
    if len(known) < fewest:
        return None
    n, pooled = len(known), float(sum(df for _, df in known))
    logs = [math.log(v) - float(digamma(df / 2)) + math.log(df / 2) for v, df in known]
    mean = sum(logs) / n
    noise = sum(float(polygamma(1, df / 2)) for _, df in known) / n
    excess = sum((log - mean) ** 2 for log in logs) / (n - 1) - noise
    if excess <= 0:
        return Prior(sum(v for v, _ in known) / n, math.inf, pooled)
    df = 2 * inverse_trigamma(excess)
    return Prior(math.exp(mean + float(digamma(df / 2)) - math.log(df / 2)), df, pooled)


def as_printed(
    theirs: Sample, ours: Sample, elsewhere: Sequence[Sample] = ()
) -> tuple[Sample, tuple[str, ...]]:
    """A printed mean with the deviation that it is taken to have, and what is assumed for it.

    `theirs` of one run (n = 1, as of a number whose n nobody states) has a deviation that is not below
    ours, nor below any that the same source prints, for it or `elsewhere`: taken for the mean of three
    it would differ too often. A printed deviation of two or three runs is moderated by those that the
    source prints elsewhere (if there are PRINTED of them in all): alone it never has more degrees of
    freedom than those runs.
    """
    if theirs.std is None or theirs.n == 1:
        if ours.std is None:
            return theirs, ()
        largest = max((part.std or 0.0 for part in elsewhere), default=0.0)
        deviations = (
            (ours.std, "ours"),
            (theirs.std or 0.0, f"the printed {theirs.std or 0.0:.2g}"),
            (largest, f"{largest:.2g}, the largest that is printed elsewhere"),
        )
        std, which = max(deviations, key=lambda pair: pair[0])
        return Sample(theirs.mean, std, 1), ("one run", f"its deviation is {which}")
    known = [part for part in elsewhere if part.std and part.n > 1]
    prior = prior_of([theirs, *known], PRINTED)
    if prior is None:
        return theirs, ()
    words = f"the {len(known) + 1} printed deviations are of one spread"
    return prior.of_one_source(theirs), (words,)


def block_of(values: NDArray[np.float64]) -> list[Sample] | None:
    """The rows of a block (k cells, n seeds), each with a deviation of its own, moderated.

    All cells of a seed were trained on its split: a randomised block design. What remains of a value
    without its cell's and its seed's mean is a cell's own spread: the variance of cell i is the sum of
    its squared remainders / (n - 1) x k / (k - 1), with (n - 1)(k - 1) / k degrees of freedom, drawn
    towards what the cells have in common. None below FEWEST cells, or two seeds. Not to be used of
    cells of which one varies three times as much as the rest: it would lend them its spread, and they
    theirs (its 95 % intervals then cover 88 %; docs/verdicts.md).
    """
    k, n = values.shape
    if k < FEWEST or n < 2:
        return None
    means = values.mean(axis=1)
    remainders = values - means[:, None] - values.mean(axis=0) + values.mean()
    variances = (remainders**2).sum(axis=1) / (n - 1) * k / (k - 1)
    df = (n - 1) * (k - 1) / k
    rows = [
        Sample(float(mean), math.sqrt(variance), n, df)
        for mean, variance in zip(means, variances, strict=True)
    ]
    prior = prior_of(rows)
    return [prior.moderate(row) for row in rows] if prior else None


def over_settings(parts: Sequence[Difference], sums: Sample) -> Difference:
    """The sum of the parts that several settings have in it, of which `sums` is the sum by seed.

    Its variance is that of the parts, or more, where its own few sums by seed vary more (they then
    count as a moderated variance does): never less, because two degrees of freedom are often small
    by luck.
    """
    if sums.std is None or any(part.df <= 0 for part in parts):
        return against(sums, 0.0)
    variance = sum(part.error**2 for part in parts)
    df = variance**2 / sum(part.error**4 / part.df for part in parts)
    own = (MOST_DF * variance + (sums.n - 1) * sums.variance_of_mean) / (MOST_DF + sums.n - 1)
    if own > variance:
        variance, df = own, min(df, MOST_DF + sums.n - 1)
    return Difference(sums.mean, math.sqrt(variance), df)


def inverse_trigamma(value: float) -> float:
    """The y with trigamma(y) = `value` > 0, by Newton's method on 1 / trigamma."""
    from scipy.special import polygamma

    if value > 1e7:  # trigamma(y) is 1 / y^2 near 0, and Newton's steps would overflow
        return 1 / math.sqrt(value)
    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if abs(step) < 1e-10 * y:
            break
    return y
