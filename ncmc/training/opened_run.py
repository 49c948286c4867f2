"""A run with all that it is made from, read once. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.data import datasets, splits
from ncmc.data.datasets import Images
from ncmc.data.splits import Split
from ncmc.plan.dataset_entries import Dataset, dataset_entry
from ncmc.plan.option_text import Value
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project


@dataclass(frozen=True)
class OpenedRun:
    """A run, its configuration, its split and its images, which are mapped and not yet read."""

    project: Project
    run: Run
    resolved: Resolved
    entry: Dataset
    split: Split
    train: Images
    test: Images


def open_run(project: Project, run: Run, execution: Mapping[str, Value] | None = None) -> OpenedRun:
    """Read what a run is made from; its split is made if it is not there.

    `execution`: overrides of config/train.yaml's execution (threads, precision, ...). Raises UserError
    if data are missing or of another state than the split, UsageError for a bad option.
    """
    resolved = resolve_run(project, run)
    if execution:
        options = {**execution, **dict(run.options)}
        resolved = resolve(project, run.dataset, run.backbone, run.method, options)
    train, test = (datasets.load(project, run.dataset, part) for part in ("train", "test"))
    folder = project.root / run.split_folder
    split = splits.make_split(project, run.dataset, run.tau, resolved.split, train=train)
    if not (folder / Path(paths.SPLIT_MANIFEST).name).exists():
        split.save(folder)
    split.check_saved(folder)
    return OpenedRun(
        project=project,
        run=run,
        resolved=resolved,
        entry=dataset_entry(project, run.dataset),
        split=split,
        train=train,
        test=test,
    )
