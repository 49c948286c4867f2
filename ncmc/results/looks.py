"""Looks by plan: seeds added in steps, at a level for each step that keeps the whole at 5 %.

Who tests at 3, 5 and 10 seeds at 5 % each, and stops at the first yes, errs in 12 % of pairs. Here the
5 % are spent over the looks, by the share of the seeds that are there (Lan and DeMets 1983).
"""

import math
from collections.abc import Container, Sequence
from functools import cache

import numpy as np

from ncmc.results.statistics import ALPHA

POINTS = 801  # of the integrals over what earlier looks left undecided; odd
FAR = 40.0  # standard deviations: no probability beyond


def pocock(share: float, alpha: float) -> float:
    """The part of `alpha` spent at a share of the seeds, much of it early (Lan and DeMets 1983)."""
    return alpha * math.log(1 + (math.e - 1) * share)


Weighted = tuple[np.ndarray, np.ndarray]  # places, and how much stands at each


@cache
def levels(looks: tuple[int, ...], alpha: float = ALPHA) -> tuple[float, ...]:
    """The two-sided level of a test at each look, so that all of them together err in `alpha`.

    `looks`: rising numbers of seeds. The looks' statistics are those of a normal mean that grows by
    independent seeds. One look has the whole `alpha`.
    """
    if len(looks) == 1:
        return (alpha,)
    from scipy import stats

    shares = [seeds / looks[-1] for seeds in looks]
    spent = [0.0, *(pocock(share, alpha) for share in shares[:-1]), alpha]
    undecided = np.zeros(1), np.ones(1)  # the sum so far starts at 0
    of_looks = []
    for before, share, step in zip([0.0, *shares[:-1]], shares, np.diff(spent), strict=True):
        spread = math.sqrt(share - before)
        edge = _edge(undecided, spread, float(step))
        of_looks.append(float(2 * stats.norm.sf(edge / math.sqrt(share))))
        undecided = _inside(undecided, spread, edge)
    return tuple(of_looks)


def _edge(undecided: Weighted, spread: float, probability: float) -> float:
    """Where the sum must lie, on either side, to be beyond it with a probability after a step."""
    from scipy import optimize, stats

    places, weights = undecided

    def beyond(edge: float) -> float:
        tails = stats.norm.cdf((places - edge) / spread) + stats.norm.cdf((-edge - places) / spread)
        return float(weights @ tails) - probability

    return float(optimize.brentq(beyond, 0.0, FAR, xtol=1e-10))


def _inside(undecided: Weighted, spread: float, edge: float) -> Weighted:
    """The sum after a step, within the edges: places and Simpson's weights times its density there."""
    from scipy import stats

    places, weights = undecided
    grid = np.linspace(-edge, edge, POINTS)
    density = stats.norm.pdf((grid[:, None] - places) / spread) @ weights / spread
    simpson = np.full(POINTS, 2.0)
    simpson[1::2] = 4.0
    simpson[[0, -1]] = 1.0
    return grid, density * simpson * (grid[1] - grid[0]) / 3


def reached(looks: Sequence[int], seeds: Container[int]) -> int | None:
    """The place of the last look whose seeds, 0 .. n - 1, are all there; None: not even the first's."""
    complete = [place for place, n in enumerate(looks) if all(seed in seeds for seed in range(n))]
    return complete[-1] if complete else None
