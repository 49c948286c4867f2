"""What can go wrong in a training, in words that say what to do."""

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from ncmc import evaluate
from ncmc.errors import UserError
from ncmc.grid import Run
from ncmc.loaders import EpochPlan, plan_epoch
from ncmc.team import Team
from ncmc.training import State, Training


def not_finite(
    training: Training, state: State, plan: EpochPlan, step: int, value: float
) -> UserError:
    """The error for a loss that is not finite: the step, and the images of its batch."""
    draws = plan.at(step, training.resolved.recipe.batch_size)
    places = training.split.indices[draws.order.cpu().numpy()]
    kept = f"The last good checkpoint is kept at {training.checkpoint}. "
    return UserError(
        f"loss is {value} in epoch {state.epoch}, step {step + 1} of {training.steps}, of "
        f"{training.run.id}. Images of that batch (indices in {training.run.dataset}): "
        f"{', '.join(str(i) for i in places)}. "
        f"{kept if training.checkpoint.exists() else ''}"
        "Try a smaller learning rate (-o lr=...) or precision=float32."
    )


@contextmanager
def memory_explained(say: Callable[[], str]) -> Iterator[None]:
    """Out of memory as a UserError with the words of `say`; any other error as it is.

    `say` is called when what the failed work held is given back, so that it can try less.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        _forget(error)
        raise UserError(say()) from None


def preparing(run: Run, device: torch.device) -> str:
    """What to say if the images and the model of a run do not fit."""
    return (
        f"out of memory on {device}: the images and the model of {run.id} do not fit. Stop other "
        "programs that use this memory, or have the images streamed: -o resident_gigabytes=0."
    )


def stepping(training: Training) -> str:
    """What to say if a training step does not fit: the batch size that does."""
    size, processes = training.resolved.recipe.batch_size, training.team.size

    def rehearse(batch_size: int) -> None:
        share = Team(0, processes).batch_rows(batch_size).stop  # the first process has the most
        recipe = training.resolved.recipe.model_copy(update={"batch_size": share})
        draws = plan_epoch(len(training.data), recipe, 0, 1).at(0, share)
        draws = draws.to(training.device) if training.data.resident else draws
        training.optimizer.zero_grad(set_to_none=True)
        training.step.rehearse(draws)

    fits = _largest_that_fits(rehearse, size, least=2)  # a batch of one has no variance
    together = f" on {processes} processes" if processes > 1 else ""
    return (
        f"out of memory on {training.device} with batch_size={size}{together} ({training.run.id}). "
        + _advice("batch_size", size, fits, "a different run than the paper's")
    )


def measuring(training: Training) -> str:
    """What to say if the measuring of an epoch does not fit: how many images at once do."""
    size = training.resolved.execution.eval_batch
    factor = training.test_set.batch // size  # more images at once on a GPU

    def rehearse(eval_batch: int) -> None:
        look = replace(training.test_set, batch=eval_batch * factor)
        evaluate.look_at_one_batch(training.model, look)

    fits = _largest_that_fits(rehearse, size, least=1)
    return (
        f"out of memory on {training.device} measuring {training.run.id} with eval_batch={size}. "
        + _advice("eval_batch", size, fits, "the same run")
    )


def _advice(option: str, size: int, fits: int, what: str) -> str:
    if not fits:
        return "Not even the smallest batch fits: use a machine with more memory."
    if fits == size:
        return "It fits now: another program may have had the memory. The same command goes on."
    return f"{option}={fits} fits: -o {option}={fits} ({what})."


def _largest_that_fits(rehearse: Callable[[int], None], size: int, least: int) -> int:
    """The largest of size, size / 2, ..., not below `least`, that can be rehearsed; 0 if none can."""
    while size >= least:
        try:
            rehearse(size)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            _forget(error)
        else:
            return size
        size //= 2
    return 0


def _forget(error: Exception) -> None:
    """Give back what the work that failed had computed: the frames of its functions hold it."""
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    torch.cuda.empty_cache()  # nothing where there is no GPU


def _is_out_of_memory(error: Exception) -> bool:
    # on a CPU torch raises a plain RuntimeError of its allocator
    kinds = (torch.OutOfMemoryError, MemoryError)
    return isinstance(error, kinds) or "allocate memory" in str(error)
