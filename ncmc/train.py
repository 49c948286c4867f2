"""The explicit loop: one Run -> a model and its Record, going on from a checkpoint."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import filelock
import torch
from torch import Tensor

from ncmc import checkpoint, config, evaluate, faults, files, models, paths, records, steps, team
from ncmc.errors import UserError
from ncmc.grid import Run
from ncmc.interrupts import Interrupted, Interrupts
from ncmc.loaders import EpochPlan, plan_epoch
from ncmc.recipes import Value
from ncmc.reference import assumptions_for
from ncmc.schedule import learning_rate
from ncmc.training import State, Training, prepare

CHECK_EVERY = 50  # steps between two looks at the loss on a GPU, where a look waits for the device


class Progress(Protocol):
    """Who wants to know how a training goes."""

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or goes on after that many epochs and steps of the next."""

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done; `loss` where it is known without waiting for a device."""

    def epoch(self, entry: dict[str, Any]) -> None:
        """An epoch is done and measured: its entry of the history."""

    def say(self, text: str) -> None:
        """A remark for the reader."""


class Silent:
    """The Progress of a process that does not lead its team."""

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Nothing."""

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """Nothing."""

    def epoch(self, entry: dict[str, Any]) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


def train(
    run: Run,
    progress: Progress,
    *,
    device: str | None = None,
    results: Path | None = None,
    checkpoints: Path | None = None,
    execution: Mapping[str, Value] | None = None,
) -> records.Record:
    """Train a run to its end and write its model and Record.

    `execution`: overrides of config/train.yaml's execution (threads, precision, ...).
    Raises UserError (data missing, split of other data, loss not finite, disk full, ...), UsageError
    (an unknown name or option) and Interrupted (SIGTERM, Ctrl-C: a checkpoint is saved first).
    """
    target = records.path_of(run, results)
    folder = (checkpoints or paths.root() / paths.CHECKPOINTS) / run.id
    with team.joined(steps.pick_device(device)) as (us, where), ExitStack() as held:
        interrupts = held.enter_context(Interrupts())
        us.lead(lambda: held.enter_context(_only_process(folder, target, run)))
        progress = progress if us.leads else Silent()
        with faults.memory_explained(lambda: faults.preparing(run, where)):
            training = prepare(run, folder / "checkpoint.pt", where, execution, us)
        state = _resume(training, progress)
        started = time.monotonic() - state.seconds
        _fit(training, state, progress, interrupts, started)
        record = _finish(training, state, target, time.monotonic() - started)
    return record


# --- the loop ----------------------------------------------------------------------------------


def _fit(
    training: Training, state: State, progress: Progress, interrupts: Interrupts, started: float
) -> None:
    recipe = training.resolved.recipe
    progress.start(training.run, recipe.epochs, training.steps, state.epoch - 1, state.step)
    saved = time.monotonic()
    every = training.resolved.execution.checkpoint_seconds
    while state.epoch <= recipe.epochs:
        plan = plan_epoch(len(training.data), recipe, training.run.seed, state.epoch)
        plan = training.data.follow(plan, state.step, training.team)
        steps.set_learning_rate(training.optimizer, learning_rate(recipe, state.epoch))
        for _ in _steps(training, state, plan, progress):
            due = training.team.leads and time.monotonic() - saved > every
            stop, save = training.team.most(interrupts.received or 0, int(due))
            if stop or save:
                _save(training, state, time.monotonic() - started)
                saved = time.monotonic()
            if stop:
                raise Interrupted(stop)
        with faults.memory_explained(lambda: faults.measuring(training)):
            entry = _measure(training, state)
        state.history.append(entry)
        state.epoch, state.step, state.loss_sum = state.epoch + 1, 0, 0.0
        progress.epoch(entry)


def _steps(training: Training, state: State, plan: EpochPlan, progress: Progress) -> Iterator[None]:
    """Train the steps of an epoch that are not done yet; yields when the state is whole."""
    size = training.resolved.recipe.batch_size
    pending: list[tuple[int, int, Tensor]] = []  # (step, images, loss) not looked at yet
    patience = CHECK_EVERY if training.device.type == "cuda" else 1
    for number in range(state.step, training.steps):
        draws = plan.at(number, size)
        with faults.memory_explained(lambda: faults.stepping(training)):
            loss = training.step(draws, state.epoch)
        pending.append((number, len(draws.order), loss))
        known = None
        if len(pending) >= patience or number == training.steps - 1:
            known = _settle(training, state, plan, pending)
            pending.clear()
        progress.step(state.epoch, number + 1, known, len(draws.order))
        if known is not None:
            yield


def _settle(
    training: Training, state: State, plan: EpochPlan, pending: list[tuple[int, int, Tensor]]
) -> float:
    """Read the pending losses, stop at one that is not finite, and add them to the state."""
    values = torch.stack([loss for _, _, loss in pending]).double().tolist()
    for (number, images, _), value in zip(pending, values, strict=True):
        if not math.isfinite(value):
            raise faults.not_finite(training, state, plan, number, value)
        state.loss_sum += value * images
    state.step = pending[-1][0] + 1
    return float(values[-1])


