"""Comparisons that cannot be made: runs are missing or dead, or nobody measured what is compared."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.verdicts.verdict import Finding
from ncmc.verdicts.wording import no_spread


def gap(label: str, measure: Measure, *cells: Cell) -> Finding | None:
    """The finding of a comparison that cannot be made; None if every cell has the measure.

    A cell with a dead run decides nothing: without that run it would be one of the lucky seeds.
    """
    if not all(cell.complete for cell in cells):
        return incomplete(label, cells)
    if dead := dict.fromkeys(words for cell in cells for words in cell.dead):
        why = " ".join(dead).rstrip(".")
        return Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})
    unmeasured = [cell for cell in cells if not _has(cell, measure)]
    if not unmeasured:
        return None
    of = "" if len(unmeasured) == len(cells) else f" of {unmeasured[0].spec.label}"
    why = f"no record{of} measures {measure}"
    return Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})


def without_spread(
    label: str, n: int, words: str = "", numbers: Mapping[str, JsonValue] | None = None
) -> Finding:
    """The finding of a comparison whose seeds show no spread, so that it has no interval."""
    why = f"{words}; {no_spread(n)}" if words else no_spread(n)
    return Finding(label=label, status="inconclusive", why=why, numbers={"n": n, **(numbers or {})})


def incomplete(label: str, cells: Sequence[Cell]) -> Finding:
    """The finding of a comparison whose cells have no record for some of their seeds, or a bad one.

    What is wrong with a record, and what to do about it, stands in its problems.
    """
    missing = dict.fromkeys(run.id for cell in cells for run in cell.missing)
    unusable = {entry.run: entry for cell in cells for entry in cell.unusable}
    present = {record.run.id for cell in cells for record in cell.records}
    planned = len(missing) + len(unusable) + len(present)
    lacks = ((len(missing), "no record"), (len(unusable), "a record that cannot be used"))
    return Finding(
        label=label,
        status="incomplete",
        why=" and ".join(
            f"{n} of {planned} runs {'has' if n == 1 else 'have'} {what}" for n, what in lacks if n
        ),
        numbers={"n": len(present)},
        missing=tuple(missing),
        problems=tuple(entry.words for entry in unusable.values()),
    )


def _has(cell: Cell, measure: Measure) -> bool:
    return any(curves.final(record, measure) is not None for record in cell.records)
