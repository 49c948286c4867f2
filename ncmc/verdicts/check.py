"""What every kind of check has in common; the kinds are in ncmc/verdicts/kinds."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ncmc.plan.grid import CellSpec
from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.results.statistics import holm
from ncmc.system.documents import Strict
from ncmc.verdicts.verdict import Conclusion, Finding, overall, summary

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
Wanted = bool | int | float | str  # `pi/2` is a number
# What a cell is made of -> the value, or values, that it may have.
Selector = Mapping[str, Wanted | Annotated[tuple[Wanted, ...], Field(min_length=1)]]
Pair = tuple[Cell, Cell]


class Prediction(Strict):
    """What we expect of a check and why, written down before its runs."""

    expected: Literal["holds", "differs", "open"]
    because: str
    against: str = ""  # the outcome that would count against the paper
    nothing: str = ""  # the outcome that would say nothing about the paper, and why


class Check(Strict):
    """What every kind of check has."""

    id: Id
    table: str  # the table or figure that it belongs to
    kind: str
    claim: str | None = None  # the paper's claim; None: ours
    says: str = ""  # this check in words; in the file, empty means the claim's own words
    source: str = ""  # where our reading of the words comes from
    prediction: Prediction | None = None
    turns_on: tuple[str, ...] = ()  # assumptions whose other reading may turn it round
    added: str = ""  # what had been seen when it was added; empty: nothing, it came before its runs
    where: Selector = Field(default={})  # holds for every side

    @property
    @abstractmethod
    def sides(self) -> dict[str, Selector]:
        """The keys that choose cells, with what they choose."""

    @property
    def measured(self) -> Measure:
        """`measure`, if it has one; else `best` for the paper's claims and `last` for ours (A8)."""
        chosen: Measure | None = getattr(self, "measure", None)
        return chosen or ("best" if self.claim else "last")

    def together(self, findings: Sequence[Finding]) -> Conclusion:
        """What its findings say together, whatever cells they are of."""
        return Conclusion(
            status=overall([finding.status for finding in findings]), why=summary(findings)
        )


class Pairs(Check):
    """A check of two sides, in every pair of cells that agree on all that neither side names."""

    better: Selector
    than: Selector
    measure: Measure | None = None

    @property
    def sides(self) -> dict[str, Selector]:
        """`better` and `than`."""
        return {"better": self.better, "than": self.than}

    def require_places(self, pairs: Sequence[tuple[CellSpec, CellSpec]]) -> None:
        """Raises UsageError if the pairs do not have what the check asks of them."""

    @abstractmethod
    def judge(self, pairs: Sequence[Pair]) -> list[Finding]:
        """What the records of the pairs, of which some may lack records, say of the check."""

    def conclude(self, pairs: Sequence[Pair], findings: Sequence[Finding]) -> Conclusion:
        """What the findings of the pairs, and the pairs themselves, say together."""
        return self.together(findings)


class Cells(Check):
    """A check of single cells."""

    cells: Selector = Field(default={})  # every cell of the table

    @property
    def sides(self) -> dict[str, Selector]:
        """`cells`."""
        return {"cells": self.cells}

    def require_places(self, cells: Sequence[CellSpec]) -> None:
        """Raises UsageError if the cells do not have what the check asks of them."""

    @abstractmethod
    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """What the records of the cells, of which some may lack records, say of the check."""


class EachCell(Cells):
    """A check that judges every cell for itself; one of several differs only after Holm."""

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding for each cell."""
        findings = [
            gap(cell.spec.label, self.measured, cell) or self.judge_cell(cell) for cell in cells
        ]
        return cautious(findings, min(cell.alpha for cell in cells))

    @abstractmethod
    def judge_cell(self, cell: Cell) -> Finding:
        """What the records of a cell, every seed of which has one, say of the check."""


class Untestable(Cells):
    """`untestable`: a clause that no run of ours can decide; `why` says what is missing."""

    kind: Literal["untestable"]
    why: Annotated[str, StringConstraints(min_length=1)]

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """One finding, with the reason."""
        return [Finding(label=self.id, status="not testable", why=self.why)]


# --- comparisons that cannot be made, and that one of several errs in by luck -------------------


def gap(label: str, measure: Measure, *cells: Cell) -> Finding | None:
    """The finding of a comparison that cannot be made; None if every cell has the measure.

    A cell with a dead run decides nothing: without that run it would be one of the lucky seeds.
    """
    if not all(cell.complete for cell in cells):
        return incomplete(label, cells)
    if dead := dict.fromkeys(words for cell in cells for words in cell.dead):
        why = " ".join(dead).rstrip(".")
        return Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})
    unmeasured = [cell for cell in cells if not curves.by_seed(cell, measure)]
    if not unmeasured:
        return None
    of = "" if len(unmeasured) == len(cells) else f" of {unmeasured[0].spec.label}"
    why = f"no record{of} measures {measure}"
    return Finding(label=label, status="inconclusive", why=why, numbers={"n": 0})


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


def cautious(findings: Sequence[Finding], alpha: float) -> list[Finding]:
    """Of several comparisons one may differ by luck: `differs` needs Holm's p below `alpha`.

    `holds` needs no such care, because every comparison must hold.
    """
    p_values = {i: p for i, f in enumerate(findings) if isinstance(p := f.numbers.get("p"), float)}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    corrected = list(findings)
    for i, p in adjusted.items():
        weak = corrected[i].status == "differs" and p >= alpha
        changes = {"numbers": {**corrected[i].numbers, "p_holm": p}}
        corrected[i] = corrected[i].model_copy(
            update=changes | ({"status": "inconclusive"} if weak else {})
        )
    return corrected
