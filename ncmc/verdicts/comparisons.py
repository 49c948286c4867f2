"""Judging two sides against each other: ours with the paper's number, a cell with a cell."""

import dataclasses
import math
from collections.abc import Sequence

from ncmc.paper import checks
from ncmc.paper.printed_numbers import Number
from ncmc.plan.grid_file import NAMED
from ncmc.plan.option_text import format_value
from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import (
    ALPHA,
    Difference,
    Sample,
    against,
    combine,
    holm,
    sample,
    seeds_for,
    tost_power,
    welch,
)
from ncmc.results.wording import signed
from ncmc.verdicts.verdict import (
    ONE_SEED,
    Finding,
    Status,
    difference_words,
    lacking,
    numbers_of,
    p_words,
    side,
)

Pair = tuple[Cell, Cell]
ACCURACIES: tuple[Measure, ...] = ("last", "best")

# --- the paper's numbers -----------------------------------------------------------------------


def number(printed: Number, cell: Cell, tolerance: float) -> Finding:
    """Our `best` accuracy against a printed number (A8).

    holds: one-sample TOST, our mean is within `tolerance` points of the printed one. differs: not
    so, and Welch's t-test, which also counts the printed deviation, tells the two apart. `power`
    is the probability that as many seeds confirm a faithful re-run.
    """
    label = cell.spec.label
    if not cell.complete or cell.best is None:
        return lacking(label, cell)
    ours, theirs = cell.best, Sample(printed.value, printed.std, printed.n or 1)
    known = theirs.std is not None and theirs.n > 1
    target = against(ours, printed.value)
    apart = welch(ours, theirs) if known else target
    equivalent, different = target.p_equivalent(tolerance), apart.p_different()
    sigma = _pooled([ours, theirs] if known else [ours])
    power = None if sigma is None else tost_power(sigma, ours.n, tolerance)
    numbers = numbers_of(target, ours.n) | {
        "p_equivalent": equivalent,
        "p_different": different,
        "p_equivalent_welch": apart.p_equivalent(tolerance) if known else None,
        "tolerance": tolerance,
        "power": power,
        "seeds_for_80_percent": None if sigma is None else seeds_for(sigma, tolerance),
    }
    status, words = _three_ways(equivalent, different, f"within {tolerance:g}")
    way = "above" if target.mean > 0 else "below"
    why = f"ours is {abs(target.mean):.2f} points {way}: {words}"
    if status == "inconclusive" and power is not None:
        why += f"; {ours.n} seeds confirm a faithful re-run with probability {power:.2f}"
    return Finding(label, status, why, numbers)


def _three_ways(equivalent: float | None, different: float | None, how: str) -> tuple[Status, str]:
    """The status of an equivalence test and a difference test together, and its words."""
    if equivalent is None or different is None:
        return "inconclusive", ONE_SEED
    if equivalent < ALPHA:
        return "holds", f"equivalent {how} ({p_words(equivalent)})"
    if different < ALPHA:
        return "differs", f"different ({p_words(different)}) and not equivalent {how}"
    return "inconclusive", (
        f"neither equivalent {how} ({p_words(equivalent)}) nor different ({p_words(different)})"
    )


def _pooled(samples: Sequence[Sample]) -> float | None:
    """The pooled standard deviation; None where no sample has one."""
    known = [(part.std, part.n - 1) for part in samples if part.std is not None]
    if not known:
        return None
    return math.sqrt(sum(std**2 * df for std, df in known) / sum(df for _, df in known))


# --- two sides ---------------------------------------------------------------------------------


def contrast(terms: Sequence[tuple[float, Cell]], measure: Measure) -> tuple[Difference, int, bool]:
    """(difference, fewest seeds, paired): the weighted sum of cells' means.

    Paired by seed where all cells have the same seeds, else Welch. A cell without the measure
    leaves the difference unknown (nan, no seeds).
    """
    values = []
    for weight, cell in terms:
        by_seed = {r.run.seed: curves.final(r, measure) for r in cell.records}
        values.append((weight, {seed: v for seed, v in by_seed.items() if v is not None}))
    fewest = min(len(found) for _, found in values)
    if not fewest:
        return Difference(math.nan, 0.0, 0.0), 0, False
    seeds = set(values[0][1])
    if all(set(found) == seeds for _, found in values):
        sums = [sum(weight * found[seed] for weight, found in values) for seed in sorted(seeds)]
        return against(sample(sums), 0.0), fewest, True
    return combine([(w, sample(list(found.values()))) for w, found in values]), fewest, False


def greater(check: checks.Greater, pairs: Sequence[Pair]) -> list[Finding]:
    """`better` above `than` in every pair, with what the other accuracy says beside it."""
    measure = check.measured
    findings = [_above(check, pair, measure) for pair in pairs]
    if check.rule == "interval":
        findings = cautious(findings)
    if measure not in ACCURACIES:
        return findings
    other = ACCURACIES[1 - ACCURACIES.index(measure)]
    return [
        _beside(finding, _above(check, pair, other), other)
        for finding, pair in zip(findings, pairs, strict=True)
    ]


def _above(check: checks.Greater, pair: Pair, measure: Measure) -> Finding:
    label = versus(*pair)
    if not all(cell.complete for cell in pair):
        return lacking(label, *pair)
    difference, n, paired = contrast(list(zip((1.0, -1.0), pair, strict=True)), measure)
    numbers = numbers_of(difference, n, paired) | {
        "p": difference.p_different(-check.margin),
        "margin": check.margin,
    }
    if not n:
        return Finding(label, "inconclusive", f"no record measures {measure}", numbers)
    unit, digits = (" points", 2) if measure in ACCURACIES else ("", 4)
    words = difference_words(difference, n, paired, unit, digits)
    interval = difference.interval()
    status: Status
    if check.rule == "means":
        status = "holds" if difference.mean > -check.margin else "differs"
        words += ", decided by the means alone"
    elif interval is None:
        status, words = "inconclusive", f"{words}; {ONE_SEED}"
    else:
        status = side(interval, -check.margin)
    return Finding(label, status, words, numbers)


