"""What can go wrong in a training, in words that say what to do."""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from pydantic import ValidationError

from ncmc.errors import UserError, listed
from ncmc.training.draws import EpochPlan
from ncmc.training.session import Training, TrainState

# torch's allocator on a CPU, C++, oneDNN, and CUDA's libraries, where no type tells
NO_MEMORY = re.compile(
    "allocate memory|bad_alloc|Storage size calculation overflowed|"
    "could not (create|execute) a primitive$|_STATUS_ALLOC_FAILED|CUDA error: out of memory"
)


def check_weights(training: Training, state: TrainState) -> None:
    """Raises UserError if steps left weights that are not finite, or a backbone that nothing trains."""
    values = [v for v in training.model.state_dict().values() if v.is_floating_point()]
    if not torch.stack([value.isfinite().all() for value in values]).all():
        raise UserError(
            f"weights are not finite after epoch {state.epoch}, step {state.steps_done} of "
            f"{training.steps_per_epoch}, of {training.run.id}. {_remedy(training)}"
        )
    model = training.model
    reached = [name for name, p in model.named_parameters() if p.grad is not None]  # none: no step
    frozen = model.stages[model.stage].freeze_backbone
    if reached and not frozen and not any(name.startswith("backbone.") for name in reached):
        raise UserError(
            f"no gradient reaches the backbone in epoch {state.epoch} of {training.run.id}: its loss "
            f"does not depend on the features. `ncmc check method {training.run.method}` says more."
        )


@contextmanager
def explain_not_finite(training: Training, epoch: int) -> Iterator[None]:
    """Measures that a record cannot hold, because they are not finite, as a UserError."""
    try:
        yield
    except ValidationError as error:
        raise UserError(
            f"measures are not finite in epoch {epoch} of {training.run.id}: the features are too "
            f"large. {_remedy(training)}"
        ) from error


def not_finite(
    training: Training, state: TrainState, plan: EpochPlan, step: int, value: float
) -> UserError:
    """The error for a loss that is not finite: the step, and the images of its batch."""
    draws = plan.at(step)
    places = training.inputs.split.indices[draws.order.cpu().numpy()]
    return UserError(
        f"loss is {value} in epoch {state.epoch}, step {step + 1} of {training.steps_per_epoch}, of "
        f"{training.run.id}. Images of that batch (indices in {training.run.dataset}): "
        f"{listed(list(map(str, places)))}. {_remedy(training)}"
    )


def _remedy(training: Training) -> str:
    path = training.inputs.checkpoint_path
    checkpoint = f"The last good checkpoint is kept at {path}. " if path.exists() else ""
    exact = "" if training.dtype == torch.float32 else ", or -o precision=float32"
    return (
        f"{checkpoint}Look at what you set; often a smaller learning rate helps (-o lr=...){exact}."
    )


@contextmanager
def explain_out_of_memory(words: str) -> Iterator[None]:
    """Out of memory as a UserError with these words; any other error as it is."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)  # the frames of its functions held it
        raise UserError(words) from None


def loading(run: str, device: torch.device) -> str:
    return (
        f"out of memory on {device}: the images and the model of {run} do not fit. Stop other "
        "programs that use this memory; -o resident_gigabytes=0 leaves the images on disk; a smaller "
        "model (width, padding) is another run than the paper's."
    )


def stepping(training: Training) -> str:
    size = training.inputs.resolved.recipe.batch_size
    return (
        f"out of memory on {training.device} with batch_size={size} ({training.run.id}). "
        "Stop other programs that use this memory, then run the same command to resume. A smaller "
        f"batch (-o batch_size={max(size // 2, 1)}) is another run than the paper's, with its own id."
    )


def measuring(training: Training) -> str:
    size = training.inputs.resolved.execution.eval_batch
    return (
        f"out of memory on {training.device} measuring {training.run.id} with eval_batch={size}. "
        f"Fewer images at a time give the same results: -o eval_batch={max(size // 2, 1)}."
    )


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether it is, or came while one was handled, as where a recording ran out of memory."""
    kinds = (torch.OutOfMemoryError, MemoryError)
    if isinstance(error, kinds) or NO_MEMORY.search(str(error)):
        return True
    return error.__context__ is not None and _is_out_of_memory(error.__context__)