def _measure(training: Training, state: State) -> dict[str, Any]:
    """The entry of the history for the epoch that is done."""
    recipe, epoch = training.resolved.recipe, state.epoch
    last = epoch == recipe.epochs
    seen = min(len(training.data), training.steps * recipe.batch_size)
    entry: dict[str, Any] = {
        "epoch": epoch,
        "lr": learning_rate(recipe, epoch),
        "loss": state.loss_sum / seen,
        "test_accuracy": None,
        "test_accuracy_raw": None,
        "collapse": None,
    }
    if last or epoch % recipe.test_every == 0:
        entry |= evaluate.test_accuracy(training.model, training.test_set)
    if last or epoch == 1 or epoch % recipe.collapse_every == 0:
        entry["collapse"] = evaluate.collapse(
            training.model, training.train_set, len(training.split.counts)
        )
    return entry


def _finish(training: Training, state: State, target: Path, seconds: float) -> records.Record:
    """Write the model, then the record made from it; the checkpoint has served."""
    weights = {name: value.cpu() for name, value in training.model.state_dict().items()}
    kept = {"model": weights, "history": json.dumps(state.history), "seconds": seconds}
    model_path = target.with_name("model.pt")
    training.team.lead(lambda: checkpoint.save(model_path, training.identity, kept))
    record = make_record(training, state.history, seconds)
    training.team.lead(lambda: records.save(record, target))
    training.team.lead(lambda: training.checkpoint.unlink(missing_ok=True))
    return record


def evaluate_again(
    run: Run, *, device: str | None = None, results: Path | None = None
) -> records.Record:
    """Make the record of a trained model anew from its model.pt, and write it.

    What only the training knows (its time and its history) is taken over. Raises UserError if there
    is no model, or it is of another configuration.
    """
    target = records.path_of(run, results)
    path = target.with_name("model.pt")
    if not path.exists():
        raise UserError(f"no model at {path}. Train the run first: ncmc train {run.id}")
    training = prepare(run, path, device)
    saved = checkpoint.load(path, training.identity)
    training.model.load_state_dict(saved["model"])
    record = make_record(training, json.loads(saved["history"]), saved["seconds"])
    records.save(record, target)
    return record


def make_record(
    training: Training, history: list[dict[str, Any]], seconds: float | None
) -> records.Record:
    """The Record of a trained model. `seconds`: wall time of the training, if it is known."""
    run, split = training.run, training.split
    configuration = records.config_of(run) | models.options_of(run)
    images = len(training.data) * training.resolved.recipe.epochs
    return records.Record(
        run=run,
        config=configuration,
        config_hash=training.identity["config_hash"],
        assumptions=assumptions_for(run, configuration),
        split={
            "sha256": split.sha256,
            "counts": [int(n) for n in split.counts],
            "n_train": len(split.indices),
        },
        result=evaluate.summary(training.model, training.test_set, split.counts, history),
        notes=tuple(config.dataset(run.dataset).notes),
        made=records.provenance()
        | {
            "seconds": seconds,
            "images_per_second": images / seconds if seconds else None,
            "device": _device_name(training.device),
            "precision": str(training.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "processes": training.team.size,
            "sources": training.resolved.sources,
        },
    )


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


# --- stopping and going on ----------------------------------------------------------------------


@contextmanager
def _only_process(folder: Path, target: Path, run: Run) -> Iterator[None]:
    """Hold the run's lock; raises UserError if another process trains the same run.

    Also if what it will make could not be written.
    """
    files.make_folder(target.parent)
    files.make_folder(folder)
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError(
            f"another process is training {run.id} (it holds {folder / 'lock'}). "
            "Wait for it, or stop it; its checkpoint is kept."
        ) from error
    except OSError as error:
        raise files.explain(error, folder / "lock") from error
    try:
        yield
    finally:
        lock.release()


def _save(training: Training, state: State, seconds: float) -> None:
    held = {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if training.device.type == "cuda" else [],
        "epoch": state.epoch,
        "step": state.step,
        "loss_sum": state.loss_sum,
        "history": json.dumps(state.history),
        "seconds": seconds,
    }
    training.team.lead(lambda: checkpoint.save(training.checkpoint, training.identity, held))


def _resume(training: Training, progress: Progress) -> State:
    """The state of the run's checkpoint, loaded into the model; a new one if there is none."""
    path = training.checkpoint
    saved = training.team.lead(
        lambda: checkpoint.load(path, training.identity) if path.exists() else None
    )
    if saved is None:
        return State()
    try:
        training.model.load_state_dict(saved["model"])
        training.optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["rng"])
        if saved["cuda_rng"] and training.device.type == "cuda":
            torch.cuda.set_rng_state_all(saved["cuda_rng"])
        state = State(
            saved["epoch"],
            saved["step"],
            saved["loss_sum"],
            json.loads(saved["history"]),
            saved["seconds"],
        )
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        raise UserError(
            f"{training.checkpoint} does not fit this model ({error}). "
            "Delete it to start this run anew."
        ) from error
    progress.say(f"going on from epoch {state.epoch}, step {state.step}")
    return state