def _beside(finding: Finding, other: Finding, measure: str) -> Finding:
    """`finding`, its numbers with what the other accuracy (last or best) says."""
    said = {"measure": measure, "status": other.status, "estimate": other.numbers.get("estimate")}
    return dataclasses.replace(finding, numbers=finding.numbers | {"beside": said})


def cautious(findings: Sequence[Finding]) -> list[Finding]:
    """Of several comparisons one may differ by luck: `differs` needs Holm's p below 5 %.

    `holds` needs no such care, because every comparison must hold.
    """
    tested = [i for i, finding in enumerate(findings) if finding.numbers.get("p") is not None]
    adjusted = dict(zip(tested, holm([findings[i].numbers["p"] for i in tested]), strict=True))
    found = list(findings)
    for i, p in adjusted.items():
        weak = found[i].status == "differs" and p >= ALPHA
        found[i] = dataclasses.replace(
            found[i],
            status="inconclusive" if weak else found[i].status,
            numbers=found[i].numbers | {"p_holm": p},
        )
    return found


def slight(check: checks.Slight, pairs: Sequence[Pair]) -> list[Finding]:
    """The gain averaged over all pairs is above 0 and below `most` points."""
    label = f"average over {len(pairs)} settings"
    if not all(cell.complete for pair in pairs for cell in pair):
        return [lacking(label, *(cell for pair in pairs for cell in pair))]
    share = 1 / len(pairs)
    terms = [term for better, than in pairs for term in ((share, better), (-share, than))]
    difference, n, paired = contrast(terms, check.measured)
    interval = difference.interval()
    numbers = numbers_of(difference, n, paired) | {"most": check.most}
    if interval is None:
        return [Finding(label, "inconclusive", ONE_SEED, numbers)]
    inside = interval[0] > 0 and interval[1] < check.most
    outside = interval[1] < 0 or interval[0] > check.most
    status: Status = "holds" if inside else "differs" if outside else "inconclusive"
    return [Finding(label, status, difference_words(difference, n, paired), numbers)]


def equal(check: checks.Equal, pairs: Sequence[Pair]) -> list[Finding]:
    """The two sides of every pair are equivalent within `margin` (TOST)."""
    return [_equivalent(check, pair) for pair in pairs]


def _equivalent(check: checks.Equal, pair: Pair) -> Finding:
    label = versus(*pair)
    if not all(cell.complete for cell in pair):
        return lacking(label, *pair)
    difference, n, paired = contrast(list(zip((1.0, -1.0), pair, strict=True)), check.measured)
    equivalent, different = difference.p_equivalent(check.margin), difference.p_different()
    numbers = numbers_of(difference, n, paired) | {
        "p_equivalent": equivalent,
        "p_different": different,
        "margin": check.margin,
    }
    status, words = _three_ways(equivalent, different, f"within {check.margin:g}")
    return Finding(label, status, f"{signed(difference.mean)} points: {words}", numbers)


def largest(check: checks.Largest, pairs: Sequence[Pair]) -> list[Finding]:
    """The advantage where `axis` is `at`, minus that elsewhere, in every group of settings."""
    at = format_value(check.at)
    groups: dict[tuple[str, ...], dict[str, Pair]] = {}
    for better, than in pairs:
        place = better.spec.attributes[check.axis]
        groups.setdefault(rest_of(better, check.axis), {})[place] = (better, than)
    return cautious(
        [
            _advantage(check, f"{', '.join(rest)}: {check.axis} {at} against {place}", here, there)
            for rest, places in groups.items()
            for here in (places[at],)
            for place, there in places.items()
            if place != at
        ]
    )


def _advantage(check: checks.Largest, label: str, here: Pair, there: Pair) -> Finding:
    four = (*here, *there)
    if not all(cell.complete for cell in four):
        return lacking(label, *four)
    terms = list(zip((1.0, -1.0, -1.0, 1.0), four, strict=True))
    difference, n, paired = contrast(terms, check.measured)
    interval = difference.interval()
    numbers = numbers_of(difference, n, paired) | {"p": difference.p_different()}
    words = difference_words(difference, n, paired)
    if interval is None:
        return Finding(label, "inconclusive", f"{words}; {ONE_SEED}", numbers)
    return Finding(label, side(interval, 0.0), words, numbers)


# --- words -------------------------------------------------------------------------------------


def rest_of(cell: Cell, *left_out: str) -> tuple[str, ...]:
    """A cell's labels on all axes but those left out."""
    coords = sorted(cell.spec.coords, key=lambda coord: coord[0] not in NAMED)
    return tuple(_words(axis, label) for axis, label in coords if axis not in left_out)


def versus(better: Cell, than: Cell) -> str:
    """What two cells share, then what tells them apart: `cifar10, tau 0.01: CAL against CE`."""
    first, second = dict(better.spec.coords), dict(than.spec.coords)
    shared = {axis for axis in first if second.get(axis) == first[axis]}
    common = ", ".join(_words(axis, first[axis]) for axis in first if axis in shared)
    sides = (", ".join(rest_of(cell, *shared)) for cell in (better, than))
    return f"{common}: {' against '.join(sides)}"


def _words(axis: str, label: str) -> str:
    return label if axis in NAMED else f"{axis} {label}"
