"""One run in memory: its data, its model, where it stands."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncmc.data import datasets, splits
from ncmc.data.splits import Split
from ncmc.errors import UsageError, UserError
from ncmc.methods import Method
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.option_text import Value
from ncmc.plan.recipes import Resolved, resolve
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import records
from ncmc.system import hardware
from ncmc.training import build, distributed_step, steps
from ncmc.training.batches import Resident, Stored, Streamed, TrainingSet, steps_per_epoch
from ncmc.training.evaluate import EvalSet
from ncmc.training.processes import ALONE, Team

GPU_EVAL_FACTOR = 8  # larger evaluation batches there
READERS = 16  # threads that read images which are not in memory, at most


@dataclass
class State:
    """Where a training stands: all that a checkpoint holds beside weights and momentum."""

    epoch: int = 1  # the epoch to go on with, counted from 1
    step: int = 0  # how many of its steps are done
    loss_sum: float = 0.0  # over its images so far
    history: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)  # how, where that changed
    seconds: float = 0.0  # spent by earlier sessions


@dataclass
class Training:
    """One run in memory: its data, its model and how they are stepped."""

    project: Project
    run: Run
    resolved: Resolved
    split: Split
    model: Method
    optimizer: torch.optim.SGD
    data: TrainingSet
    train_set: EvalSet
    test_set: EvalSet
    step: steps.Step
    device: torch.device
    dtype: torch.dtype
    checkpoint: Path
    identity: dict[str, str]
    team: Team

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return steps_per_epoch(len(self.data), self.resolved.recipe)


def prepare(
    project: Project,
    run: Run,
    checkpoint_path: Path,
    device: torch.device | str | None = None,
    execution_options: Mapping[str, Value] | None = None,
    us: Team = ALONE,
) -> Training:
    """Everything a run needs, loaded, checked and built."""
    resolved = resolve(
        project,
        run.dataset,
        run.backbone,
        run.method,
        {**(execution_options or {}), **dict(run.options)},
    )
    execution = resolved.execution
    torch.set_num_threads(_threads(execution.threads, us))
    _only_deterministic_kernels(execution.deterministic)
    where = device if isinstance(device, torch.device) else steps.pick_device(device)
    steps.use_device(where)
    split = splits.load_split_of(project, run)
    images = datasets.load(project, run.dataset, "train").images
    size, channels = images.shape[1], images.shape[3]
    _check_channels(project, run, resolved, channels)

    model = build.build(project, run, list(split.counts), size, channels)
    model = model.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = steps.make_optimizer(model, resolved.recipe, where)
    dtype = steps.pick_dtype(execution, where, size)
    data, train_set, test_set = _sets(project, run, resolved, split, where, dtype, us)
    if not steps_per_epoch(len(data), resolved.recipe):
        raise UsageError(
            f"batch_size={resolved.recipe.batch_size} with drop_last=true leaves no batch of the "
            f"{len(data)} training images of {run.id}. Take a smaller batch, or drop_last=false."
        )
    return Training(
        project=project,
        run=run,
        resolved=resolved,
        split=split,
        model=model,
        optimizer=optimizer,
        data=data,
        train_set=train_set,
        test_set=test_set,
        step=distributed_step.make_step(us, model, optimizer, data, dtype, where, execution),
        device=where,
        dtype=dtype,
        checkpoint=checkpoint_path,
        identity={
            "run": run.id,
            "config_hash": records.config_hash(project, run),
            "split": split.sha256,
        },
        team=us,
    )


def _sets(
    project: Project,
    run: Run,
    resolved: Resolved,
    split: Split,
    where: torch.device,
    dtype: torch.dtype,
    us: Team,
) -> tuple[TrainingSet, EvalSet, EvalSet]:
    """What is trained on, the same images as they are measured, and the test images.

    In memory, or streamed if they are image files or larger than `resident_gigabytes`.
    """
    execution, recipe = resolved.execution, resolved.recipe
    images, test = (datasets.load(project, run.dataset, part) for part in ("train", "test"))
    labels = torch.from_numpy(np.array(split.labels))
    test_labels = torch.from_numpy(np.array(test.labels)).to(where)
    pixels = (len(labels) + len(test_labels)) * math.prod(images.images.shape[1:])
    if isinstance(images.images, np.ndarray) and pixels <= execution.resident_gigabytes * 1e9:
        chosen = torch.from_numpy(np.ascontiguousarray(images.images[split.indices]))
        held = Resident(chosen, labels, recipe, where)
        data: TrainingSet = held
        shown: tuple[Tensor | Stored, ...] = (
            held.images,
            torch.from_numpy(np.array(test.images)).to(where),
        )
    else:
        workers = max(1, min(READERS, hardware.cores() // us.here))
        stored = Stored(images.images, np.asarray(split.indices), workers)
        data = Streamed(stored, labels, recipe, where)
        shown = (stored, Stored(test.images, np.arange(len(test_labels)), workers))
    in_memory_on_gpu = where.type == "cuda" and data.resident
    view = partial(
        EvalSet,
        normalise=data.normalise,
        batch=execution.eval_batch * (GPU_EVAL_FACTOR if in_memory_on_gpu else 1),
        autocast=partial(steps.autocast, where, dtype),
        team=us,
    )
    return data, view(shown[0], data.labels), view(shown[1], test_labels)


def _threads(wanted: int, us: Team) -> int:
    """As many as the recipe says, or a team's share of this machine's cores.

    Its processes wait for each other at every layer: with more threads than cores five times longer.
    """
    return wanted if us.size == 1 else max(1, min(wanted, hardware.cores() // us.here))


def _only_deterministic_kernels(wanted: bool) -> None:
    if wanted:  # cuBLAS reads it at its first product; without it torch refuses every product
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(wanted)


def _check_channels(project: Project, run: Run, resolved: Resolved, channels: int) -> None:
    if len(resolved.recipe.mean) != channels:
        name = dataset_entry(project, run.dataset).recipe
        raise UserError(
            f"recipe '{name}' has mean and std for {len(resolved.recipe.mean)} channels, the images "
            f"of {run.dataset} have {channels}. Give the data set another recipe in "
            "config/datasets.yaml."
        )
