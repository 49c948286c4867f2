"""table.json -> the cells of a table as they were written, without reading a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncmc.errors import UserError
from ncmc.paper.printed_numbers import Number, number_for
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.statistics import Sample
from ncmc.system import documents


@dataclass(frozen=True)
class StoredCell:
    """A cell as it is shown: of `ncmc.results.tables.Cell`, what needs no record."""

    spec: CellSpec
    n: int
    missing: tuple[Run, ...]
    last: Sample | None
    best: Sample | None
    paper: Number | None

    @property
    def complete(self) -> bool:
        """Whether every planned seed has a record."""
        return not self.missing


def read_table(project: Project, table: Table, path: Path) -> list[StoredCell]:
    """The cells of a table in its order. Raises UserError: missing, not ours, of another grid."""
    remedy = f"Run `ncmc table {table.name}` first."
    if not path.exists():
        raise UserError(f"{path} does not exist. {remedy}")
    try:
        stored = {_key(entry): entry for entry in documents.load_json(path)["cells"]}
        return [_cell(project, spec, stored[_key_of(spec.run)]) for spec in table.cells]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} does not hold the cells of {table.name} as it is planned now. {remedy}"
        ) from error


def _cell(project: Project, spec: CellSpec, entry: Mapping[str, Any]) -> StoredCell:
    n = int(entry["n"])
    return StoredCell(
        spec=spec,
        n=n,
        missing=tuple(spec.run.with_seed(seed) for seed in entry["missing"]),
        last=_sample(entry["last"], n),
        best=_sample(entry["best"], n),
        paper=number_for(project, spec.run),
    )


def _sample(entry: Mapping[str, Any], n: int) -> Sample | None:
    return Sample(entry["mean"], entry["std"], n) if n else None


def _key(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    names = tuple(entry[name] for name in ("dataset", "tau", "backbone", "method"))
    return (*names, tuple(sorted(entry["options"].items())))


def _key_of(run: Run) -> tuple[Any, ...]:
    return run.dataset, run.tau, run.backbone, run.method, run.options
