"""Our results against the numbers that the paper prints."""

import math
from collections.abc import Sequence

from ncmc.paper.printed_numbers import Number
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.statistics import Sample, against, seeds_for, tost_power, welch
from ncmc.results.wording import make_command
from ncmc.results.wording import printed as words
from ncmc.verdicts.contrasts import equivalence, estimate_numbers
from ncmc.verdicts.gaps import incomplete
from ncmc.verdicts.verdict import Finding, Verdict


def judge_number(printed: Number, cell: Cell, table: Table) -> Verdict:
    """The verdict on one printed number."""
    finding = compare(printed, cell, table.tolerance)
    return Verdict(
        id=printed.id,
        table=table.name,
        kind="number",
        status=finding.status,
        says=f"{cell.spec.label}: {words(printed)}",
        why=finding.why,
        where=printed.where,
        measure="best",
        source=f"tolerance {table.tolerance:g} points: config/grid.yaml",
        findings=(finding,),
        missing=finding.missing,
        remedy=make_command(table.name) if finding.missing else None,
        scale=table.scale,
        problems=finding.problems,
        more_seeds=finding.more_seeds,
    )


def compare(printed: Number, cell: Cell, tolerance: float) -> Finding:
    """Our `best` accuracy against a printed number (A8).

    holds: one-sample TOST, our mean is within `tolerance` points of the printed one. differs: not
    so, and Welch's t-test, which also counts the printed deviation, tells the two apart. `power`
    is the probability that as many seeds confirm a faithful re-run.
    """
    label = cell.spec.label
    if not cell.complete or cell.best is None:
        return incomplete(label, [cell])
    ours, theirs = cell.best, Sample(printed.value, printed.std, printed.n or 1)
    known = theirs.std is not None and theirs.n > 1
    target = against(ours, printed.value)
    apart = welch(ours, theirs) if known else target
    equivalent, different = target.p_equivalent(tolerance), apart.p_different()
    sigma = _pooled([ours, theirs] if known else [ours])
    power = None if sigma is None else tost_power(sigma, ours.n, tolerance)
    numbers = estimate_numbers(target, ours.n) | {
        "p_equivalent": equivalent,
        "p_different": different,
        "p_equivalent_welch": apart.p_equivalent(tolerance) if known else None,
        "tolerance": tolerance,
        "power": power,
        "seeds_for_80_percent": None if sigma is None else seeds_for(sigma, tolerance),
    }
    status, words = equivalence(equivalent, different, f"within {tolerance:g}")
    way = "above" if target.mean > 0 else "below"
    why = f"ours is {abs(target.mean):.2f} points {way}: {words}"
    if status == "inconclusive" and power is not None:
        why += f"; {ours.n} seeds confirm a faithful re-run with probability {power:.2f}"
    return Finding(label=label, status=status, why=why, numbers=numbers)


def _pooled(samples: Sequence[Sample]) -> float | None:
    """The pooled standard deviation; None where no sample has one."""
    known = [(part.std, part.n - 1) for part in samples if part.std is not None]
    if not known:
        return None
    return math.sqrt(sum(std**2 * df for std, df in known) / sum(df for _, df in known))
