"""What can go wrong in a training, in words that say what to do."""

import gc
import json
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ncmc.errors import UserError
from ncmc.plan.grid import Run
from ncmc.system import allocator
from ncmc.training import rehearsal
from ncmc.training.batches import EpochPlan
from ncmc.training.session import State, Training

# torch's allocator on a CPU, C++, and oneDNN, where no type tells
NO_MEMORY = re.compile(
    "allocate memory|bad_alloc|Storage size calculation overflowed|"
    "could not (create|execute) a primitive$"
)


def check_weights(training: Training, state: State) -> None:
    """Raises UserError if a step has left weights or statistics that are not finite."""
    values = [v for v in training.model.state_dict().values() if v.is_floating_point()]
    if not torch.stack([value.isfinite().all() for value in values]).all():
        raise UserError(
            f"weights are not finite after epoch {state.epoch}, step {state.step} of "
            f"{training.steps}, of {training.run.id}. {_remedy(training)}"
        )


def check_measures(training: Training, entry: dict[str, Any]) -> None:
    """Raises UserError if what was measured of an epoch is not finite: a record could not say it."""
    try:
        json.dumps(entry, allow_nan=False)
    except ValueError as error:
        raise UserError(
            f"measures are not finite in epoch {entry['epoch']} of {training.run.id}: the features "
            f"are too large. {_remedy(training)}"
        ) from error


def not_finite(
    training: Training, state: State, plan: EpochPlan, step: int, value: float
) -> UserError:
    """The error for a loss that is not finite: the step, and the images of its batch."""
    draws = plan.at(step, training.resolved.recipe.batch_size)
    places = training.split.indices[draws.order.cpu().numpy()]
    return UserError(
        f"loss is {value} in epoch {state.epoch}, step {step + 1} of {training.steps}, of "
        f"{training.run.id}. Images of that batch (indices in {training.run.dataset}): "
        f"{', '.join(str(i) for i in places)}. {_remedy(training)}"
    )


def _remedy(training: Training) -> str:
    kept = f"The last good checkpoint is kept at {training.checkpoint}. "
    exact = "" if training.dtype == torch.float32 else ", or -o precision=float32"
    return (
        f"{kept if training.checkpoint.exists() else ''}Look at what you set; often a smaller "
        f"learning rate helps (-o lr=...){exact}."
    )


@contextmanager
def memory_explained(say: Callable[[], str]) -> Iterator[None]:
    """Out of memory as a UserError with the words of `say`; any other error as it is.

    `say` is called when nothing holds what the failed work had computed, so that it can try less.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # the frames of its functions held it
        raise UserError(say()) from None


def preparing(run: Run, device: torch.device) -> str:
    """What to say if the images and the model of a run do not fit."""
    return (
        f"out of memory on {device}: the images and the model of {run.id} do not fit. Stop other "
        "programs that use this memory; -o resident_gigabytes=0 leaves the images on disk; a smaller "
        "model (width, padding: a different run than the paper's) needs less."
    )


def stepping(training: Training, tell: Callable[[str], None]) -> str:
    """What to say if a training step does not fit: the batch size that does, which takes a while."""
    size, processes = training.resolved.recipe.batch_size, training.team.size
    largest = min(size, len(training.data))
    fits = _largest(rehearsal.steps_fit, training, largest, tell)
    together = f" on {processes} processes" if processes > 1 else ""
    return (
        f"out of memory on {training.device} with batch_size={size}{together} ({training.run.id}). "
        + _advice("batch_size", largest, fits, "a different run than the paper's")
    )


def measuring(training: Training, tell: Callable[[str], None]) -> str:
    """What to say if the measuring of an epoch does not fit: how many images at once do."""
    size = training.resolved.execution.eval_batch
    fits = _largest(rehearsal.measuring_fits, training, size, tell)
    return (
        f"out of memory on {training.device} measuring {training.run.id} with eval_batch={size}. "
        + _advice("eval_batch", size, fits, "the same run")
    )


def _largest(
    fits: Callable[[Training, int], bool],
    training: Training,
    size: int,
    tell: Callable[[str], None],
) -> int:
    """The first of size, size / 2, ..., 1 that fits; 0 if none does."""
    tell("out of memory: trying what fits, in new processes")
    _make_room(training)
    while size:
        if fits(training, size):
            return size
        size //= 2
    return 0


def _advice(option: str, size: int, fits: int, what: str) -> str:
    if not fits:
        return "Not even the smallest fits: use a machine with more memory."
    if fits == size:
        return "It fits now: another program may have had the memory. The same command goes on."
    return f"{option}={fits} fits: -o {option}={fits} ({what})."


def _make_room(training: Training) -> None:
    """Give back what this process holds and no longer needs: another one is to try what fits."""
    training.step.forget()
    gc.collect()
    torch.cuda.empty_cache()  # nothing where there is no GPU
    allocator.give_back_pages()


def _is_out_of_memory(error: Exception) -> bool:
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or NO_MEMORY.search(str(error)) is not None
