"""Worlds in which a claim is true, or false: what the seeds of its cells would measure there."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.looks import levels
from ncmc.results.provenance import Git, Machine, Made
from ncmc.results.record import (
    SCHEMA,
    Accuracy,
    ClassGroups,
    Epoch,
    Groups,
    Record,
    Result,
    SplitMade,
)
from ncmc.results.samples import IN_PERCENT
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Cells, Check, Pair, Pairs
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.kinds.equal import Equal
from ncmc.verdicts.kinds.greater import Greater
from ncmc.verdicts.kinds.largest import Largest
from ncmc.verdicts.kinds.slight import Slight

BASE = 50.0  # percent: the cells of a world without any difference
Place = tuple[CellSpec, Table]
Means = Mapping[Run, float]  # cell -> its mean over endless seeds, in percent


@dataclass(frozen=True)
class Worlds:
    """Two worlds for a question, and what they are in words."""

    true: Means
    false: Means
    if_true: str
    if_false: str


def worlds(project: Project, check: Check, effect: float) -> Worlds | None:
    """The worlds of a check of pairs at an effect (points); None for a check of another kind."""
    if not isinstance(check, Pairs) or check.measured not in IN_PERCENT:
        return None
    pairs = cell_selection.pairs(project, check)

    def apart(here: float, elsewhere: float = 0.0) -> Means:
        found = {than.run: BASE for _, than in pairs}
        return found | {b.run: BASE + (here if _chosen(check, b) else elsewhere) for b, _ in pairs}

    if isinstance(check, Greater):
        if check.margin:
            beyond = check.margin + effect
            return Worlds(apart(0), apart(-beyond), "both equal", f"{beyond:g} points below")
        return Worlds(apart(effect), apart(0), f"{effect:g} points above everywhere", "all equal")
    if isinstance(check, Slight):
        within, beyond = check.most / 2, check.most + effect
        return Worlds(
            apart(within), apart(beyond), f"a gain of {within:g}", f"a gain of {beyond:g}"
        )
    if isinstance(check, Equal):
        beyond = check.margin + effect
        return Worlds(apart(0), apart(beyond), "both equal", f"{beyond:g} points apart")
    if isinstance(check, Largest):
        told = f"{effect:g} points more there", f"{effect:g} points more elsewhere"
        return Worlds(apart(effect), apart(0, effect), *told)
    return None


def _chosen(check: Pairs, spec: CellSpec) -> bool:
    """Whether a cell lies where a `largest` looks; of another kind every cell does."""
    if not isinstance(check, Largest):
        return True
    return spec.attributes[check.axis] == cell_selection.as_in_cells(check.at)


class SimulatedCells(CellCache):
    """The cells of any table as a world would fill them. Judged by what judges real ones."""

    def __init__(
        self,
        project: Project,
        means: Means,
        deviation: Callable[[str], float],
        seeds: int | Callable[[Table], int],
        rng: np.random.Generator,
    ) -> None:
        """`deviation` of a dataset in points; `seeds` of each cell, a look of its table."""
        super().__init__(project)
        self._means, self._deviation, self._seeds, self._rng = means, deviation, seeds, rng
        self._made: dict[tuple[Run, str], Cell] = {}
        self._places: dict[str, list[tuple[Place, ...]]] = {}  # of each check, looked up once

    def redraw(self) -> "SimulatedCells":
        """Other seeds of the same world."""
        self._made.clear()
        self._priors.clear()
        return self

    def pairs(self, check: Pairs) -> list[Pair]:
        """The cells of a check's two sides."""
        if check.id not in self._places:
            better, than = (
                cell_selection.table_of(self.project, check, side) for side in check.sides
            )
            found = cell_selection.pairs(self.project, check)
            self._places[check.id] = [((b, better), (t, than)) for b, t in found]
        return [(self.cell(*b), self.cell(*t)) for b, t in self._places[check.id]]

    def chosen(self, check: Cells) -> list[Cell]:
        """The cells of a check of single cells."""
        if check.id not in self._places:
            table = cell_selection.table_of(self.project, check, "cells")
            specs = cell_selection.select(self.project, check, "cells")
            self._places[check.id] = [((spec, table),) for spec in specs]
        return [self.cell(*place) for (place,) in self._places[check.id]]

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """One cell, drawn when it is first asked for."""
        if (spec.run, table.name) not in self._made:
            self._made[spec.run, table.name] = self._drawn(spec, table)
        return self._made[spec.run, table.name]

    def _drawn(self, spec: CellSpec, table: Table) -> Cell:
        seeds = self._seeds if isinstance(self._seeds, int) else self._seeds(table)
        deviation = self._deviation(spec.run.dataset)
        values = self._rng.normal(self._means.get(spec.run, BASE), deviation, seeds)
        records = [
            made_up(run, float(value)) for run, value in zip(spec.runs(seeds), values, strict=True)
        ]
        level = levels(table.looks)[table.looks.index(seeds)] if seeds in table.looks else None
        priors = partial(self.prior, table, spec.run.dataset)  # one spread, shared
        cell = Cell(spec, tuple(records), (), priors=priors)
        return cell if level is None else dataclasses.replace(cell, alpha=level)


def made_up(run: Run, accuracy: float) -> Record:
    """A record with nothing but an accuracy (percent), for what nobody trained. Never a result."""
    value = min(max(accuracy, 0.0), 100.0)
    reached = Accuracy.model_construct(last=value, last_raw=value, best=value, best_epoch=1)
    epoch = Epoch.model_construct(
        epoch=1, lr=0.0, loss=0.0, test_accuracy=value, test_accuracy_raw=value, collapse=None
    )
    result = Result.model_construct(
        accuracy=reached, per_class=(), groups=_GROUPS, ece=0.0, confusion=(), history=(epoch,)
    )
    return Record.model_construct(
        schema_version=SCHEMA,
        run=run,
        config={},
        config_hash="",
        assumptions={},
        split=_split(run),
        result=result,
        notes=(),
        made=_MADE,
        model_of=None,
    )


def _split(run: Run) -> SplitMade:
    """One training set for all cells of a dataset and tau, or one for each of their seeds."""
    drawn = dict(run.options).get("split_seed", 0)
    return SplitMade.model_construct(
        sha256=f"{run.dataset}/{run.tau}/{drawn}", counts=(), n_train=0
    )


_UNKNOWN = ClassGroups(many=None, medium=None, few=None)
_GROUPS = Groups(thirds=_UNKNOWN, shots=_UNKNOWN)
_MADE = Made(
    at="",
    command="",
    git=Git(commit=None, dirty=None),
    hardware=Machine(processor="", cores=1, memory_gib=0.0, system=""),
    packages={},
    seconds=0.0,
    images_per_second=None,
)
