"""Quantities that every seed of a cell has: their mean against a bound, with a t interval."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ncmc.results.cells import Cell
from ncmc.results.curves import Curve
from ncmc.results.statistics import Difference, against, sample
from ncmc.results.wording import plural
from ncmc.verdicts.check import EachCell
from ncmc.verdicts.contrasts import cautious
from ncmc.verdicts.verdict import Finding, Status
from ncmc.verdicts.wording import no_spread

RESOLUTION = 1e-4  # of a share: what is left of complete collapse is not told from 0


class OverSeeds(EachCell):
    """A check that judges every cell for itself; one of several differs only after Holm."""

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding a cell."""
        return cautious(super().judge(cells), min(cell.alpha for cell in cells))


@dataclass(frozen=True)
class Seeds:
    """The mean of one value a seed and its interval at the cell's level."""

    mean: float
    interval: tuple[float, float] | None  # None where the seeds show no spread
    difference: Difference

    def is_above(self, bound: float) -> "Decision":
        """holds: the interval lies above the bound; differs: below."""
        return self._decided(bound, 1)

    def is_below(self, bound: float) -> "Decision":
        """holds: the interval lies below the bound; differs: above."""
        return self._decided(bound, -1)

    def _decided(self, bound: float, way: int) -> "Decision":
        if self.interval is None:
            return Decision("inconclusive", 1.0, blind=True)
        low, high = sorted(way * (value - bound) for value in self.interval)
        p = self.difference.p_different(bound) or 0.0  # None: nothing is left in any seed
        against_it = p if way * (self.mean - bound) < 0 else 1.0
        return Decision(
            "holds" if low > 0 else "differs" if high < 0 else "inconclusive", against_it
        )


@dataclass(frozen=True)
class Decision:
    """A status, and the p value against what is claimed: small where it is false."""

    status: Status
    p: float
    blind: bool = False  # the seeds show no spread, so nothing can be decided


def seeds(values: Sequence[float], alpha: float) -> Seeds:
    """One value a seed, of which there is at least one, as their mean and interval."""
    difference = against(sample(values), 0.0)
    interval = difference.interval(1 - alpha)
    if len(values) > 1 and max(values) <= math.log(RESOLUTION):
        interval = difference.mean, difference.mean  # equal, and not because one seed is another
    return Seeds(difference.mean, interval, difference)


def log_share(part: float, whole: float) -> float:
    """log(part / whole), of a share that is no smaller than RESOLUTION; `whole` is above 0."""
    return math.log(max(part / whole, RESOLUTION))


def share_words(logs: Seeds) -> str:
    """A share, the geometric mean over seeds, with its interval: `2.1 % (95 % interval ...)`."""
    low, high = logs.interval or (None, None)
    told = "" if low is None or high is None else f" ({_percent(low)} to {_percent(high)})"
    return f"{_percent(logs.mean)} %{told}"


def share_numbers(logs: Seeds, n: int) -> dict[str, JsonValue]:
    """The share as a finding's estimate and interval."""
    low, high = logs.interval or (None, None)
    return {
        "estimate": math.exp(logs.mean),
        "low": None if low is None else math.exp(low),
        "high": None if high is None else math.exp(high),
        "n": n,
    }


def finding(
    cell: Cell, why: str, decisions: Sequence[Decision], numbers: Mapping[str, JsonValue]
) -> Finding:
    """The finding of a cell: all its decisions hold, one of them differs, or neither.

    Its p counts how many decisions one of which may differ by luck (Bonferroni).
    """
    statuses = {decision.status for decision in decisions}
    status: Status = (
        "differs" if "differs" in statuses else "holds" if statuses == {"holds"} else "inconclusive"
    )
    p = min(1.0, len(decisions) * min(decision.p for decision in decisions))
    blind = any(decision.blind for decision in decisions)
    why += f"; {no_spread(cell.n) if blind else plural(cell.n, 'seed')}"
    return Finding(label=cell.spec.label, status=status, why=why, numbers={"p": p, **numbers})


def undecided(cell: Cell, why: str) -> Finding:
    """The finding of a cell that nothing can be said of."""
    return Finding(label=cell.spec.label, status="inconclusive", why=why, numbers={"n": cell.n})


def too_few_epochs(curve: Curve | None, measure: str, fewest: int) -> str | None:
    """Why a curve says nothing; None if every seed has it at `fewest` epochs or more."""
    epochs = () if curve is None else curve.epochs
    if len(epochs) >= fewest:
        return None
    return (
        f"{measure} was measured at {plural(len(epochs), 'epoch')} by every seed; needed: {fewest}"
    )


def peaks(curve: Curve, first: int = 1) -> list[int]:
    """Where each seed's curve is at its peak before its end, as the other seeds tell: an index.

    The largest of many noisy values is too large; the value of a seed at the place where the other
    seeds are at their largest is not. From one seed it is its own. `first`: the earliest index.
    """
    return [_top(_others(curve, seed), first) for seed in range(len(curve.values))]


def _others(curve: Curve, seed: int) -> list[float]:
    rest = [v for i, v in enumerate(curve.values) if i != seed] or [curve.values[seed]]
    return [sum(column) / len(column) for column in zip(*rest, strict=True)]


def _top(values: Sequence[float], first: int) -> int:
    place: Callable[[int], float] = values.__getitem__
    return max(range(first, len(values) - 1), key=place)


def _percent(log: float) -> str:
    share = 100 * math.exp(log)
    return f"{share:.0f}" if share >= 10 else f"{share:.1f}"
