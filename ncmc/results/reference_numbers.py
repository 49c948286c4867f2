"""Numbers that others report beside ours: the difference, and what had to be assumed for it."""

from collections.abc import Sequence
from typing import Any

from ncmc.paper.references import Comparison, Reference
from ncmc.results.cells import Cell
from ncmc.results.curves import moderated
from ncmc.results.statistics import Difference, Sample, against_reported
from ncmc.results.wording import interval_words, signed

STATED = {"id", "source", "place", "address", "reading", "value", "std", "n"}  # as a table has it


def reference_json(cell: Cell, comparison: Comparison) -> dict[str, Any]:
    """A number that others report for a cell, and ours minus it, in points of accuracy."""
    stated, ours_minus = comparison.reference, difference(cell, comparison)
    low, high = (ours_minus.interval() if ours_minus else None) or (None, None)
    return stated.model_dump(mode="json", include=STATED) | {
        "measure": comparison.measure,
        "epoch_known": stated.epoch is not None,
        "estimate": ours_minus.mean if ours_minus else None,
        "low": low,  # of the 95 % interval, the error of both sides counted
        "high": high,
        "assumed": assumed(stated),
        "counts": comparison.counts,
        "differs": comparison.differs,
        "stand_in": comparison.stand_in,
    }


def difference(cell: Cell, comparison: Comparison) -> Difference | None:
    """Our `last` or `best` minus a number that others report; None without a record.

    Our deviation is moderated by the cells around ours (shared_spread); theirs is as they state it,
    or ours.
    """
    ours, stated = moderated(cell, comparison.measure), comparison.reference
    theirs = Sample(stated.value, stated.std, stated.n or 1)
    return against_reported(ours, theirs) if ours else None


def assumed(reference: Reference) -> str:
    """What the error of a number rests on that nobody states: `one run, our deviation`."""
    taken = [("one run", reference.n), ("our deviation", reference.std)]
    return ", ".join(words for words, stated in taken if stated is None)


def reference_words(references: Sequence[Comparison]) -> str:
    """The numbers that others report for a cell, in short: `70.4 (R37), 72.0 (R1)`."""
    return ", ".join(
        f"{number.reference.value:.1f} ({number.reference.id}{'' if number.counts else ', not counted'})"
        for number in references
    )


def reference_range(references: Sequence[Comparison]) -> str:
    """The range of the numbers that count, `70.4 to 72.0`; in brackets that of the others."""
    counted = [number.reference.value for number in references if number.counts]
    values = counted or [number.reference.value for number in references]
    if not values:
        return "–"
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    words = low if low == high else f"{low} to {high}"
    return words if counted else f"({words})"


def difference_words(cell: Cell, comparison: Comparison) -> str:
    """Ours minus theirs, its interval, and what was assumed for it."""
    ours_minus = difference(cell, comparison)
    if ours_minus is None:
        return "no record"
    interval, rests = ours_minus.interval(), assumed(comparison.reference)
    words = f"; assumed: {rests}" if interval and rests else ""
    return f"{signed(ours_minus.mean)}{interval_words(interval)}{words}"
