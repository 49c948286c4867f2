"""What every kind of check has in common; the kinds are in ncmc/verdicts/kinds."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ncmc.plan.grid import CellSpec
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure
from ncmc.system.documents import Strict
from ncmc.verdicts.gaps import gap
from ncmc.verdicts.verdict import Conclusion, Finding, more_seeds_of, overall
from ncmc.verdicts.wording import summary

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]
Wanted = bool | int | float | str  # `pi/2` is a number
# What a cell is made of -> the value, or values, that it may have.
Selector = Mapping[str, Wanted | Annotated[tuple[Wanted, ...], Field(min_length=1)]]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
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
    turns_on: tuple[
        str, ...
    ] = ()  # open points (assumptions) whose other reading may turn it round
    added: str = ""  # what had been seen when it was added; empty: nothing, it came before its runs
    where: Selector = Field(default={})  # holds for every side

    @property
    @abstractmethod
    def sides(self) -> dict[str, Selector]:
        """The keys that choose cells, with what they choose."""

    @property
    @abstractmethod
    def measured(self) -> Measure:
        """What the check looks at: an accuracy, or a collapse measure."""

    @property
    def may_fail(self) -> int:
        """How many of its comparisons may fail without it failing."""
        return 0

    def summary(self, findings: Sequence[Finding]) -> str:
        """What its findings say, in one sentence."""
        return summary(findings, self.may_fail)

    def together(self, findings: Sequence[Finding]) -> Conclusion:
        """What its findings say together, whatever cells they are of."""
        return Conclusion(
            status=overall([finding.status for finding in findings], self.may_fail),
            why=self.summary(findings),
            more_seeds=more_seeds_of(findings),
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

    @property
    def measured(self) -> Measure:
        """`measure`; without one `best` for the paper's claims, `last` for ours (A8)."""
        return self.measure or ("best" if self.claim else "last")

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

    cells: Selector
    measure: Measure

    @property
    def sides(self) -> dict[str, Selector]:
        """`cells`."""
        return {"cells": self.cells}

    @property
    def measured(self) -> Measure:
        """`measure`."""
        return self.measure

    def require_places(self, cells: Sequence[CellSpec]) -> None:
        """Raises UsageError if the cells do not have what the check asks of them."""

    @abstractmethod
    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """What the records of the cells, of which some may lack records, say of the check."""


class EachCell(Cells):
    """A check that judges every cell for itself."""

    def judge(self, cells: Sequence[Cell]) -> list[Finding]:
        """A finding a cell."""
        return [
            gap(cell.spec.label, self.measured, cell) or self.judge_cell(cell) for cell in cells
        ]

    @abstractmethod
    def judge_cell(self, cell: Cell) -> Finding:
        """What the records of a cell, every seed of which has one, say of the check."""
