"""A table as data: what its table.json holds. It is shown from this alone, without its records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from ncmc.paper.references import uncompared
from ncmc.paths import OURS
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import Scale
from ncmc.plan.option_text import Value, format_value
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import ClassGroups
from ncmc.results.reference_numbers import (
    ReferenceEntry,
    Uncompared,
    grouped,
    reference_entries,
)
from ncmc.results.statistics import Sample
from ncmc.system.documents import Strict

Schema = Literal[2]
UNIT = "percent top-1 accuracy on the balanced test set"
NO_GROUPS = ClassGroups(many=None, medium=None, few=None)
THEIRS = {"paper": ("paper",), "reference": ("others",)}  # numbers that stand beside ours, by scale
BEST_IS_LAST = "No run was better at an earlier test than after its last epoch."


class MeanEntry(Strict):
    """Mean and sample standard deviation over seeds, in percent."""

    mean: float | None
    std: float | None


class PaperEntry(Strict):
    """The paper's number and its place, where they are known."""

    value: float | None
    std: float | None
    where: str | None


class UnusableEntry(Strict):
    """A record of a planned run that does not count."""

    seed: int
    path: str
    reason: str
    remedy: str


class CellEntry(Strict):
    """One cell. `last` and `interval` are of the last epoch, `best` of the best one (A8)."""

    dataset: str
    tau: float
    backbone: str
    method: str
    options: Mapping[str, Value]
    label: str
    coords: tuple[tuple[str, str], ...]  # (axis, label)
    n: int  # seeds that have a record
    seeds: tuple[int, ...]
    missing: tuple[int, ...]
    missing_runs: tuple[str, ...] = ()  # their ids; older tables have none
    unusable: tuple[UnusableEntry, ...] = ()
    last: MeanEntry
    interval: tuple[float, float] | None  # 95 %
    best: MeanEntry
    values_last: tuple[float, ...]  # one a seed
    values_best: tuple[float, ...]
    thirds: ClassGroups
    shots: ClassGroups
    released: ClassGroups = NO_GROUPS  # tables of before 0.3 have none
    ece: float | None
    paper: PaperEntry
    references: tuple[ReferenceEntry, ...] = ()  # numbers that others report for it

    @property
    def configuration(self) -> str:
        """What it is made of, as run ids begin: dataset, tau, backbone, method."""
        return f"{self.dataset}/tau={format_value(self.tau)}/{self.backbone}/{self.method}"

    @property
    def planned(self) -> int:
        """Seeds that are planned."""
        return self.n + len(self.missing) + len(self.unusable)

    @property
    def complete(self) -> bool:
        """Whether every planned seed has a record that counts."""
        return self.n == self.planned

    def coord(self, axis: str) -> str:
        """The label on one axis."""
        return dict(self.coords)[axis]


class TableData(Strict):
    """A whole table or figure."""

    schema_version: Schema = Field(alias="schema")
    table: str
    title: str
    where: str
    scale: Scale
    seeds: int
    unit: str
    axes: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[CellEntry, ...]
    notes: tuple[str, ...] = ()  # what must be said with the numbers
    uncompared: tuple[Uncompared, ...] = ()  # reference numbers that stand beside no cell
    paper: str = OURS  # the folder of papers/ that it is of

    @property
    def usable(self) -> bool:
        """Whether every record that is there counts."""
        return not any(cell.unusable for cell in self.cells)

    @property
    def measures(self) -> tuple[str, ...]:
        """What stands in each cell: `last`, and `best`, `paper` or `others` where they tell more."""
        best = () if best_is_last(self.cells) else ("best",)
        return ("last", *best, *THEIRS.get(self.scale, ()))

    @property
    def banner(self) -> str | None:
        """What must be said over a table that is not the paper's."""
        if self.scale == "paper":
            return None
        if self.scale == "reference":
            return "Calibration: numbers of other papers, by their recipes. Not the paper's table."
        datasets = _names(cell.dataset for cell in self.cells)
        backbones = _names(cell.backbone for cell in self.cells)
        return f"Reduced scale: {datasets}, {backbones}. Not the paper's table."


def table_data(project: Project, table: Table, cells: Sequence[Cell]) -> TableData:
    """A table with its cells as data.

    One of scale "reference" also says which reference numbers stand beside none of its cells.
    """
    others = uncompared(project, table.cells) if table.scale == "reference" else {}
    return TableData(
        schema=2,
        table=table.name,
        title=table.title,
        paper=table.paper,
        where=table.where,
        scale=table.scale,
        seeds=table.seeds,
        unit=UNIT,
        axes=table.axes,
        columns=table.columns,
        cells=tuple(_entry(cell) for cell in cells),
        notes=tuple(dict.fromkeys(note for cell in cells for note in cell.notes)),
        uncompared=grouped(others.items()),
    )


def best_is_last(cells: Sequence[Cell] | Sequence[CellEntry]) -> bool:
    """Whether no run was better at an earlier test, as where each is tested once; needs a record."""
    pairs = [(cell.values_last, cell.values_best) for cell in cells if cell.n]
    return bool(pairs) and all(last == best for last, best in pairs)


def _entry(cell: Cell) -> CellEntry:
    run, paper, groups = cell.spec.run, cell.paper, cell.groups
    return CellEntry(
        dataset=run.dataset,
        tau=run.tau,
        backbone=run.backbone,
        method=run.method,
        options=dict(run.options),
        label=cell.spec.label,
        coords=cell.spec.coords,
        n=cell.n,
        seeds=cell.seeds,
        missing=tuple(run.seed for run in cell.missing),
        missing_runs=tuple(run.id for run in cell.missing),
        unusable=tuple(
            UnusableEntry(seed=e.run.seed, path=str(e.path), reason=e.reason, remedy=e.remedy)
            for e in cell.unusable
        ),
        last=_mean(cell.last),
        interval=cell.interval,
        best=_mean(cell.best),
        values_last=cell.values_last,
        values_best=cell.values_best,
        thirds=groups.thirds,
        shots=groups.shots,
        released=groups.released or NO_GROUPS,
        ece=cell.ece,
        paper=PaperEntry(
            value=paper.value if paper else None,
            std=paper.std if paper else None,
            where=paper.where if paper else None,
        ),
        references=reference_entries(cell),
    )


def _mean(sample: Sample | None) -> MeanEntry:
    return MeanEntry(mean=sample.mean if sample else None, std=sample.std if sample else None)


def _names(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
