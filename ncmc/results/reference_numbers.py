"""Numbers that others report beside ours: the difference, and what had to be assumed for it."""

from collections.abc import Iterable, Sequence
from typing import Literal

from ncmc.paper.references import Comparison, Reference
from ncmc.results.cells import Cell
from ncmc.results.samples import moderated
from ncmc.results.statistics import Difference, Sample, against_reported
from ncmc.results.wording import interval_words, signed
from ncmc.system.documents import Strict


class ReferenceEntry(Strict):
    """A number that others report for a cell, and ours minus it, in points of accuracy."""

    id: str
    source: str
    place: str
    address: str
    reading: str
    value: float  # percent
    std: float | None
    n: int | None
    measure: Literal["last", "best"]  # the accuracy of ours that it is compared with
    epoch_known: bool  # whether that is the epoch that the number is of, as far as we know
    estimate: float | None  # ours minus theirs; None without a record
    low: float | None  # 95 % interval, the error of both sides counted
    high: float | None
    assumed: str  # what the interval rests on that they do not state; empty: nothing
    counts: bool  # whether it counts when the harness is judged
    differs: tuple[str, ...]  # how it was made otherwise than ours
    stand_in: str | None  # what must be said of our dataset, where it stands in for another

    @property
    def remark(self) -> str:
        """Whether it counts, and if not, what differs."""
        return "counts" if self.counts else f"not counted: {'; '.join(self.differs)}"

    @property
    def compared_with(self) -> str:
        """What of ours it is compared with: `best`, `best*` if its epoch is not known to us."""
        measure = self.measure if self.epoch_known else f"{self.measure}*"
        return f"{self.stand_in}: {measure}" if self.stand_in else measure


class Uncompared(Strict):
    """Numbers that stand beside no cell of a table, for one reason."""

    ids: tuple[str, ...]
    why: str


def reference_entries(cell: Cell) -> tuple[ReferenceEntry, ...]:
    """Every number that others report for a cell, in the order of references.csv."""
    return tuple(_entry(cell, comparison) for comparison in cell.references)


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


def reference_words(references: Sequence[ReferenceEntry]) -> str:
    """The numbers that others report for a cell, in short: `70.4 (R37), 72.0 (R1)`."""
    return ", ".join(
        f"{entry.value:.1f} ({entry.id}{'' if entry.counts else ', not counted'})"
        for entry in references
    )


def reference_range(references: Sequence[ReferenceEntry]) -> str:
    """The range of the numbers that count, `70.4 to 72.0`; in brackets that of the others."""
    counted = [entry.value for entry in references if entry.counts]
    values = counted or [entry.value for entry in references]
    if not values:
        return "–"
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    words = low if low == high else f"{low} to {high}"
    return words if counted else f"({words})"


def stated_words(entry: ReferenceEntry) -> str:
    """A number as it is stated: `44.66 ± 0.24`."""
    return f"{entry.value:g}" if entry.std is None else f"{entry.value:g} ± {entry.std:g}"


def difference_words(entry: ReferenceEntry) -> str:
    """Ours minus theirs, its interval, and what was assumed for it."""
    if entry.estimate is None:
        return "no record"
    interval = None if entry.low is None or entry.high is None else (entry.low, entry.high)
    rests = f"; assumed: {entry.assumed}" if interval and entry.assumed else ""
    return f"{signed(entry.estimate)}{interval_words(interval)}{rests}"


def grouped(uncompared: Iterable[tuple[Reference, str]]) -> tuple[Uncompared, ...]:
    """The numbers that stand beside no cell, those of one reason together."""
    ids: dict[str, list[str]] = {}
    for reference, why in uncompared:
        ids.setdefault(why, []).append(reference.id)
    return tuple(Uncompared(ids=tuple(names), why=why) for why, names in ids.items())


def _entry(cell: Cell, comparison: Comparison) -> ReferenceEntry:
    stated, ours_minus = comparison.reference, difference(cell, comparison)
    low, high = (ours_minus.interval() if ours_minus else None) or (None, None)
    return ReferenceEntry(
        id=stated.id,
        source=stated.source,
        place=stated.place,
        address=stated.address,
        reading=stated.reading,
        value=stated.value,
        std=stated.std,
        n=stated.n,
        measure=comparison.measure,
        epoch_known=stated.epoch is not None,
        estimate=ours_minus.mean if ours_minus else None,
        low=low,
        high=high,
        assumed=assumed(stated),
        counts=comparison.counts,
        differs=comparison.differs,
        stand_in=comparison.stand_in,
    )
