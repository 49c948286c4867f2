"""From a trained model to its record, at the end of a run or later."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ncmc.errors import UserError, printable
from ncmc.paper.assumptions import assumptions_for
from ncmc.plan.option_text import format_value
from ncmc.plan.run import resolve_run
from ncmc.results.provenance import Session, provenance
from ncmc.results.record import SCHEMA, Epoch, ModelOf, Record, SplitMade, digest, save_record
from ncmc.results.wording import train_command
from ncmc.training import checkpoint, evaluate, resume
from ncmc.training.run_inputs import RunInputs
from ncmc.training.session import Training, TrainState

MOST_COSINES = 12  # epochs of which a record keeps the cosines of pairs
DIGITS = 6  # of the numbers in a history


def finish(training: Training, state: TrainState, seconds: float) -> Record:
    """Write the model, then the record made from it; the checkpoint has served.

    If they cannot be written, a checkpoint is, so that the next start has only that to do.
    """
    inputs = training.inputs
    content = {
        "model": {name: value.cpu() for name, value in training.model.state_dict().items()},
        "history": resume.as_text(state.history),
        "sessions": resume.as_text(state.sessions),
        "seconds": seconds,
    }
    try:
        checkpoint.save(inputs.model_path, inputs.identity, content)
        record = make_record(training, state.history, state.sessions, seconds)
        save_record(record, inputs.record_path)
    except UserError:
        resume.save(training, state, seconds)
        raise
    inputs.checkpoint_path.unlink(missing_ok=True)
    return record


def record_of_model(training: Training) -> Record | None:
    """The record, written again, of a model that was trained to its end; None if there is none.

    None too if a checkpoint says that the run is being trained again, or if the model is damaged, of
    another configuration, or trained by other code or another torch: it would come out otherwise.
    """
    inputs = training.inputs
    if inputs.checkpoint_path.exists() or not inputs.model_path.exists():
        return None
    try:
        content = load_model(training, "", of_this_code=True)
    except UserError:
        return None
    record = record_made_again(training, content)
    save_record(record, inputs.record_path)
    return record


def load_model(training: Training, remedy: str, of_this_code: bool = False) -> checkpoint.Trained:
    """What is saved as the trained model of a run, its weights loaded into the model at hand.

    `remedy`: what to do if it is of no use. Raises UserError if it is damaged, not trained to its end,
    of another configuration or, with `of_this_code`, of code that gives other bits.
    """
    inputs = training.inputs
    content = checkpoint.load(inputs.model_path, inputs.identity, checkpoint.Trained, remedy)
    if of_this_code and any(resume.code_changes(inputs, session) for session in content.sessions):
        raise UserError(f"{inputs.model_path} was trained by other code. {remedy}")
    try:
        resume.check_history(content.history, training.schedule.epochs)
        resume.restore_weights(training.model, content.model)
    except (ValueError, RuntimeError) as error:
        raise resume.unfit(inputs.model_path, error, remedy) from error
    return content


def record_made_again(training: Training, content: checkpoint.Trained) -> Record:
    """The record of a saved model, with the last test accuracy as this machine computes it.

    The confusion matrix is computed here too, and on another processor an image may fall to another
    class.
    """
    *earlier, last = content.history
    accuracy, raw = evaluate.test_accuracy(training.model, training.test_set)
    last = last.model_copy(update={"test_accuracy": accuracy, "test_accuracy_raw": raw})
    return make_record(training, [*earlier, last], content.sessions, content.seconds)


def make_record(
    training: Training,
    history: Sequence[Epoch],
    sessions: Sequence[Session],
    seconds: float,
    model_of: ModelOf | None = None,
) -> Record:
    """The Record of a trained model. `seconds`: wall time of the training.

    `model_of`: the run that the model is of, if another method's decision rule is applied to it.
    """
    inputs, split = training.inputs, training.inputs.split
    project, run, train = inputs.project, inputs.run, inputs.train
    configuration = inputs.configuration | {
        "backbone": training.parts.backbone_options,
        "method": asdict(training.model.options),
    }
    notes = [*train.notes, *([split.note] if split.note else [])]
    images = 0 if model_of else len(training.data) * training.schedule.epochs
    record = Record(
        schema=SCHEMA,
        run=run,
        config=configuration,
        config_hash=digest(inputs.configuration),
        assumptions=assumptions_for(project, run, configuration),
        split=SplitMade(
            sha256=split.sha256,
            counts=tuple(int(n) for n in split.counts),
            n_train=len(split.indices),
        ),
        result=evaluate.summary(training.model, training.test_set, split.counts, kept(history)),
        notes=tuple(printable(" ".join(note.split())) for note in notes),
        made=provenance(
            project, run, command(inputs), seconds, images, sessions, inputs.resolved.sources
        ),
    )
    # a field that is not set leaves no key in the file
    return record.model_copy(update={"model_of": model_of}) if model_of else record


def command(inputs: RunInputs) -> str:
    """The command that makes the record again, wherever it was started from."""
    usual = dict(resolve_run(inputs.project, inputs.run).execution)
    own = [
        f" -o {key}={format_value(value)}"
        for key, value in inputs.resolved.execution
        if value != usual[key]
    ]
    return train_command(inputs.run) + "".join(own)


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
