"""What can go wrong in a step, in words that say what to do."""

import torch

from ncmc.errors import UserError
from ncmc.loaders import EpochPlan, plan_epoch
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


def explain(error: RuntimeError, training: Training) -> Exception:
    """Memory errors in plain words with a batch size that fits; others as they are."""
    if not _is_out_of_memory(error):
        return error
    size = training.resolved.recipe.batch_size
    if training.team.size > 1:  # a trial step would wait for the others, who have memory left
        return UserError(
            f"out of memory on {training.device} with batch_size={size} on {training.team.size} "
            f"processes ({training.run.id}). Use more processes, or a smaller batch (a different "
            "run than the paper's)."
        )
    return UserError(
        f"out of memory on {training.device} with batch_size={size} ({training.run.id}). "
        f"{_largest_batch_that_fits(training, size)}"
    )


def _is_out_of_memory(error: RuntimeError) -> bool:
    # on a CPU it is a plain RuntimeError of the allocator
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def _largest_batch_that_fits(training: Training, size: int) -> str:
    while size > 2:
        size //= 2
        recipe = training.resolved.recipe.model_copy(update={"batch_size": size})
        draws = plan_epoch(len(training.data), recipe, 0, 1).at(0, size)
        draws = draws.to(training.device) if training.data.resident else draws
        training.optimizer.zero_grad(set_to_none=True)
        if training.device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            training.step(draws, 1)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            continue
        return f"batch_size={size} fits: -o batch_size={size} (a different run than the paper's)."
    return "Not even two images fit: use a machine with more memory."
