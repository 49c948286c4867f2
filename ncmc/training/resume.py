"""Where a run stands, kept in its checkpoint and taken up from it."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from ncmc.errors import UserError, first_line
from ncmc.plan.code_digest import code_digest
from ncmc.results.provenance import Session
from ncmc.results.record import Epoch
from ncmc.system import hardware
from ncmc.system.documents import Strict
from ncmc.training import checkpoint, failures, precision
from ncmc.training.optimiser import restore_optimizer
from ncmc.training.session import State, Training

# what content that makes no sense raises where it is used
UNFIT = (LookupError, RuntimeError, ValueError, TypeError, AttributeError)


def save(training: Training, state: State, seconds: float) -> None:
    """Write the checkpoint. Raises UserError if the weights are not finite: the old one is kept."""
    failures.check_weights(training, state)
    device = training.device
    content = {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "epoch": state.epoch,
        "step": state.step,
        "loss_sum": state.loss_sum,
        "history": as_text(state.history),
        "sessions": as_text(state.sessions),
        "seconds": seconds,
    }
    checkpoint.save(training.checkpoint, training.identity, content)


def load(training: Training, tell: Callable[[str], None]) -> State:
    """The state of the run's checkpoint, loaded into the model; a new one if there is none.

    If it resumes computed in another way than before, it says so and starts a new session.
    """
    path = training.checkpoint
    remedy = f"Delete {path} to start this run again from the beginning."
    how = how_computed(training)
    if not path.exists():
        return State(sessions=[Session(**how, epoch=1, step=0)])
    saved = checkpoint.load(path, training.identity, remedy)
    try:
        state = _state_of(saved, training)
        before = state.sessions[-1].model_dump()
        changed = [key for key in how if how[key] != before[key]]
        check_finite("weights", saved["model"].values())
        training.model.load_state_dict(saved["model"])
        restore_optimizer(training.optimizer, saved["optimizer"])
        _check_momentum(training.optimizer)
        torch.set_rng_state(saved["rng"])
        if saved["cuda_rng"] is not None and training.device.type == "cuda":
            torch.cuda.set_rng_state(saved["cuda_rng"], training.device)
    except UNFIT as error:
        raise unfit(path, error, remedy) from error
    tell(f"resuming from epoch {state.epoch}, step {state.step}")
    if changed:
        state.sessions.append(Session(**how, epoch=state.epoch, step=state.step))
        told = ", ".join(_change(key, how[key], before[key]) for key in changed)
        tell(f"from here on with {told}: not bit for bit what an uninterrupted run gives")
    return state


def _change(key: str, now: Any, before: Any) -> str:
    return "other code" if key == "code" else f"{key} {now} instead of {before}"


def as_text(entries: Sequence[Strict]) -> str:
    """Entries of a history, or sessions, as JSON: what was not measured has no key."""
    return json.dumps([entry.model_dump(mode="json", exclude_unset=True) for entry in entries])


def sessions_of(text: str) -> list[Session]:
    """The sessions that `as_text` wrote. Raises ValueError if they are not."""
    return TypeAdapter(list[Session]).validate_json(text, strict=True)


def history_of(text: str, epochs: int) -> list[Epoch]:
    """The history of a run that has done so many epochs. Raises ValueError if it is not."""
    history = TypeAdapter(list[Epoch]).validate_json(text, strict=True)
    if len(history) != epochs or any(e.epoch != i for i, e in enumerate(history, 1)):
        raise ValueError(f"its history is not one of {epochs} epochs")
    return history


def check_finite(what: str, values: Iterable[Tensor]) -> None:
    """Raises ValueError if a number of these tensors is not finite."""
    if not all(value.isfinite().all() for value in values):
        raise ValueError(f"its {what} are not finite")


def _check_momentum(optimizer: torch.optim.Optimizer) -> None:
    """Raises ValueError unless each parameter's momentum has its shape and is finite."""
    buffers = {p: s["momentum_buffer"] for p, s in optimizer.state.items() if s}
    for parameter, buffer in buffers.items():
        if buffer is not None and buffer.shape != parameter.shape:
            raise ValueError(
                f"its momentum has the shape {tuple(buffer.shape)} where the weights have "
                f"{tuple(parameter.shape)}"
            )
    check_finite("momenta", [buffer for buffer in buffers.values() if buffer is not None])


def _state_of(saved: Mapping[str, Any], training: Training) -> State:
    state = State(
        epoch=saved["epoch"],
        step=saved["step"],
        loss_sum=saved["loss_sum"],
        history=history_of(saved["history"], saved["epoch"] - 1),
        sessions=sessions_of(saved["sessions"]),
        seconds=saved["seconds"],
    )
    epochs, steps = training.epochs, training.steps
    if not (1 <= state.epoch <= epochs + 1 and 0 <= state.step <= steps):
        raise ValueError(
            f"it stands at epoch {state.epoch}, step {state.step}; the run has {epochs} epochs of "
            f"{steps} steps"
        )
    if not (math.isfinite(state.loss_sum) and 0 <= state.seconds < math.inf):
        raise ValueError("its loss is not finite, or its time is not a number from 0")
    return state


def how_computed(training: Training) -> dict[str, Any]:
    """What decides the last bits of a result beside its configuration."""
    device = training.device
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "processor": hardware.machine()["processor"],
        "precision": str(training.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "gpu_libraries": precision.gpu_libraries() if device.type == "cuda" else None,
        "code": code_digest(training.project, training.run.backbone, training.run.method),
    }


def unfit(path: Path, error: Exception, remedy: str) -> UserError:
    """The error for a file that is whole and of this run, but whose content makes no sense."""
    return UserError(f"{path} does not fit this run ({first_line(error)}). {remedy}")
