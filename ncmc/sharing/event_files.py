"""Histories of records as event files, which TensorBoard draws. tensorboardX writes them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ncmc.errors import UserError
from ncmc.project import Project
from ncmc.results.record import Epoch, Record
from ncmc.sharing.export import Named, new_folder, records_of


def write_event_files(
    project: Project, names: Sequence[str], target: Path, results: Path | None = None
) -> tuple[list[Path], list[Named]]:
    """One folder a run below the new folder `target`, named as below results/runs.

    Returns these folders, and the records that no table can show, which are left out. Raises UserError
    if tensorboardX is not installed, there is no record, or the folder is there or cannot be written.
    """
    writer = _writer()
    records, left_out = records_of(project, names, results)
    with new_folder(target) as whole:
        for record in records.values():
            _write(writer, record, whole / record.run.id)
    return [target / run.id for run in records], left_out


def scalars(entry: Epoch) -> Iterator[tuple[str, float]]:
    """(tag, value) of everything that was measured at an epoch as one number."""
    yield "loss", entry.loss
    yield "learning rate", entry.lr
    if entry.test_accuracy is not None:
        yield "accuracy/test", entry.test_accuracy
    if entry.test_accuracy_raw is not None:
        yield "accuracy/test without batch normalisation", entry.test_accuracy_raw
    for name, value in entry.collapse or ():
        if isinstance(value, float | int):
            yield f"collapse/{name}", float(value)


def _writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise UserError(
            "event files need tensorboardX, which is not installed: uv pip install tensorboardX "
            "(or pip install 'ncmc[tensorboard]')."
        ) from error
    return SummaryWriter


def _write(writer: Any, record: Record, folder: Path) -> None:
    made = datetime.strptime(record.made.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    events = writer(str(folder))
    try:
        for entry in record.result.history:
            for tag, value in scalars(entry):
                events.add_scalar(tag, value, entry.epoch, walltime=made.timestamp())
    finally:
        events.close()
