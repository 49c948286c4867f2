"""A table with its cells, as terminal, files and page show it, and as table.json holds it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.class_groups import GROUPS
from ncmc.results.statistics import Sample

UNIT = "percent top-1 accuracy on the balanced test set"
BEST_IS_LAST = "No run was better at an earlier test than after its last epoch."


@dataclass(frozen=True)
class TableData:
    """A table or figure with its cells."""

    table: Table
    cells: Sequence[Cell]

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said with the numbers."""
        return tuple(dict.fromkeys(note for cell in self.cells for note in cell.notes))

    @property
    def usable(self) -> bool:
        """Whether every record that is there counts."""
        return not any(cell.unusable for cell in self.cells)

    @property
    def measures(self) -> tuple[str, ...]:
        """What stands in each cell: `last`, and `best` and `paper` where they tell more."""
        best = () if best_is_last(self.cells) else ("best",)
        return ("last", *best, *(("paper",) if self.table.scale == "paper" else ()))

    @property
    def banner(self) -> str | None:
        """What must be said over a table that is not the paper's."""
        if self.table.scale == "paper":
            return None
        datasets = _names(cell.spec.run.dataset for cell in self.cells)
        backbones = _names(cell.spec.run.backbone for cell in self.cells)
        return f"Reduced scale: {datasets}, {backbones}. Not the paper's table."


def best_is_last(cells: Sequence[Cell]) -> bool:
    """Whether no run was better at an earlier test, as where each is tested once; needs a record."""
    pairs = [(cell.values_last, cell.values_best) for cell in cells if cell.n]
    return bool(pairs) and all(last == best for last, best in pairs)


def table_json(data: TableData) -> dict[str, Any]:
    """The content of table.json; its `schema` is the number of this format."""
    table = data.table
    return {
        "schema": 3,
        "table": table.name,
        "title": table.title,
        "paper": table.paper,  # the folder of papers/ that it is of
        "where": table.where,
        "scale": table.scale,
        "planned_seeds": table.seeds,
        "unit": UNIT,
        "axes": table.axes,
        "columns": table.columns,
        "cells": [cell_json(cell) for cell in data.cells],
        "notes": data.notes,
    }


def cell_json(cell: Cell) -> dict[str, Any]:
    """A cell in table.json. `last` and `interval` (95 %) are of the last epoch, `best` of the best (A8).

    Accuracies in percent, `values` one per seed.
    """
    run, paper, groups = cell.spec.run, cell.paper, cell.groups
    return {
        "dataset": run.dataset,
        "tau": run.tau,
        "backbone": run.backbone,
        "method": run.method,
        "options": dict(run.options),
        "label": cell.spec.label,
        "coords": cell.spec.coords,  # (axis, label)
        "n": cell.n,
        "seeds": cell.seeds,
        "missing": tuple(run.seed for run in cell.missing),
        "missing_runs": tuple(run.id for run in cell.missing),
        "unusable": [
            {"seed": e.run.seed, "path": str(e.path), "reason": e.reason, "remedy": e.remedy}
            for e in cell.unusable
        ],
        "last": mean_json(cell.last),
        "interval": cell.interval,
        "best": mean_json(cell.best),
        "values_last": cell.values_last,
        "values_best": cell.values_best,
        "thirds": dict(groups.thirds),
        "shots": dict(groups.shots),
        "released": dict(groups.released or dict.fromkeys(GROUPS)),
        "ece": cell.ece,
        "paper": {key: getattr(paper, key, None) for key in ("value", "std", "where")},
    }


def mean_json(sample: Sample | None) -> dict[str, float | None]:
    """Mean and sample standard deviation over seeds."""
    return {"mean": sample.mean if sample else None, "std": sample.std if sample else None}


def _names(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
