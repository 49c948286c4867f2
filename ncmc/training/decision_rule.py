"""A method that is another decision rule on a trained model: one training, several records."""

import time
from pathlib import Path

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.run import Run
from ncmc.results.configuration import config_hash
from ncmc.results.record import Epoch, ModelOf, Record, load_record, path_of, save_record
from ncmc.training import checkpoint, evaluate, finish
from ncmc.training.opened_run import OpenedRun
from ncmc.training.session import Training, prepare

NOTE = "A decision rule applied to the model after its last epoch: `best` is the same as `last`."


def apply(
    opened: OpenedRun, source: Run, *, device: str | None = None, results: Path | None = None
) -> Record:
    """The record of a run that applies its rule to the trained model of `source`; it is written.

    Its accuracy is that after the last epoch alone: earlier models are not there any more. Raises
    UserError if there is no such model, or it is damaged or of another configuration.
    """
    began = time.monotonic()
    project, run = opened.project, opened.run
    record_of_source = path_of(project, source, results)
    path = record_of_source.with_name(paths.MODEL)
    if not path.exists():
        raise UserError(
            f"no model at {path}, to which {run.id} applies its decision rule: only a record of it is "
            f"here. {finish.remedy(source)}"
        )
    training = prepare(opened, path, device)
    identity = {
        "run": source.id,
        "config_hash": config_hash(project, source),
        "split": opened.split.sha256,
    }
    content = checkpoint.load(path, identity, checkpoint.Trained, finish.remedy(source))
    history, sessions, _ = finish.taken_over(training, content, path)
    with evaluate.evaluation_mode(training.model):
        training.model.fit(evaluate.feature_batches(training.model, training.train_set))
    record = finish.make_record(
        training,
        _measured_last(training, history),
        sessions,
        time.monotonic() - began,
        ModelOf(run=source.id, digest=load_record(record_of_source).digest),
    )
    record = record.model_copy(update={"notes": (*record.notes, NOTE)})
    save_record(record, path_of(project, run, results))
    return record


def _measured_last(training: Training, history: list[Epoch]) -> list[Epoch]:
    """The history of the training, with this rule's measures after its last epoch and no others."""
    unmeasured = {"test_accuracy": None, "test_accuracy_raw": None, "collapse": None}
    accuracy, raw = evaluate.test_accuracy(training.model, training.test_set)
    measured = {
        "test_accuracy": accuracy,
        "test_accuracy_raw": raw,
        "collapse": evaluate.collapse(
            training.model, training.train_set, len(training.split.counts)
        ),
    }
    return [
        entry.model_copy(update=measured if entry is history[-1] else unmeasured)
        for entry in history
    ]
