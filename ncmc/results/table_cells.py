"""The cells of tables: each record read once, each cell with what it shares with those around it."""

import dataclasses
import math
from collections.abc import Hashable
from functools import partial
from pathlib import Path

import numpy as np

from ncmc.paper import switches
from ncmc.paper.printed_numbers import Number, number_for
from ncmc.plan import grid
from ncmc.plan.dataset_entries import SPLIT_SEED
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import Scale, table_names, tier_of
from ncmc.plan.run import Run
from ncmc.project import Project, read_once
from ncmc.results.cells import Cell, read_cell
from ncmc.results.curves import IN_PERCENT, Measure, by_seed, sample_of
from ncmc.results.shared_spread import InBlock, Prior, block_of, prior_of

ENOUGH_DF = 10  # of a deviation that a plan takes over from records


class TableCells:
    """The cells of any table, each record read once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        self.project = project
        self.results = results
        self._read: dict[tuple[Hashable, ...], Cell] = {}
        self._priors: dict[tuple[str, str, str], Prior | None] = {}
        self._blocks: dict[tuple[Hashable, ...], dict[Run, InBlock]] = {}

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """One cell, at the look that its records reach, with the paper's number in that table."""
        tier = tier_of(self.project, switches.plain_name(table.name))
        key = (spec.run, spec.split_per_seed, table.looks, tier)
        if key not in self._read:
            self._read[key] = read_cell(self.project, spec, table.looks, self.results, tier)
        number = self.number(spec, table)
        return self.sharing(dataclasses.replace(self._read[key], spec=spec, paper=number), table)

    def number(self, spec: CellSpec, table: Table) -> Number | None:
        """The paper's number for a cell in a table; None where it is not known."""
        return number_for(self.project, spec.plain, switches.plain_name(table.name))

    def sharing(self, cell: Cell, table: Table) -> Cell:
        """A cell with what it shares with those around it in a table."""
        return dataclasses.replace(
            cell,
            priors=partial(self.prior, table, cell.spec.run.dataset),
            block=partial(self.in_block, table, cell.spec),
        )

    def prior(self, table: Table, dataset: str, measure: Measure) -> Prior | None:
        """What the variances of an accuracy have in common in a table's cells of one dataset."""
        key = (table.name, dataset, measure)
        if key not in self._priors:
            cells = (self.cell(s, table) for s in table.cells if s.run.dataset == dataset)
            alive = (cell for cell in cells if not cell.dead)
            samples = [plain for cell in alive if (plain := sample_of(cell, measure))]
            self._priors[key] = prior_of(samples) if measure in IN_PERCENT else None
        return self._priors[key]

    def in_block(
        self, table: Table, spec: CellSpec, measure: Measure, seeds: tuple[int, ...]
    ) -> InBlock | None:
        """A cell's mean of an accuracy over seeds, within its block in a table; None without one.

        A block: the table's cells of one dataset, tau, backbone, split and number of epochs that have
        the measure in all these seeds, each of which has a split of its own.
        """
        place = block_key(spec)
        key = (table.name, place, measure, seeds)
        if key not in self._blocks:
            specs = {s.run: s for s in table.cells if s.split_per_seed and block_key(s) == place}
            cells = [self.cell(s, table) for s in specs.values()]
            values = {cell.spec.run: by_seed(cell, measure) for cell in cells if not cell.dead}
            whole = {r: [v[s] for s in seeds] for r, v in values.items() if v.keys() >= {*seeds}}
            rows = block_of(np.array(list(whole.values()), ndmin=2)) if len(whole) > 1 else None
            lacking = len(values) - len(whole)
            parts = [InBlock(row, len(whole), lacking) for row in rows or ()]
            self._blocks[key] = dict(zip(whole, parts, strict=False))
        return self._blocks[key].get(spec.run) if measure in IN_PERCENT else None

    def all_read(self) -> list[Cell]:
        """Every cell that was asked for so far."""
        return list(self._read.values())

    def of(self, table: Table) -> list[Cell]:
        """Every cell of a table."""
        return [self.cell(spec, table) for spec in table.cells]


def block_key(spec: CellSpec) -> Hashable:
    """What the cells of a block have in common, beside their table."""
    split = spec.resolved.split.model_copy(update={SPLIT_SEED: 0})
    epochs = spec.resolved.recipe.epochs
    return spec.run.dataset, spec.run.tau, spec.run.backbone, split, epochs


@read_once
def measured_deviation(
    project: Project, dataset: str, scale: Scale
) -> tuple[float, int, float] | None:
    """What the records of a dataset at a scale say of the deviation over the seeds of one cell.

    The pooled deviation in points (`last`), its cells and its degrees of freedom, of which there must
    be ENOUGH_DF: of cells that share their splits, without what the splits do. None without records.
    """
    reader = Project(project.root, reads_published=True, paper=project.paper)
    cells = TableCells(reader)
    blocks: dict[Hashable, dict[Run, list[float]]] = {}
    for name in table_names(project, scale):
        table = grid.table(project, name)
        for spec in table.cells:
            if spec.run.dataset == dataset and (cell := cells.cell(spec, table)).n > 1:
                key: Hashable = (block_key(spec), cell.seeds) if spec.split_per_seed else spec.run
                if not cell.dead:
                    blocks.setdefault(key, {})[spec.run] = list(cell.values_last)
    squares, df, of = 0.0, 0.0, 0
    for members in blocks.values():
        values = np.array(list(members.values()))
        k, n = values.shape
        if k > 1:  # of a block
            values = values - values.mean(axis=0) + values.mean()
        squares += float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum())
        df += (n - 1) * max(1, k - 1)
        of += k
    return (math.sqrt(squares / df), of, df) if df >= ENOUGH_DF and squares > 0 else None
