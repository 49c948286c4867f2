"""One run in memory: what it is trained with (`Training`) and how far it has come (`TrainState`)."""

import math
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ncmc.data.splits import method_counts
from ncmc.errors import UsageError, UserError
from ncmc.methods import Method
from ncmc.plan.run import Run
from ncmc.results.provenance import Session
from ncmc.results.record import Epoch
from ncmc.system import hardware
from ncmc.training import build, precision
from ncmc.training.batches import InMemory, OnDisk, Stored, TrainingSet
from ncmc.training.draws import steps_per_epoch
from ncmc.training.evaluate import EvalSet
from ncmc.training.optimiser import make_optimizer
from ncmc.training.run_inputs import RunInputs
from ncmc.training.schedule import Schedule
from ncmc.training.step import Step, make_step

GPU_EVAL_FACTOR = 8  # larger evaluation batches there
READERS = 16  # threads that read images which are not in memory, at most


@dataclass
class TrainState:
    """How far a training has come: all that a checkpoint holds beside weights and momentum."""

    epoch: int = 1  # the epoch to go on with, counted from 1
    steps_done: int = 0  # of this epoch
    loss_sum: float = 0.0  # over its images so far
    history: list[Epoch] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)  # how, where that changed
    seconds: float = 0.0  # spent by earlier sessions


@dataclass(kw_only=True)
class Training:
    """What a run is trained or evaluated with: its data, its model and how they are stepped."""

    inputs: RunInputs
    parts: build.Parts
    model: Method
    optimizer: torch.optim.SGD
    data: TrainingSet
    train_set: EvalSet
    test_set: EvalSet
    schedule: Schedule
    steps_per_epoch: int
    train_step: Step
    device: torch.device
    dtype: torch.dtype

    @property
    def run(self) -> Run:
        return self.inputs.run


def prepare(inputs: RunInputs, device: str | None = None) -> Training:
    """Everything that a training or an evaluation needs, checked and built.

    Raises UserError if images and recipe do not fit, UsageError for a bad option of the model or a
    method or backbone that does not keep its contract.
    """
    recipe, execution = inputs.resolved.recipe, inputs.resolved.execution
    parts = build.parts(inputs.run, inputs.resolved.model)
    torch.set_num_threads(execution.threads)
    precision.only_deterministic_kernels(execution.deterministic)
    precision.exact_float32(execution.precision == "float32")
    where = precision.pick_device(device)
    precision.use_device(where)
    size, channels = inputs.train.images.shape[1], inputs.train.images.shape[3]
    _check_channels(inputs, channels)

    counts = method_counts(inputs.split, inputs.train)
    model = build.on_device(parts.model(counts, size, channels), where)
    optimizer = make_optimizer(model, recipe, where)
    dtype = precision.pick_dtype(execution, where, size)
    data, train_set, test_set = _sets(inputs, where, dtype)
    steps = steps_per_epoch(len(data), recipe)
    if not steps:
        raise UsageError(
            f"batch_size={recipe.batch_size} with drop_last=true leaves no batch of the "
            f"{len(data)} training images of {inputs.run.id}. Take a smaller batch, or "
            "drop_last=false."
        )
    schedule = Schedule(recipe, model.stages)
    model.set_steps([steps * schedule.length(stage) for stage in range(len(model.stages))])
    return Training(
        inputs=inputs,
        parts=parts,
        model=model,
        optimizer=optimizer,
        data=data,
        train_set=train_set,
        test_set=test_set,
        schedule=schedule,
        steps_per_epoch=steps,
        train_step=make_step(model, optimizer, data, dtype, where, execution),
        device=where,
        dtype=dtype,
    )


def _sets(
    inputs: RunInputs, where: torch.device, dtype: torch.dtype
) -> tuple[TrainingSet, EvalSet, EvalSet]:
    """What is trained on, the same images for evaluation, and the test images.

    In memory, on the device, where both fit in `resident_gigabytes`; otherwise they stay on disk.
    """
    execution, recipe = inputs.resolved.execution, inputs.resolved.recipe
    split, train, test = inputs.split, inputs.train, inputs.test
    in_arrays = isinstance(train.images, np.ndarray)
    if in_arrays and recipe.augment == "resized_crop_flip":
        raise UsageError(
            "augment=resized_crop_flip takes parts of whole image files, and these images are arrays "
            "of one size; allowed for them: crop_flip, none."
        )
    labels = torch.from_numpy(np.array(split.labels))
    test_labels = torch.from_numpy(np.array(test.labels)).to(where)
    pixels = (len(labels) + len(test_labels)) * math.prod(train.images.shape[1:])
    data: TrainingSet
    train_images: Tensor | Stored
    test_images: Tensor | Stored
    if in_arrays and pixels <= execution.resident_gigabytes * 1e9:
        pixels_of_split = torch.from_numpy(np.ascontiguousarray(train.images[split.indices]))
        data = in_memory = InMemory(pixels_of_split, labels, recipe, where)
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


def _check_channels(inputs: RunInputs, channels: int) -> None:
    expected = len(inputs.resolved.recipe.mean)
    if expected != channels:
        raise UserError(
            f"recipe '{inputs.resolved.name}' has mean and std for {expected} channels, the images "
            f"of {inputs.run.dataset} have {channels}. Give the data set another recipe in "
            "config/datasets.yaml."
        )
