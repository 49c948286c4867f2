"""From a trained model to its record, at the end of a run or later."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.data.splits import imbalance_note
from ncmc.errors import UserError, printable
from ncmc.paper.assumptions import assumptions_for
from ncmc.plan.option_text import format_value
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project
from ncmc.results.configuration import config_of
from ncmc.results.provenance import Session, provenance
from ncmc.results.record import SCHEMA, Epoch, ModelOf, Record, SplitMade, path_of, save_record
from ncmc.results.wording import train_command
from ncmc.training import build, checkpoint, evaluate, resume
from ncmc.training.opened_run import open_run
from ncmc.training.session import State, Training, prepare

MOST_COSINES = 12  # epochs of which a record keeps the cosines of pairs
DIGITS = 6  # of the numbers in a history


def finish(training: Training, state: State, target: Path, seconds: float) -> Record:
    """Write the model, then the record made from it; the checkpoint has served.

    If they cannot be written, a checkpoint is, so that the next start has only that to do.
    """
    content = {
        "model": {name: value.cpu() for name, value in training.model.state_dict().items()},
        "history": resume.as_text(state.history),
        "sessions": resume.as_text(state.sessions),
        "seconds": seconds,
    }
    path = target.with_name(paths.MODEL)
    try:
        checkpoint.save(path, training.identity, content)
        record = make_record(training, state.history, state.sessions, seconds)
        save_record(record, target)
    except UserError:
        resume.save(training, state, seconds)
        raise
    training.checkpoint.unlink(missing_ok=True)
    return record


def record_of_model(training: Training, target: Path) -> Record | None:
    """The record, written again, of a model that was trained to its end; None if there is none.

    None too if a checkpoint says that the run is being trained again, or if the model is damaged, of
    another configuration, or trained by other code or another torch: it would come out otherwise.
    """
    path = target.with_name(paths.MODEL)
    if training.checkpoint.exists() or not path.exists():
        return None
    try:
        content = checkpoint.load(path, training.identity, checkpoint.Trained, "")
    except UserError:
        return None
    if not _is_of_this_code(training, content.sessions):
        return None
    record = make_record(training, *measured_again(training, content, path))
    save_record(record, target)
    return record


def _is_of_this_code(training: Training, sessions: Sequence[Session]) -> bool:
    """Whether a model that was trained in these sessions would be trained with the same bits now."""
    return not any(resume.code_changes(training, session) for session in sessions)


def evaluate_again(
    project: Project, run: Run, *, device: str | None = None, results: Path | None = None
) -> Record:
    """Make the record of a trained model again from its model.pt, and write it.

    What only the training knows (its time and its history) is taken over. Raises UserError if there
    is no model, or it is damaged, not trained to its end or of another configuration.
    """
    target = path_of(project, run, results)
    path = target.with_name(paths.MODEL)
    if not path.exists():
        raise UserError(f"no model at {path}. Train the run first: ncmc train {run.id}")
    training = prepare(open_run(project, run), path, device)
    content = checkpoint.load(path, training.identity, checkpoint.Trained, remedy(run))
    record = make_record(training, *measured_again(training, content, path))
    save_record(record, target)
    return record


def taken_over(
    training: Training, content: checkpoint.Trained, path: Path
) -> tuple[list[Epoch], list[Session], float]:
    """History, sessions and seconds of a saved model, whose weights are loaded into the model."""
    try:
        resume.check_history(content.history, training.epochs)
        resume.restore_weights(training.model, content.model)
    except ValueError as error:
        raise resume.unfit(path, error, remedy(training.run)) from error
    return list(content.history), list(content.sessions), content.seconds


def measured_again(
    training: Training, content: checkpoint.Trained, path: Path
) -> tuple[list[Epoch], list[Session], float]:
    """As `taken_over`, with the last test accuracy as this machine computes it.

    The confusion matrix is computed here too, and on another processor an image may fall to another
    class.
    """
    history, sessions, seconds = taken_over(training, content, path)
    accuracy, raw = evaluate.test_accuracy(training.model, training.test_set)
    measured = {"test_accuracy": accuracy, "test_accuracy_raw": raw}
    return [*history[:-1], history[-1].model_copy(update=measured)], sessions, seconds


def remedy(run: Run) -> str:
    """What to do about a model that cannot be used."""
    return f"Train the run again: ncmc train {run.id} --force"


def make_record(
    training: Training,
    history: list[Epoch],
    sessions: list[Session],
    seconds: float,
    model_of: ModelOf | None = None,
) -> Record:
    """The Record of a trained model. `seconds`: wall time of the training.

    `model_of`: the run that the model is of, if another method's decision rule is applied to it.
    """
    project, run, split = training.project, training.run, training.split
    configuration = config_of(project, run) | build.options_of(project, training.model, run)
    notes = list(training.opened.train.notes)
    if note := imbalance_note(training.opened.train, split.tau, split.options):
        notes.append(note)
    images = 0 if model_of else len(training.data) * training.epochs
    record = Record(
        schema=SCHEMA,
        run=run,
        config=configuration,
        config_hash=training.identity["config_hash"],
        assumptions=assumptions_for(project, run, configuration),
        split=SplitMade(
            sha256=split.sha256,
            counts=tuple(int(n) for n in split.counts),
            n_train=len(split.indices),
        ),
        result=evaluate.summary(training.model, training.test_set, split.counts, kept(history)),
        notes=tuple(printable(" ".join(note.split())) for note in notes),
        made=provenance(
            project,
            run,
            command(training),
            seconds,
            images,
            sessions,
            training.resolved.sources,
        ),
    )
    # a field that is not set leaves no key in the file
    return record.model_copy(update={"model_of": model_of}) if model_of else record


def command(training: Training) -> str:
    """The command that makes the record again, wherever it was started from."""
    usual = dict(resolve_run(training.project, training.run).execution)
    own = [
        f" -o {key}={format_value(value)}"
        for key, value in training.resolved.execution
        if value != usual[key]
    ]
    return train_command(training.run) + "".join(own)


def kept(history: Sequence[Epoch]) -> list[Epoch]:
    """What a record keeps of a history, which is nearly all of one that keeps everything.

    Cosines of pairs at the first, the last and at most ten measured epochs between; losses, rates and
    collapse measures to six digits. A difference in the last bit of a weight is told by `ece`.
    """
    measured = [e.epoch for e in history if e.collapse]
    if len(measured) > MOST_COSINES:
        step = (len(measured) - 1) / (MOST_COSINES - 1)
        measured = [measured[round(i * step)] for i in range(MOST_COSINES)]
    return [_short(entry, with_cosines=entry.epoch in measured) for entry in history]


def _short(entry: Epoch, with_cosines: bool) -> Epoch:
    numbers: dict[str, Any] = {"lr": _rounded(entry.lr), "loss": _rounded(entry.loss)}
    if entry.collapse:
        of_pairs = {"class_cosines": None, "tail_cosines": None}
        scalars = {
            name: _rounded(value)
            for name, value in entry.collapse
            if name not in of_pairs and value is not None
        }
        changes = scalars if with_cosines else scalars | of_pairs
        numbers["collapse"] = entry.collapse.model_copy(update=changes)
    return entry.model_copy(update=numbers)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
