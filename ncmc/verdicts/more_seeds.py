"""How many more seeds a cell would probably decide what is not decided yet."""

import math

from ncmc.results.statistics import MOST_SEEDS, POWER, t_quantile
from ncmc.verdicts.contrasts import Contrast


def more_seeds(found: Contrast, gap: float, alpha: float) -> int | None:
    """The fewest more seeds with which a one-sided test at `alpha` shows a gap to its bound.

    With probability POWER, if the estimate and its moderated spread are true, which is assumed and
    not known. None without a spread, for a gap that is not above 0, and above MOST_SEEDS.
    """
    difference = found.difference
    if difference.df <= 0 or gap <= 0:
        return None
    z = t_quantile(POWER, math.inf)
    for more in range(1, MOST_SEEDS + 1):
        error = difference.error * math.sqrt(found.n / (found.n + more))
        t = t_quantile(1 - alpha, difference.df * (found.n + more) / found.n)
        if (t + z) * error <= gap:
            return more
    return None


def soonest(*more: int | None) -> int | None:
    """The smallest of several, as far as they are known."""
    return min((n for n in more if n is not None), default=None)
