"""Where a run stands, kept in its checkpoint and taken up from it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ncmc.errors import UserError, first_line
from ncmc.methods import Method
from ncmc.plan.code_digest import files_of
from ncmc.results.code_versions import change_words, kind_of
from ncmc.results.provenance import Session, git_state
from ncmc.results.record import Epoch
from ncmc.system import hardware
from ncmc.system.documents import Strict
from ncmc.training import checkpoint, failures, precision
from ncmc.training.checkpoint import check_tensors
from ncmc.training.optimiser import restore_momenta
from ncmc.training.run_inputs import RunInputs
from ncmc.training.session import Training, TrainState


def save(training: Training, state: TrainState, seconds: float) -> None:
    """Write the checkpoint. Raises UserError if the weights are not finite: the old one is kept."""
    failures.check_weights(training, state)
    device = training.device
    content = {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "epoch": state.epoch,
        "step": state.steps_done,
        "loss_sum": state.loss_sum,
        "history": as_text(state.history),
        "sessions": as_text(state.sessions),
        "seconds": seconds,
    }
    checkpoint.save(training.inputs.checkpoint_path, training.inputs.identity, content)


def load(training: Training, tell: Callable[[str], None]) -> TrainState:
    """The state of the run's checkpoint, loaded into the model; a new one if there is none.

    If it resumes computed in another way than before, it says so and starts a new session.
    """
    inputs, path = training.inputs, training.inputs.checkpoint_path
    how = how_computed(training)
    if not path.exists():
        return TrainState(sessions=[Session(**how, epoch=1, step=0)])
    remedy = f"Delete {path} to start this run again from the beginning."
    saved = checkpoint.load(path, inputs.identity, checkpoint.Stopped, remedy)
    try:
        state = _state_of(saved, training)
        restore_weights(training.model, saved.model)
        momenta = {at: of.get("momentum_buffer") for at, of in saved.optimizer.state.items()}
        restore_momenta(training.optimizer, momenta)
        torch.set_rng_state(saved.rng)
        if saved.cuda_rng is not None and training.device.type == "cuda":
            torch.cuda.set_rng_state(saved.cuda_rng, training.device)
    except (ValueError, TypeError, RuntimeError) as error:  # the last two: torch's generators
        raise unfit(path, error, remedy) from error
    tell(f"resuming from epoch {state.epoch}, step {state.steps_done}")
    before = state.sessions[-1]
    changed = [
        f"{key.replace('_', ' ')} {now} instead of {then}"
        for key, now in how.items()
        if key not in ("code", "commit", "dirty") and now != (then := getattr(before, key))
    ] + code_changes(inputs, before)
    if changed or (how["dirty"] and not before.dirty):
        state.sessions.append(Session(**how, epoch=state.epoch, step=state.steps_done))
    if changed:
        tell(
            f"computed in another way from here on ({', '.join(changed)}): the result is not bit for "
            "bit that of an uninterrupted run"
        )
    return state


def code_changes(inputs: RunInputs, session: Session) -> list[str]:
    """What of the code of a session gives other bits now, in words."""
    if inputs.code is None or session.code is None:
        return ["code of another version of ncmc"]
    return change_words(inputs.run, session.code, inputs.code, kind_of(session.device))


def as_text(entries: Sequence[Strict]) -> str:
    """Entries of a history, or sessions, as JSON: what was not measured has no key."""
    return json.dumps([entry.model_dump(mode="json", exclude_unset=True) for entry in entries])


def check_history(history: Sequence[Epoch], epochs: int) -> None:
    """Raises ValueError unless it is the history of a run that has done so many epochs."""
    if [entry.epoch for entry in history] != list(range(1, epochs + 1)):
        raise ValueError(f"its history is not one of {epochs} epochs")


def restore_weights(model: Method, saved: Mapping[str, Tensor]) -> None:
    """Load weights and statistics. Raises ValueError if they are not those of such a model."""
    check_tensors("weight", saved, model.state_dict())
    model.load_state_dict(saved)


def _state_of(saved: checkpoint.Stopped, training: Training) -> TrainState:
    epochs, steps = training.schedule.epochs, training.steps_per_epoch
    if saved.epoch > epochs + 1 or saved.step > steps:
        raise ValueError(
            f"it stands at epoch {saved.epoch}, step {saved.step}; the run has {epochs} epochs of "
            f"{steps} steps"
        )
    check_history(saved.history, saved.epoch - 1)
    history, sessions = list(saved.history), list(saved.sessions)
    return TrainState(saved.epoch, saved.step, saved.loss_sum, history, sessions, saved.seconds)


def how_computed(training: Training) -> dict[str, Any]:
    """What decides the last bits of a result beside its configuration."""
    device, inputs = training.device, training.inputs
    git = git_state(inputs.project.root, files_of(inputs.project, inputs.run))
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "processor": hardware.machine()["processor"],
        "precision": str(training.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "gpu_libraries": precision.gpu_libraries() if device.type == "cuda" else None,
        "code": inputs.code,
        "commit": git.commit,
        "dirty": git.dirty,
        "instructions": precision.instructions(),
    }


def unfit(path: Path, error: Exception, remedy: str) -> UserError:
    """The error for a file that is whole and of this run, but whose content makes no sense."""
    return UserError(f"{path} does not fit this run ({first_line(error)}). {remedy}")
