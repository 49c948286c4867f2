"""What a number would be under another assumption, where runs of the alternative have records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ncmc import paths
from ncmc.paper.switches import switched_cell, switches
from ncmc.plan.grid import CellSpec, Table
from ncmc.project import Project
from ncmc.results.cells import Cell, read_cell
from ncmc.results.record import path_of
from ncmc.results.statistics import Sample
from ncmc.results.wording import counted, plus_minus, signed
from ncmc.system import files

CHOSEN = "as chosen"  # what an alternative's number stands beside
Coords = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Alternative:
    """The number of a cell under another assumption, in words."""

    switch: str  # A14=affine
    number: str  # 84.1 ± 0.5, or why it cannot be shown
    beside: str = ""  # difference and seeds


def alternatives(
    project: Project, table: Table, cells: Sequence[Cell], results: Path | None = None
) -> dict[Coords, list[Alternative]]:
    """What there is beside each cell of a table, by its place; cells of the table itself are not."""
    own = {spec.run for spec in table.cells}
    found: dict[Coords, list[Alternative]] = {}
    for cell in cells:
        for name, spec in _others(project, cell.spec):
            if spec.run not in own and _has_record(project, spec, table.seeds, results):
                entry = _read(project, name, spec, cell.last, table, results)
                found.setdefault(cell.spec.coords, []).append(entry)
    return found


def existing_records(project: Project, table: Table) -> list[str]:
    """The ids of the runs with a record that `alternatives` looks at, of a whole table."""
    own = {spec.run for spec in table.cells}
    runs = project.root / paths.RUNS
    trained = [cell for cell in table.cells if (runs / cell.run.dataset).is_dir()]
    return [
        run.id
        for cell in trained
        for _, spec in _others(project, cell)
        if spec.run not in own
        for run in spec.runs(table.seeds)
        if files.exists(path_of(project, run))
    ]


def _others(project: Project, spec: CellSpec) -> list[tuple[str, CellSpec]]:
    """(switch, cell) of every reading but the cell's own, which of a switched one is the plain one."""
    if spec.run != spec.plain:
        return [(CHOSEN, replace(spec, run=spec.plain))]
    made = [(str(switch), switched_cell(project, spec, [switch])) for switch in switches(project)]
    return [(name, other) for name, other in made if other.run != spec.run]


def _has_record(project: Project, spec: CellSpec, seeds: int, results: Path | None) -> bool:
    return any(files.exists(path_of(project, run, results)) for run in spec.runs(seeds))


def _read(
    project: Project,
    name: str,
    spec: CellSpec,
    plain: Sample | None,
    table: Table,
    results: Path | None,
) -> Alternative:
    other = read_cell(project, spec, table.looks, results)
    if other.unusable:
        return Alternative(name, "its record cannot be used; ncmc status --outdated says why")
    parts = [counted(other.n, other.planned)]
    if plain and other.last:
        parts.insert(0, f"{signed(other.last.mean - plain.mean, 1)} points")
    return Alternative(name, plus_minus(other.last), ", ".join(parts))
