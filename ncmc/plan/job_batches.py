"""Which runs share a training job: short ones always, the seeds of a cell where there are thousands."""

import re
from collections.abc import Iterable

from ncmc.plan import grid, grid_file
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project

Groups = list[list[Run]]  # each a trained run and the decision rules applied to its model

BATCH = 7  # short runs in one process: to start one takes as long as to train one
MOST_BATCHES = 100  # of all short runs: beyond, batches grow. A cluster's queue is for others too
MOST_JOBS = 500  # of the other runs of a file of tables: beyond, a cell's seeds share jobs, or one


def batches(project: Project) -> dict[str, list[Run]]:
    """Name -> the runs that one job trains one after the other, a model's decision rules after it.

    The short runs of a table, dealt out evenly, and of other runs the seeds of a cell, where a job each
    would be more than `MOST_JOBS`. A function of the configuration, not of what is trained: a job of a
    cluster reads the Snakefile again, later.
    """
    found: dict[str, list[Run]] = {}
    placed: set[Run] = set()
    size = _size_of_short_batches(project)
    for tables in grid_file.tiers(project).values():
        cells = _trained_cells(project, tables, short=False)
        most = max(1, MOST_JOBS // max(1, len(cells)))  # jobs of one cell
        for table in tables:
            short = _without(placed, _short_groups(project, table))
            dealt = _dealt(short, -(-len(short) // size))
            if grid.table(project, table).seeds > most:
                for groups in _groups_of_cells(project, table):
                    left = _without(placed, groups)
                    dealt += _dealt(left, min(len(left), most))
            found |= {f"{table}_{number}": runs for number, runs in enumerate(dealt, 1)}
            placed.update(run for runs in dealt for run in runs)
    return found


def is_short(project: Project, run: Run) -> bool:
    """Whether a run takes seconds or minutes: its dataset comes with an installed package."""
    return dataset_entry(project, run.dataset).is_bundled


def pattern_of_others(batched: Iterable[Run], pattern: str) -> str:
    """A regular expression of the ids that match `pattern`, but for the runs of `batched`."""
    seeds: dict[str, list[str]] = {}
    for run in batched:
        seeds.setdefault(run.configuration, []).append(str(run.seed))
    taken = (
        f"{re.escape(cell)}/seed=(?:{'|'.join(of_cell)})(?![0-9])"
        for cell, of_cell in seeds.items()
    )
    return f"(?!{'|'.join(taken)}){pattern}" if seeds else pattern


def _size_of_short_batches(project: Project) -> int:
    """Trainings in a batch, so that there are no more than `MOST_BATCHES` (or one a table)."""
    tables = grid_file.table_names(project)
    trainings = sum(_trained_cells(project, tables, short=True).values())
    whole = max(1, MOST_BATCHES - len(tables))  # the last batch of each table may be a small one
    return max(BATCH, -(-trainings // whole))


def _trained_cells(project: Project, tables: Iterable[str], *, short: bool) -> dict[Run, int]:
    """The cells that are trained for some tables, by their seed 0, and how many seeds each has."""
    cells: dict[Run, int] = {}
    for table in (grid.table(project, name) for name in tables):
        for spec in table.cells:
            if is_short(project, spec.run) == short:
                cell = trained_run(project, spec.run)
                cells[cell] = max(table.seeds, cells.get(cell, 0))
    return cells


def _short_groups(project: Project, table: str) -> Groups:
    runs = grid.table(project, table).runs
    return _groups(project, [run for run in runs if is_short(project, run)])


def _groups_of_cells(project: Project, table: str) -> list[Groups]:
    """The other runs of a table, the seeds of each trained cell by themselves."""
    whole = grid.table(project, table)
    cells: dict[Run, list[Run]] = {}
    for spec in whole.cells:
        if not is_short(project, spec.run):
            cell = trained_run(project, spec.run)
            cells.setdefault(cell, []).extend(spec.runs(whole.seeds))
    return [_groups(project, runs) for runs in cells.values()]


def _groups(project: Project, runs: Iterable[Run]) -> Groups:
    groups: dict[Run, list[Run]] = {}
    for run in runs:
        source = trained_run(project, run)
        groups.setdefault(source, [source]).append(run)
    return [list(dict.fromkeys(group)) for group in groups.values()]


def _without(placed: set[Run], groups: Groups) -> Groups:
    """Groups without the runs that are in a batch already."""
    return [left for group in groups if (left := [run for run in group if run not in placed])]


def _dealt(groups: Groups, count: int) -> Groups:
    """`count` batches, of which none has more than one group more than another."""
    return [[run for group in groups[i::count] for run in group] for i in range(count)]
