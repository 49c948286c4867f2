"""Judging single cells: chance, collapse, the shape of curves, the place of a peak."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from ncmc.paper import checks
from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.statistics import LEVEL, against, chance_interval, sample
from ncmc.verdicts.comparisons import contrast, rest_of
from ncmc.verdicts.verdict import Finding, Status, agreement, lacking


def each(judge: Callable[[Any, Cell], Finding]) -> Callable[[Any, Sequence[Cell]], list[Finding]]:
    """A judge of one complete cell -> a judge of many, where some may lack records."""

    def judged(check: Any, cells: Sequence[Cell]) -> list[Finding]:
        return [judge(check, c) if c.complete else lacking(c.spec.label, c) for c in cells]

    return judged


def chance(check: checks.Chance, cell: Cell) -> Finding:
    """The mean of `last` is where classes named at random would be."""
    ours = sample(cell.values_last)
    n_classes = len(cell.records[0].result.per_class)
    low, high = chance_interval(n_classes, cell.n)
    interval = against(ours, 0.0).interval()
    numbers = {
        "estimate": ours.mean,
        "low": interval and interval[0],
        "high": interval and interval[1],
        "n": ours.n,
        "chance": 100 / n_classes,
        "chance_low": low,
        "chance_high": high,
    }
    why = (
        f"{ours.mean:.1f} %; chance is {100 / n_classes:.1f} %, and classes named at random reach "
        f"{low:.1f} to {high:.1f} % as the mean of {cell.n} seed{'' if cell.n == 1 else 's'}"
    )
    status: Status = "holds" if low <= ours.mean <= high else "differs"
    return Finding(cell.spec.label, status, why, numbers)


def collapse(check: checks.Collapse, cell: Cell) -> Finding:
    """NC at the end, as a share of NC at the start.

    holds: the share's 95 % interval over seeds lies below `ratio`, and the variability of every
    seed has come closer to its floor. The floor, not 0, is where complete collapse puts it.
    """
    label, nc = cell.spec.label, curves.curve(cell, "nc_mean")
    if nc is None or len(nc.epochs) < 2:
        return Finding(label, "inconclusive", "NC was not measured at two epochs")
    shares = [
        last / first if first > 0 else math.inf
        for first, last in zip(nc.first, nc.last, strict=True)
    ]
    ours = sample(shares)
    interval = against(ours, 0.0).interval()
    spread = _variability(cell)
    low, high = interval or (ours.mean, ours.mean)
    status: Status = (
        "holds" if high < check.ratio else "differs" if low > check.ratio else "inconclusive"
    )
    if status == "holds" and spread:
        status = agreement(spread["seeds_closer_to_floor"], cell.n)
    first, last = sample(nc.first).mean, sample(nc.last).mean
    numbers = {
        "estimate": ours.mean,
        "low": interval and interval[0],
        "high": interval and interval[1],
        "n": ours.n,
        "ratio": check.ratio,
        "nc_first": first,
        "nc_last": last,
        **spread,
    }
    why = (
        f"mean NC {first:.3f} at epoch {nc.epochs[0]}, {last:.3f} at epoch {nc.epochs[-1]}: "
        f"{100 * ours.mean:.0f} % of it"
    )
    if spread:
        why += (
            f"; variability {spread['variability_first']:.3f} to {spread['variability_last']:.3f}, "
            f"its floor {spread['variability_floor']:.3f}"
        )
    return Finding(label, status, why, numbers)


def _variability(cell: Cell) -> dict[str, Any]:
    """How the variability moved towards its floor; empty where it has none."""
    moved, floor = curves.curve(cell, "variability"), curves.curve(cell, "variability_floor")
    if moved is None or floor is None:
        return {}
    closer = [
        abs(last - at) < abs(first - at)
        for first, last, at in zip(moved.first, moved.last, floor.last, strict=True)
    ]
    return {
        "variability_first": sample(moved.first).mean,
        "variability_last": sample(moved.last).mean,
        "variability_floor": sample(floor.last).mean,
        "seeds_closer_to_floor": sum(closer),
    }


def rise_fall(check: checks.RiseFall, cell: Cell) -> Finding:
    """In every seed the curve rises above its start and ends below `ratio` of its peak."""
    label, curve = cell.spec.label, curves.curve(cell, check.measure)
    if curve is None or len(curve.epochs) < 3:
        return Finding(label, "inconclusive", f"{check.measure} was not measured at three epochs")
    agree = sum(max(seed) > seed[0] and seed[-1] < check.ratio * max(seed) for seed in curve.values)
    peak = max(range(len(curve.epochs)), key=lambda i: curve.means[i])
    first, top, last = (curve.means[i] for i in (0, peak, -1))
    numbers = {
        "first": first,
        "peak": top,
        "peak_epoch": curve.epochs[peak],
        "last": last,
        "ratio": check.ratio,
    }
    why = (
        f"{first:.3f} at epoch {curve.epochs[0]}, at most {top:.3f} at epoch "
        f"{curve.epochs[peak]}, {last:.3f} at the end"
    )
    return _by_seed(label, agree, cell.n, why, numbers)


def orthogonal(check: checks.Orthogonal, cell: Cell) -> Finding:
    """In every seed the class means start above cosine `first` and end within `last` of 0."""
    label, curve = cell.spec.label, curves.curve(cell, "class_cosine")
    if curve is None or len(curve.epochs) < 2:
        return Finding(label, "inconclusive", "class cosines were not measured at two epochs")
    ends = zip(curve.first, curve.last, strict=True)
    agree = sum(first > check.first and abs(last) < check.last for first, last in ends)
    numbers = {"first": curve.means[0], "last": curve.means[-1]}
    why = (
        f"mean cosine {curve.means[0]:.3f} at epoch {curve.epochs[0]}, {curve.means[-1]:.3f} at "
        f"epoch {curve.epochs[-1]}"
    )
    return _by_seed(label, agree, cell.n, why, numbers)


def stays(check: checks.Stays, cell: Cell) -> Finding:
    """In every seed the measure is above `above` at every measured epoch."""
    label, curve = cell.spec.label, curves.curve(cell, check.measure)
    if curve is None:
        return Finding(label, "inconclusive", f"no record measures {check.measure}")
    agree = sum(min(seed) > check.above for seed in curve.values)
    lowest = min(curve.means)
    why = f"at least {lowest:.3f} over {len(curve.epochs)} measured epochs"
    return _by_seed(label, agree, cell.n, why, {"lowest": lowest, "above": check.above})


def _by_seed(label: str, agree: int, n: int, why: str, numbers: dict[str, Any]) -> Finding:
    words = f"{why}; so in {agree} of {n} seeds" if n > 1 else why
    return Finding(label, agreement(agree, n), words, numbers | {"n": n, "seeds_that_agree": agree})


def peak(check: checks.Peak, cells: Sequence[Cell]) -> list[Finding]:
    """Along `axis`, in every group of settings, the best accuracy is at neither end."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(rest_of(cell, check.axis), []).append(cell)
    return [_interior(check, ", ".join(rest), group) for rest, group in groups.items()]


