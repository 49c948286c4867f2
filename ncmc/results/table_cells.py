"""The cells of tables: each record read once, each cell with what it shares with those around it."""

import dataclasses
from functools import partial
from pathlib import Path

from ncmc.paper import switches
from ncmc.paper.printed_numbers import number_for
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell, read_cell
from ncmc.results.curves import Measure
from ncmc.results.samples import IN_PERCENT, sample_of
from ncmc.results.shared_spread import Prior, prior_of


class TableCells:
    """The cells of any table, each record read once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        self.project = project
        self.results = results
        self._read: dict[tuple[Run, bool, tuple[int, ...]], Cell] = {}
        self._priors: dict[tuple[str, str, str], Prior | None] = {}

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """One cell, at the look that its records reach, with the paper's number in that table."""
        key = (spec.run, spec.split_per_seed, table.looks)
        if key not in self._read:
            self._read[key] = read_cell(self.project, spec, table.looks, self.results)
        priors = partial(self.prior, table, spec.run.dataset)
        paper = number_for(self.project, spec.plain, switches.plain_name(table.name))
        return dataclasses.replace(self._read[key], spec=spec, paper=paper, priors=priors)

    def prior(self, table: Table, dataset: str, measure: Measure) -> Prior | None:
        """What the variances of an accuracy have in common in a table's cells of one dataset."""
        key = (table.name, dataset, measure)
        if key not in self._priors:
            cells = (self.cell(s, table) for s in table.cells if s.run.dataset == dataset)
            alive = (cell for cell in cells if not cell.dead)
            samples = [plain for cell in alive if (plain := sample_of(cell, measure))]
            self._priors[key] = prior_of(samples) if measure in IN_PERCENT else None
        return self._priors[key]

    def all_read(self) -> list[Cell]:
        """Every cell that was asked for so far."""
        return list(self._read.values())

    def of(self, table: Table) -> list[Cell]:
        """Every cell of a table."""
        return [self.cell(spec, table) for spec in table.cells]


def read_cells(project: Project, table: Table, results: Path | None = None) -> list[Cell]:
    """Every cell of a table. A run without a record is listed as missing.

    A record that is damaged, of another run, or of another configuration is listed as unusable.
    Raises UsageError if `results` is not a folder.
    """
    return TableCells(project, results).of(table)
