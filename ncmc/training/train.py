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

from ncmc import paths
from ncmc.errors import UserError
from ncmc.paper.assumptions import assumptions_for
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results import records
from ncmc.system import files
from ncmc.system.signals import Interrupted, Interrupts
from ncmc.training import build, checkpoint, evaluate, failures, processes, resume, steps
from ncmc.training.batches import EpochPlan, plan_epoch
from ncmc.training.schedule import learning_rate
from ncmc.training.session import State, Training, prepare

MODEL = "model.pt"  # beside the record
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
    project: Project,
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
    (an unknown name or option) and Interrupted (SIGTERM, SIGHUP, Ctrl-C: a checkpoint is saved first).
    """
    target = records.path_of(project, run, results)
    folder = (checkpoints or project.root / paths.CHECKPOINTS) / run.id
    build.parts(project, run)  # its options are right, before a folder is made
    with processes.joined(steps.pick_device(device)) as (us, where), ExitStack() as held:
        interrupts = held.enter_context(Interrupts())
        us.lead(lambda: held.enter_context(_only_process(folder, target, run)))
        progress = progress if us.leads else Silent()
        with failures.explain_out_of_memory(failures.preparing(run, where)):
            training = prepare(project, run, folder / "checkpoint.pt", where, execution, us)
        us.agree(training.identity | {k: str(v) for k, v in training.resolved.execution})
        state = resume.load(training, progress.say)
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
                resume.save(training, state, time.monotonic() - started)
                saved = time.monotonic()
            if stop:
                raise Interrupted(stop)
        failures.check_weights(training, state)
        with failures.explain_out_of_memory(failures.measuring(training)):
            entry = _measure(training, state)
        failures.check_measures(training, entry)
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
        with failures.explain_out_of_memory(failures.stepping(training)):
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
            raise failures.not_finite(training, state, plan, number, value)
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
    """Write the model, then the record made from it; the checkpoint has served.

    If they cannot be written, a checkpoint is, so that the next start has only that to do.
    """
    kept = {
        "model": {name: value.cpu() for name, value in training.model.state_dict().items()},
        "history": json.dumps(state.history),
        "sessions": json.dumps(state.sessions),
        "seconds": seconds,
    }
    path = target.with_name(MODEL)
    try:
        training.team.lead(lambda: checkpoint.save(path, training.identity, kept))
        record = make_record(training, state.history, state.sessions, seconds)
        training.team.lead(lambda: records.save(record, target))
    except UserError:
        resume.save(training, state, seconds)
        raise
    training.team.lead(lambda: training.checkpoint.unlink(missing_ok=True))
    return record


def evaluate_again(
    project: Project, run: Run, *, device: str | None = None, results: Path | None = None
) -> records.Record:
    """Make the record of a trained model anew from its model.pt, and write it.

    What only the training knows (its time and its history) is taken over. Raises UserError if there
    is no model, or it is damaged, not trained to its end or of another configuration.
    """
    target = records.path_of(project, run, results)
    path = target.with_name(MODEL)
    if not path.exists():
        raise UserError(f"no model at {path}. Train the run first: ncmc train {run.id}")
    training = prepare(project, run, path, device)
    remedy = f"Train the run again: ncmc train {run.id} --force"
    saved = checkpoint.load(path, training.identity, remedy)
    try:
        history = resume.history_of(saved["history"], training.resolved.recipe.epochs)
        sessions, seconds = json.loads(saved["sessions"]), float(saved["seconds"])
        training.model.load_state_dict(saved["model"])
    except resume.UNFIT as error:
        raise resume.unfit(path, error, remedy) from error
    record = make_record(training, history, sessions, seconds)
    records.save(record, target)
    return record


def make_record(
    training: Training,
    history: list[dict[str, Any]],
    sessions: list[dict[str, Any]],
    seconds: float,
) -> records.Record:
    """The Record of a trained model. `seconds`: wall time of the training."""
    project, run, split = training.project, training.run, training.split
    configuration = records.config_of(project, run) | build.options_of(project, run)
    images = len(training.data) * training.resolved.recipe.epochs
    return records.Record(
        run=run,
        config=configuration,
        config_hash=training.identity["config_hash"],
        assumptions=assumptions_for(project, run, configuration),
        split={
            "sha256": split.sha256,
            "counts": [int(n) for n in split.counts],
            "n_train": len(split.indices),
        },
        result=evaluate.summary(training.model, training.test_set, split.counts, history),
        notes=tuple(dataset_entry(project, run.dataset).notes),
        made=records.provenance(project.root)
        | {
            "seconds": seconds,
            "images_per_second": images / seconds if seconds else None,
            **resume.how_computed(training),
            "sessions": sessions,
            "sources": training.resolved.sources,
        },
    )


@contextmanager
def _only_process(folder: Path, target: Path, run: Run) -> Iterator[None]:
    """Hold the run's lock; raises UserError if another process trains the same run.

    Also if what it will make could not be written.
    """
    files.make_writable_folder(target.parent)
    files.make_writable_folder(folder)
    for path in (target, target.with_name(MODEL)):
        if path.is_dir():
            raise UserError(f"{path} is a folder; it is to be written as a file. Move it away.")
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
