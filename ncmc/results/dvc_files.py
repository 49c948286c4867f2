"""A table's numbers and curves as `dvc metrics` and `dvc plots` read them: see dvc.yaml."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.curves import curve
from ncmc.results.table_data import TableData
from ncmc.system import files

COLUMNS = ("epoch", "test_accuracy", "seeds", "cell")
DIGITS = 4  # of a percentage


def write_for_dvc(project: Project, table: TableData, cells: Sequence[Cell]) -> list[Path]:
    """Write the two files below results/ that dvc.yaml names; their paths. Raises UserError."""
    texts = {paths.DVC_METRICS: as_metrics(table), paths.DVC_CURVES: as_curves(cells)}
    written = []
    for template, text in texts.items():
        written.append(project.root / template.format(table=table.table))
        files.write_atomic(written[-1], text)
    return written


def as_metrics(table: TableData) -> str:
    """Each cell that has a record: accuracy after the last epoch, its deviation, the best, seeds."""
    body: dict[str, dict[str, Any]] = {}
    for cell in table.cells:
        if cell.n:
            numbers = {"last": cell.last.mean, "std": cell.last.std, "best": cell.best.mean}
            known = {
                key: round(value, DIGITS) for key, value in numbers.items() if value is not None
            }
            body[cell.label] = known | {"seeds": cell.n}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def as_curves(cells: Sequence[Cell]) -> str:
    """A line an epoch and cell: the mean test accuracy over its seeds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in cells:
        if found := curve(cell, "test_accuracy"):
            for epoch, mean in zip(found.epochs, found.means, strict=True):
                writer.writerow([epoch, round(mean, DIGITS), cell.n, cell.spec.label])
    return out.getvalue()