def _interior(check: checks.Peak, label: str, cells: Sequence[Cell]) -> Finding:
    """holds: some value between the ends is above both (Bonferroni over those between)."""
    if not all(cell.complete for cell in cells):
        return lacking(label, *cells)
    places = {cell.spec.run: cell.spec.attributes[check.axis] for cell in cells}
    ordered = sorted(cells, key=lambda cell: float(places[cell.spec.run]))
    ends, between = (ordered[0], ordered[-1]), ordered[1:-1]
    if not between:
        return Finding(label, "inconclusive", f"no value of {check.axis} lies between the ends")
    level = 1 - (1 - LEVEL) / len(between)

    def above(first: Cell, second: Cell) -> bool:
        interval = contrast([(1.0, first), (-1.0, second)], check.measure)[0].interval(level)
        return interval is not None and interval[0] > 0

    inner = any(all(above(cell, end) for end in ends) for cell in between)
    outer = any(all(above(end, cell) for cell in between) for end in ends)
    means = {places[c.spec.run]: sample(c.values_best).mean for c in ordered}
    top = max(means, key=lambda place: means[place])
    clear = "above both ends" if inner else "an end is above all" if outer else "not clearly so"
    why = f"highest mean {means[top]:.1f} % at {check.axis} {float(top):.3g}; {clear}"
    status: Status = "holds" if inner else "differs" if outer else "inconclusive"
    return Finding(label, status, why, {"means": means, "peak": top, "level": level})
