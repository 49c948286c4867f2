"""One run in memory: its data, its model, where it stands."""

import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ncmc.data.splits import Split, method_counts
from ncmc.errors import UsageError, UserError
from ncmc.methods import Method
from ncmc.plan.recipes import Resolved
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.configuration import config_hash
from ncmc.results.provenance import Session
from ncmc.results.record import Epoch
from ncmc.system import hardware
from ncmc.training import build, precision, stages
from ncmc.training.batches import InMemory, OnDisk, Stored, TrainingSet
from ncmc.training.draws import steps_per_epoch
from ncmc.training.evaluate import EvalSet
from ncmc.training.opened_run import OpenedRun
from ncmc.training.optimiser import make_optimizer
from ncmc.training.step import Step, make_step

GPU_EVAL_FACTOR = 8  # larger evaluation batches there
READERS = 16  # threads that read images which are not in memory, at most


@dataclass
class State:
    """Where a run stands: all that a checkpoint holds beside weights and momentum."""

    epoch: int = 1  # the epoch to resume with, counted from 1
    step: int = 0  # how many of its steps are done
    loss_sum: float = 0.0  # over its images so far
    history: list[Epoch] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)  # how, where that changed
    seconds: float = 0.0  # spent by earlier sessions


@dataclass
class Training:
    """One run in memory: its data, its model and how they are stepped."""

    opened: OpenedRun
    model: Method
    optimizer: torch.optim.SGD
    data: TrainingSet
    train_set: EvalSet
    test_set: EvalSet
    step: Step
    device: torch.device
    dtype: torch.dtype
    checkpoint: Path
    identity: dict[str, str]

    @property
    def project(self) -> Project:
        """Where it is trained."""
        return self.opened.project

    @property
    def run(self) -> Run:
        """What is trained."""
        return self.opened.run

    @property
    def resolved(self) -> Resolved:
        """How it is trained."""
        return self.opened.resolved

    @property
    def split(self) -> Split:
        """Which images it is trained on."""
        return self.opened.split

    @property
    def epochs(self) -> int:
        """Of all stages."""
        return stages.total_epochs(self.resolved.recipe, self.model.stages)

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return steps_per_epoch(len(self.data), self.resolved.recipe)


def prepare(
    opened: OpenedRun, checkpoint_path: Path, device: torch.device | str | None = None
) -> Training:
    """Everything an opened run needs, checked and built.

    Raises UserError if images and recipe do not fit, UsageError for a bad option of the model or a
    method or backbone that does not keep its contract.
    """
    project, run, recipe = opened.project, opened.run, opened.resolved.recipe
    execution = opened.resolved.execution
    torch.set_num_threads(execution.threads)
    precision.only_deterministic_kernels(execution.deterministic)
    precision.exact_float32(execution.precision == "float32")
    where = device if isinstance(device, torch.device) else precision.pick_device(device)
    precision.use_device(where)
    size, channels = opened.train.images.shape[1], opened.train.images.shape[3]
    _check_channels(opened, channels)

    counts = method_counts(opened.split, opened.train)
    model = build.build_model(project, run, counts, size, channels)
    model = build.on_device(model, where)
    optimizer = make_optimizer(model, recipe, where)
    dtype = precision.pick_dtype(execution, where, size)
    data, train_set, test_set = _sets(opened, where, dtype)
    steps = steps_per_epoch(len(data), recipe)
    if not steps:
        raise UsageError(
            f"batch_size={recipe.batch_size} with drop_last=true leaves no batch of the "
            f"{len(data)} training images of {run.id}. Take a smaller batch, or drop_last=false."
        )
    model.set_steps([steps * epochs for epochs in stages.lengths(recipe, model.stages)])
    return Training(
        opened=opened,
        model=model,
        optimizer=optimizer,
        data=data,
        train_set=train_set,
        test_set=test_set,
        step=make_step(model, optimizer, data, dtype, where, execution),
        device=where,
        dtype=dtype,
        checkpoint=checkpoint_path,
        identity={
            "run": run.id,
            "config_hash": config_hash(project, run),
            "split": opened.split.sha256,
        },
    )


def _sets(
    opened: OpenedRun, where: torch.device, dtype: torch.dtype
) -> tuple[TrainingSet, EvalSet, EvalSet]:
    """What is trained on, the same images as they are measured, and the test images.

    In memory, or read as they are used if they are image files or larger than `resident_gigabytes`.
    """
    execution, recipe = opened.resolved.execution, opened.resolved.recipe
    split, train, test = opened.split, opened.train, opened.test
    labels = torch.from_numpy(np.array(split.labels))
    test_labels = torch.from_numpy(np.array(test.labels)).to(where)
    pixels = (len(labels) + len(test_labels)) * math.prod(train.images.shape[1:])
    data: TrainingSet
    train_images: Tensor | Stored
    test_images: Tensor | Stored
    if isinstance(train.images, np.ndarray) and pixels <= execution.resident_gigabytes * 1e9:
        chosen = torch.from_numpy(np.ascontiguousarray(train.images[split.indices]))
        data = in_memory = InMemory(chosen, labels, recipe, where)
        train_images = in_memory.images
        test_images = torch.from_numpy(np.array(test.images)).to(where)
    else:
        workers = min(READERS, hardware.cores())
        train_images = Stored(train.images, np.asarray(split.indices), workers)
        test_images = Stored(test.images, np.arange(len(test_labels)), workers)
        data = OnDisk(train_images, labels, recipe, where)
    in_gpu_memory = where.type == "cuda" and data.in_memory
    view = partial(
        EvalSet,
        normalise=data.normalise,
        batch=execution.eval_batch * (GPU_EVAL_FACTOR if in_gpu_memory else 1),
        autocast=partial(precision.autocast, where, dtype),
    )
    return data, view(train_images, data.labels), view(test_images, test_labels)


def _check_channels(opened: OpenedRun, channels: int) -> None:
    expected = len(opened.resolved.recipe.mean)
    if expected != channels:
        raise UserError(
            f"recipe '{opened.resolved.name}' has mean and std for {expected} channels, the images "
            f"of {opened.run.dataset} have {channels}. Give the data set another recipe in "
            "config/datasets.yaml."
        )
