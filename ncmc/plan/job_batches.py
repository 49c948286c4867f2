"""Which runs share a training job: short ones always, the seeds of a cell where there are thousands."""

from collections.abc import Iterable, Mapping

from ncmc.plan.dataset_entries import SPLIT_SEED, dataset_entry
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project

Groups = list[list[Run]]  # each a trained run and the decision rules applied to its model

BATCH = 7  # short runs in one process: to start one takes as long as to train one
MOST_BATCHES = 100  # of all short runs: beyond, batches grow. A cluster's queue is for others too
MOST_JOBS = 500  # of the other runs: beyond, the seeds of a cell share jobs


def batches(project: Project, missing: Mapping[str, Iterable[Run]]) -> dict[str, list[Run]]:
    """Name -> the runs that one job trains one after the other, a model's decision rules after it.

    `missing`: the runs to train, each once, by the table that asks for them. The short runs of a
    table are dealt out evenly, and of other runs the seeds of a cell where a job each would be more
    than `MOST_JOBS`. A run that is in no batch has a job of its own.
    """
    short = {name: _groups(project, runs, short=True) for name, runs in missing.items()}
    other = {name: _groups(project, runs, short=False) for name, runs in missing.items()}
    size = max(BATCH, -(-_count(short) // max(1, MOST_BATCHES - len(missing))))
    dealt = {name: _dealt(groups, -(-len(groups) // size)) for name, groups in short.items()}
    if _count(other) > MOST_JOBS:
        cells = {name: _by_cell(project, groups) for name, groups in other.items()}
        most = max(1, MOST_JOBS // len({cell for of_table in cells.values() for cell in of_table}))
        for name, of_table in cells.items():
            for groups in of_table.values():
                dealt[name] += _dealt(groups, min(len(groups), most))
    return {
        f"{name}_{number}": runs
        for name, of_table in dealt.items()
        for number, runs in enumerate(of_table, 1)
    }


def is_short(project: Project, run: Run) -> bool:
    """Whether a run takes seconds or minutes: its dataset comes with an installed package."""
    return dataset_entry(project, run.dataset).is_bundled


def _groups(project: Project, runs: Iterable[Run], *, short: bool) -> Groups:
    """Runs that are short, or those that are not, with the decision rules after their model."""
    groups: dict[Run, list[Run]] = {}
    for run in runs:
        if is_short(project, run) == short:
            source = trained_run(project, run)
            group = groups.setdefault(source, [])
            group.insert(0 if run == source else len(group), run)
    return list(groups.values())


def _by_cell(project: Project, groups: Groups) -> dict[tuple[object, ...], Groups]:
    """Groups by what their models have in common but for seed and split."""
    cells: dict[tuple[object, ...], Groups] = {}
    for group in groups:
        run = trained_run(project, group[0])
        options = tuple((key, value) for key, value in run.options if key != SPLIT_SEED)
        cell = (run.dataset, run.tau, run.backbone, run.method, options)
        cells.setdefault(cell, []).append(group)
    return cells


def _count(groups: Mapping[str, Groups]) -> int:
    return sum(map(len, groups.values()))


def _dealt(groups: Groups, count: int) -> Groups:
    """`count` batches, of which none has more than one group more than another."""
    return [[run for group in groups[i::count] for run in group] for i in range(count)]
