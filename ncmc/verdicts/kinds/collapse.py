"""`collapse`: features gather at their targets."""

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.statistics import against, sample
from ncmc.verdicts.by_seed import agreement
from ncmc.verdicts.check import EachCell, Share
from ncmc.verdicts.contrasts import estimate_numbers
from ncmc.verdicts.verdict import Finding, Status


class Collapse(EachCell):
    """NC at the last measured epoch is below `ratio` times NC at the first.

    holds: the share's 95 % interval over seeds lies below `ratio`, and the variability of every
    seed has come closer to its floor, which is where complete collapse puts it; 0 is not.
    """

    kind: Literal["collapse"]
    ratio: Share
    measure: Literal["nc_mean"] = "nc_mean"

    def judge_cell(self, cell: Cell) -> Finding:
        """What the seeds' shares say together."""
        label, nc = cell.spec.label, curves.curve(cell, self.measure)
        if nc is None or len(nc.epochs) < 2:
            why = f"{self.measure} was not measured at two epochs by every seed"
            return Finding(label=label, status="inconclusive", why=why)
        if min(nc.first) <= 0:
            why = "mean NC is 0 at the first measured epoch: it has no share to fall to"
            return Finding(label=label, status="inconclusive", why=why)
        share = against(
            sample([last / first for first, last in zip(nc.first, nc.last, strict=True)]), 0.0
        )
        low, high = share.interval() or (share.mean, share.mean)
        status: Status = (
            "holds" if high < self.ratio else "differs" if low > self.ratio else "inconclusive"
        )
        spread = _variability(cell)
        if status == "holds" and spread:
            status = agreement(spread.seeds_closer, cell.n)
        first, last = sample(nc.first).mean, sample(nc.last).mean
        return Finding(
            label=label,
            status=status,
            why=f"mean NC {first:.3f} at epoch {nc.epochs[0]}, {last:.3f} at epoch "
            f"{nc.epochs[-1]}: {100 * share.mean:.0f} % of it" + (spread.words if spread else ""),
            numbers=estimate_numbers(share, cell.n)
            | {"ratio": self.ratio, "nc_first": first, "nc_last": last}
            | (spread.numbers if spread else {}),
        )


@dataclass(frozen=True)
class _Variability:
    """How the variability moved towards its floor; means over seeds."""

    first: float
    last: float
    floor: float
    seeds_closer: int

    @property
    def words(self) -> str:
        return f"; variability {self.first:.3f} to {self.last:.3f}, its floor {self.floor:.3f}"

    @property
    def numbers(self) -> dict[str, JsonValue]:
        return {
            "variability_first": self.first,
            "variability_last": self.last,
            "variability_floor": self.floor,
            "seeds_closer_to_floor": self.seeds_closer,
        }


def _variability(cell: Cell) -> _Variability | None:
    """None where the variability has no floor: the method has no fixed targets."""
    moved, floor = curves.curve(cell, "variability"), curves.curve(cell, "variability_floor")
    if moved is None or floor is None:
        return None
    closer = sum(
        abs(last - at) < abs(first - at)
        for first, last, at in zip(moved.first, moved.last, floor.last, strict=True)
    )
    first, last, at = (sample(seeds).mean for seeds in (moved.first, moved.last, floor.last))
    return _Variability(first, last, at, closer)
