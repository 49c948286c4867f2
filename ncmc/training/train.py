"""The explicit loop: one run -> a model and its Record, resumed from a checkpoint if there is one."""

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import filelock
import torch
from torch import Tensor

from ncmc.errors import BusyError
from ncmc.results.record import Epoch, Record
from ncmc.system import files
from ncmc.system.signals import Interrupted, Interrupts
from ncmc.training import build, evaluate, failures, finish, precision, resume
from ncmc.training.draws import EpochPlan, plan_epoch
from ncmc.training.optimiser import set_learning_rate
from ncmc.training.progress_file import Progress, with_file
from ncmc.training.run_inputs import RunInputs
from ncmc.training.session import Training, TrainState, prepare

CHECK_EVERY = 50  # steps between two looks at the loss on a GPU, where a look waits for the device


def train(
    inputs: RunInputs, progress: Progress, *, device: str | None = None, anew: bool = False
) -> Record:
    """Train a run to its end and write its model and Record.

    Resumes from a checkpoint if there is one; a model that is trained already gets its record, unless
    `anew`. Raises UserError (images that do not fit, loss not finite, disk full, ...), UsageError (a
    bad option of the model) and Interrupted (SIGTERM, SIGHUP, Ctrl-C: a checkpoint is saved first).
    """
    run, target, folder = inputs.run, inputs.record_path, inputs.checkpoint_path.parent
    with Interrupts() as interrupts:
        build.parts(run, inputs.resolved.model)  # its options and its data are right ...
        where = precision.pick_device(device)
        _ = inputs.identity  # ... before a folder is made
        with _only_process(folder, target, run.id), with_file(run, progress, folder) as progress:
            with failures.explain_out_of_memory(failures.loading(run.id, where)):
                training = prepare(inputs, device)
            batch, images = inputs.resolved.recipe.batch_size, len(training.data)
            if batch > images:
                progress.say(
                    f"batch_size={batch}, but {run.id} has {images} training images: each of its "
                    "epochs is one step on all of them"
                )
            with closing(training.train_step):
                if not anew and (record := finish.record_of_model(training)):
                    progress.say(
                        f"{run.id}: trained before; its record is made again from its model"
                    )
                    return record
                state = resume.load(training, progress.say)
                interrupts.defer()
                started = time.monotonic() - state.seconds
                _fit(training, state, progress, interrupts, started)
                return finish.finish(training, state, time.monotonic() - started)


# --- the loop ----------------------------------------------------------------------------------


def _fit(
    training: Training,
    state: TrainState,
    progress: Progress,
    interrupts: Interrupts,
    started: float,
) -> None:
    schedule, model, labels = training.schedule, training.model, training.data.labels.cpu()
    recipe, execution = training.inputs.resolved.recipe, training.inputs.resolved.execution
    steps, done_epochs = training.steps_per_epoch, state.epoch - 1
    progress.start(training.run, schedule.epochs, steps, done_epochs, state.steps_done)
    saved = time.monotonic()
    while state.epoch <= schedule.epochs:
        model.enter(schedule.stage_at(state.epoch))
        stage = model.stages[model.stage]
        plan = plan_epoch(labels, recipe, training.run.seed, state.epoch, stage)
        plan = training.data.start_epoch(plan, state.steps_done)
        set_learning_rate(training.optimizer, schedule.rate_at(state.epoch))
        for _ in _steps(training, state, plan, progress):
            stop = interrupts.received
            if stop or time.monotonic() - saved > execution.checkpoint_seconds:
                resume.save(training, state, time.monotonic() - started)
                saved = time.monotonic()
            if stop:
                raise Interrupted(stop)
        failures.check_weights(training, state)
        with (
            failures.explain_out_of_memory(failures.measuring(training)),
            failures.explain_not_finite(training, state.epoch),
        ):
            entry = _measure(training, state)
        state.history.append(entry)
        if state.epoch == 2 and entry.loss == state.history[0].loss:
            progress.say(
                f"{training.run.id}: the loss is {entry.loss:g} in both epochs so far, as of one that "
                f"depends on nothing. `ncmc check method {training.run.method}` looks at it."
            )
        state.epoch, state.steps_done, state.loss_sum = state.epoch + 1, 0, 0.0
        progress.epoch(entry)


def _steps(
    training: Training, state: TrainState, plan: EpochPlan, progress: Progress
) -> Iterator[None]:
    """Train the steps of an epoch that are not done yet; yields when the state is whole."""
    views = training.model.stages[training.model.stage].views
    pending: list[tuple[int, int, Tensor]] = []  # (step, images, loss) not looked at yet
    patience = CHECK_EVERY if training.device.type == "cuda" else 1
    for number in range(state.steps_done, training.steps_per_epoch):
        draws = plan.at(number)
        images = len(draws.order) // views
        with failures.explain_out_of_memory(failures.stepping(training)):
            loss = training.train_step(draws)
        pending.append((number, images, loss))
        value = None
        if len(pending) >= patience or number == training.steps_per_epoch - 1:
            value = _settle(training, state, plan, pending)
            pending.clear()
        progress.step(state.epoch, number + 1, value, images)
        if value is not None:
            yield


def _settle(
    training: Training, state: TrainState, plan: EpochPlan, pending: list[tuple[int, int, Tensor]]
) -> float:
    """Read the pending losses, stop at one that is not finite, and add them to the state."""
    values = torch.stack([loss for _, _, loss in pending]).double().tolist()
    for (number, images, _), value in zip(pending, values, strict=True):
        if not math.isfinite(value):
            raise failures.not_finite(training, state, plan, number, value)
        state.loss_sum += value * images
    state.steps_done = pending[-1][0] + 1
    return float(values[-1])


def _measure(training: Training, state: TrainState) -> Epoch:
    """The entry of the history for the epoch that is done."""
    recipe, epoch = training.inputs.resolved.recipe, state.epoch
    last = epoch == training.schedule.epochs
    images = min(len(training.data), training.steps_per_epoch * recipe.batch_size)
    accuracy = raw = collapse = None
    if last or epoch % recipe.test_every == 0:
        accuracy, raw = evaluate.test_accuracy(training.model, training.test_set)
    if last or epoch == 1 or epoch % recipe.collapse_every == 0:
        collapse = evaluate.collapse(training.model, training.train_set)
    return Epoch(
        epoch=epoch,
        lr=training.schedule.rate_at(epoch),
        loss=state.loss_sum / images,
        test_accuracy=accuracy,
        test_accuracy_raw=raw,
        collapse=collapse,
    )


@contextmanager
def _only_process(folder: Path, target: Path, run: str) -> Iterator[None]:
    """Hold the run's lock; raises BusyError if another process trains the same run.

    UserError if what it will make could not be written.
    """
    files.make_writable_folder(target.parent)
    files.make_writable_folder(folder)
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise BusyError(
            f"another process is training {run} (it holds {folder / 'lock'}). "
            "Wait for it, or stop it; its checkpoint is kept."
        ) from error
    try:
        yield
    finally:
        lock.release()
