"""Comparisons that cannot be made: runs are missing, or nobody measured what they look at."""

from collections.abc import Sequence

from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.verdicts.verdict import Finding


def gap(label: str, measure: Measure, *cells: Cell) -> Finding | None:
    """The finding of a comparison that cannot be made; None if every cell has the measure."""
    if not all(cell.complete for cell in cells):
        return incomplete(label, cells)
    unmeasured = [cell for cell in cells if not _has(cell, measure)]
    if not unmeasured:
        return None
    of = "" if len(unmeasured) == len(cells) else f" of {unmeasured[0].spec.label}"
    why = f"no record{of} measures {measure}"
    return Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})


def incomplete(label: str, cells: Sequence[Cell]) -> Finding:
    """The finding of a comparison whose cells have no record for some of their seeds."""
    missing = dict.fromkeys(run.id for cell in cells for run in cell.missing)
    present = {record.run.id for cell in cells for record in cell.records}
    why = f"{len(missing)} of {len(missing) + len(present)} runs have no record"
    numbers = {"n": len(present)}
    return Finding(
        label=label, status="incomplete", why=why, numbers=numbers, missing=tuple(missing)
    )


def _has(cell: Cell, measure: Measure) -> bool:
    return any(curves.final(record, measure) is not None for record in cell.records)
