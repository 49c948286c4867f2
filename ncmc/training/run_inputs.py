"""A run with all that it is made from, each read once, from the command to the record. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.data import datasets, splits
from ncmc.data.datasets import Images
from ncmc.data.splits import Split
from ncmc.plan.code_digest import Code, code_of
from ncmc.plan.option_text import Value
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run, resolve_run, trained_run
from ncmc.project import Project
from ncmc.results.configuration import config_of
from ncmc.results.record import digest, path_of


@dataclass(frozen=True)
class RunInputs:
    """A run of a project. What it is made from is read when it is first asked for, and kept.

    `execution`: overrides of config/train.yaml's execution (threads, precision, ...); `results`: a
    folder of results in place of the project's. What is read raises UserError if data are missing or
    of another state than the split, UsageError for a bad option.
    """

    project: Project
    run: Run
    execution: Mapping[str, Value] | None = None
    results: Path | None = None

    @cached_property
    def trained(self) -> "RunInputs":
        """The run whose training makes the model: itself, unless its method is a decision rule."""
        source = trained_run(self.project, self.run)
        if source == self.run:
            return self
        return RunInputs(self.project, source, self.execution, self.results)

    @cached_property
    def resolved(self) -> Resolved:
        if not self.execution:
            return resolve_run(self.project, self.run)
        run, options = self.run, {**self.execution, **dict(self.run.options)}
        return resolve(self.project, run.dataset, run.backbone, run.method, options)

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """What the configuration files say of it, as its record states it."""
        return config_of(self.project, self.run)

    @cached_property
    def code(self) -> Code | None:
        """The code that it is made with; None if a part of it has no file."""
        return code_of(self.project, self.run)

    @cached_property
    def train(self) -> Images:
        """All training images of its dataset, mapped and not yet read."""
        return datasets.load(self.project, self.run.dataset, "train")

    @cached_property
    def test(self) -> Images:
        return datasets.load(self.project, self.run.dataset, "test")

    @cached_property
    def split(self) -> Split:
        """Which training images it sees; the split is made if it is not there."""
        run, folder = self.run, self.project.root / self.run.split_folder
        options = self.resolved.split
        split = splits.make_split(self.project, run.dataset, run.tau, options, train=self.train)
        if not (folder / Path(paths.SPLIT_MANIFEST).name).exists():
            split.save(folder)
        split.check_saved(folder)
        return split

    @cached_property
    def identity(self) -> dict[str, str]:
        """What a checkpoint or a model must have been made from to be that of this run."""
        return {
            "run": self.trained.run.id,
            "config_hash": digest(self.trained.configuration),
            "split": self.split.sha256,
        }

    @property
    def record_path(self) -> Path:
        """Where its record lies, or will."""
        return path_of(self.project, self.run, self.results)

    @property
    def model_path(self) -> Path:
        """Where the model is that its training makes; beside the record of that."""
        return self.trained.record_path.with_name(paths.MODEL)

    @property
    def checkpoint_path(self) -> Path:
        """Where its training stands, while it is not done."""
        return self.project.root / paths.CHECKPOINTS / self.run.id / paths.CHECKPOINT
