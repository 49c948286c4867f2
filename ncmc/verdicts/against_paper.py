"""Our results against the numbers that the paper prints."""

from collections.abc import Iterable, Sequence

from ncmc.paper.printed_numbers import Number
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.curves import moderated
from ncmc.results.shared_spread import as_printed
from ncmc.results.statistics import Sample, against_reported
from ncmc.results.wording import make_command, rounded
from ncmc.results.wording import printed as words
from ncmc.verdicts.check import gap, incomplete
from ncmc.verdicts.contrasts import estimate_numbers
from ncmc.verdicts.verdict import Finding, Status, Verdict, no_spread

SPLIT_PER_SEED = "each seed has its own split here, and the paper's numbers are of one split"


def judge_number(
    printed: Number, cell: Cell, table: Table, others: Iterable[Number] = ()
) -> Verdict:
    """The verdict on one printed number, beside the others that the paper prints."""
    elsewhere = [sample_of_number(number) for number in others if number != printed]
    finding = compare(printed, cell, table.tolerance, elsewhere)
    finding = finding.model_copy(update={"cells": (cell.spec.run.configuration,)})
    return Verdict(
        id=printed.id,
        table=table.name,
        kind="number",
        status=finding.status,
        says=f"{cell.spec.label}: {words(printed)}",
        why=finding.why,
        where=printed.place,
        measure="best",
        source="; ".join(filter(None, (printed.source, printed.note)))
        + f". Tolerance {table.tolerance:g} points: grid.yaml",
        findings=(finding,),
        missing=finding.missing,
        remedy=make_command(table.name, table.paper) if finding.missing else None,
        scale=table.scale,
        problems=finding.problems,
    )


def sample_of_number(number: Number) -> Sample:
    """A printed number as a sample: of one run where nobody states how many."""
    return Sample(number.value, number.std, number.n or 1)


def compare(
    printed: Number, cell: Cell, tolerance: float, elsewhere: Sequence[Sample] = ()
) -> Finding:
    """Our `best` accuracy against a printed number (A8), with the error of both sides.

    Two one-sided tests at the level alpha of the cell (Welch): holds if the interval of the
    difference at 1 - 2 alpha lies within `tolerance` points, differs if it lies outside.
    `elsewhere`: the paper's other numbers, which say how much one may deviate
    (shared_spread.as_printed). Not testable where each seed has its own split: the difference would
    hold the paper's one draw, which nobody knows; nor where the number was made otherwise.
    """
    label = cell.spec.label
    if printed.made_otherwise:
        beside = f"ours is {cell.best.mean:.1f}" if cell.best else "ours has no record"
        why = f"made otherwise: {printed.made_otherwise}; {beside}"
        return Finding(label=label, status="not testable", why=why)
    if cell.spec.split_per_seed:
        return Finding(label=label, status="not testable", why=SPLIT_PER_SEED)
    ours = moderated(cell, "best")
    if (lacking := gap(label, "best", cell)) or ours is None:
        return lacking or incomplete(label, [cell])
    theirs, assumptions = as_printed(sample_of_number(printed), ours, elsewhere)
    difference, level = against_reported(ours, theirs), 1 - 2 * cell.alpha
    interval, assumed = difference.interval(level), ", ".join(assumptions)
    status, digits = _status(interval, tolerance), _digits(interval or (), tolerance)
    spread = no_spread(ours.n)
    if interval:
        ends = " to ".join(rounded(end, digits) for end in interval)
        spread = f"{100 * level:.3g} %: {ends}, both sides' seeds counted"
    spread += f"; assumed: {assumed}" if assumed else ""
    return Finding(
        label=label,
        status=status,
        why=_sentence(difference.mean, digits, f"{printed.value:g}", spread, status, tolerance),
        numbers=estimate_numbers(difference, ours.n, level)
        | {
            "p_equivalent": difference.p_equivalent(tolerance),
            "p_different": difference.p_different(),
            "tolerance": tolerance,
            "within_printed": abs(difference.mean) <= tolerance,
            "assumed": assumed,
        },
    )


def _status(interval: tuple[float, float] | None, tolerance: float) -> Status:
    if interval is None:
        return "inconclusive"
    low, high = interval
    if -tolerance < low and high < tolerance:
        return "holds"
    return "differs" if low > tolerance or high < -tolerance else "inconclusive"


def _digits(interval: Sequence[float], tolerance: float) -> int:
    """One digit, or two where an end of the interval would look like the tolerance."""
    return 2 if any(round(abs(end), 1) == round(tolerance, 1) for end in interval) else 1


def _sentence(
    mean: float, digits: int, printed: str, spread: str, status: Status, tolerance: float
) -> str:
    """`0.3 below the paper's 80.6 (90 %: -1.1 to 0.5, both sides' seeds counted): within 1`."""
    within = f"within {tolerance:g} point{'' if tolerance == 1 else 's'}"
    decided = {"holds": within, "differs": f"not {within}"}
    return (
        f"{abs(mean):.{digits}f} {'above' if mean > 0 else 'below'} the paper's {printed} ({spread}): "
        f"{decided.get(status, f'not decided whether {within}')}. Our mean "
        f"{'is' if abs(mean) <= tolerance else 'is not'} {within} of {printed} itself"
    )
