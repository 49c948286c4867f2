"""From the wish to train a run to its record: is it trained already, are its data and split here?"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from ncmc.data import datasets
from ncmc.errors import UsageError, UserError
from ncmc.results.problems import RecordProblem, read_record, why_outdated
from ncmc.results.provenance import note_without_commit
from ncmc.results.record import Record
from ncmc.system import allocator, files, hardware
from ncmc.system.signals import Interrupts
from ncmc.training.run_inputs import RunInputs

if TYPE_CHECKING:  # a run that is trained already must not wait for torch
    from ncmc.training.progress_file import Progress

PLACES = 16  # runs on one GPU at most


def launch(
    inputs: RunInputs,
    progress: "Callable[[], Progress]",
    *,
    device: str | None = None,
    force: bool = False,
    with_model: bool = False,
) -> tuple[Record, str]:
    """The record of a run and how it came: "already trained", "trained" or "evaluated".

    A run whose method is a decision rule is evaluated, on the model of the run that it names, which is
    trained first if it is not yet, and again if its record came without a model. `progress` is called if
    there is something to train. `force`: train again though a record is there; `with_model`: unless its
    model is there too.
    Raises UserError and Interrupted as `train.train` does, UsageError if the record that is there was
    made in another way.
    """
    before = None if force else finished(inputs)
    if before and (not with_model or files.exists(inputs.model_path)):
        return before, "already trained"
    is_rule = inputs.trained is not inputs
    if is_rule:
        launch(inputs.trained, progress, device=device, with_model=True)
    with Interrupts():
        allocator.keep_pages()
        _import_torch()
        from ncmc.training import decision_rule, precision, train

        precision.pick_device(device)  # a wrong name is said before missing images
        datasets.verify(inputs.project, inputs.run.dataset)  # the bytes are those that were fetched
    with claim_gpu() as gpu:
        if device is None and hardware.gpu_count() > 1:
            device = f"cuda:{gpu}"
        if is_rule:
            return decision_rule.evaluate_model(inputs, device), "evaluated"
        listener = progress()
        if note := note_without_commit(inputs.project.root):
            listener.say(note)
        return train.train(inputs, listener, device=device, anew=force), "trained"


def _import_torch() -> None:
    """Import it without looking for garbage in what stays: a sixth of the time."""
    if "torch" not in sys.modules:
        gc.disable()
        import_module("torch")
        gc.freeze()
        gc.enable()


def finished(inputs: RunInputs) -> Record | None:
    """The record of a run, if it is there and made as it would be made now.

    Raises UserError for a damaged record or one of another run, UsageError if it was made otherwise.
    """
    record = read_record(inputs.project, inputs.run, inputs.record_path)
    if isinstance(record, RecordProblem):
        kind = UserError if record.kind == "damaged" else UsageError
        raise kind(f"{record.reason.rstrip('.')}. Use --force to train the run again.")
    if record and (why := why_outdated(inputs.project, record, inputs.results)):
        raise UsageError(f"{inputs.record_path} {why}. Use --force to train the run again.")
    return record


@contextmanager
def claim_gpu(gpus: int | None = None, folder: Path | None = None) -> Iterator[int]:
    """The number (from 0) of the GPU with the fewest runs of this program, held by a lock.

    Snakemake counts GPUs but hands out no numbers: runs that start together would all take the
    first. A killed process gives its place back. Without a GPU, 0, and nothing is held.
    """
    gpus = hardware.gpu_count() if gpus is None else gpus
    if gpus <= 1:
        yield 0
        return
    folder = folder or Path(tempfile.gettempdir()) / f"ncmc-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as lock:
        for place, gpu in product(range(PLACES), range(gpus)):
            try:
                lock.enter_context(filelock.FileLock(folder / f"{gpu}.{place}").acquire(timeout=0))
            except filelock.Timeout:
                continue
            yield gpu
            return
    yield os.getpid() % gpus
