"""Records from a trained model: the run's own once more, or that of another decision rule on it."""

import time
from collections.abc import Sequence

from ncmc.errors import UserError
from ncmc.results.record import Epoch, ModelOf, Record, load_record, save_record
from ncmc.system import files
from ncmc.training import evaluate, finish
from ncmc.training.run_inputs import RunInputs
from ncmc.training.session import Training, prepare

NOTE = "A decision rule applied to the model after its last epoch: `best` is the same as `last`."


def evaluate_model(inputs: RunInputs, device: str | None = None) -> Record:
    """The record of a run from the model that was trained for it; it is written.

    A method that trains has its record made again, with the time and the history of its training. A
    decision rule is applied to the model of the run that it names; its accuracy is that after the last
    epoch alone, for earlier models are not there any more. Raises UserError if there is no model, or it
    is damaged, not trained to its end or of another configuration.
    """
    began, source = time.monotonic(), inputs.trained
    if not files.exists(inputs.model_path):
        again = " --force" if files.exists(source.record_path) else ""
        raise UserError(
            f"no model at {inputs.model_path}. Train the run first: ncmc train {source.run.id}{again}"
        )
    training = prepare(inputs, device)
    content = finish.load_model(training, f"Train it again: ncmc train {source.run.id} --force")
    if source is inputs:
        record = finish.record_made_again(training, content)
    else:
        with evaluate.evaluation_mode(training.model):
            training.model.fit(evaluate.feature_batches(training.model, training.train_set))
        record = finish.make_record(
            training,
            _measured_last(training, content.history),
            content.sessions,
            time.monotonic() - began,
            ModelOf(run=source.run.id, digest=load_record(source.record_path).digest),
        )
        record = record.model_copy(update={"notes": (*record.notes, NOTE)})
    save_record(record, inputs.record_path)
    return record


def _measured_last(training: Training, history: Sequence[Epoch]) -> list[Epoch]:
    """The history of the training, with this rule's measures after its last epoch and no others."""
    unmeasured = {"test_accuracy": None, "test_accuracy_raw": None, "collapse": None}
    accuracy, raw = evaluate.test_accuracy(training.model, training.test_set)
    collapse = evaluate.collapse(training.model, training.train_set)
    measured = {"test_accuracy": accuracy, "test_accuracy_raw": raw, "collapse": collapse}
    *earlier, last = history
    return [
        *(entry.model_copy(update=unmeasured) for entry in earlier),
        last.model_copy(update=measured),
    ]
