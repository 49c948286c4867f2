"""What is here of each dataset."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ncmc.data import datasets, raw
from ncmc.data.array_writer import PARTS
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import dataset_entries, dataset_entry
from ncmc.project import Project
from ncmc.system import files


@dataclass(frozen=True)
class Status:
    """What is here of a dataset. Sizes in bytes."""

    name: str
    title: str
    state: str  # missing, partial, fetched, ready (fetched, and arrays made)
    detail: str  # one line; what to do, where there is something to do
    raw: int  # archives
    arrays: int
    partial: int  # downloads under way


def status(project: Project, names: Iterable[str] | None = None) -> list[Status]:
    """What is here of each dataset, in the order of config/datasets.yaml; nothing is hashed."""
    return [_status(project, name) for name in names or dataset_entries(project)]


def _status(project: Project, name: str) -> Status:
    under_way = _bytes(raw.aside(project, "partial", name))
    state, detail = _state(project, name, under_way)
    return Status(
        name=name,
        title=dataset_entry(project, name).title,
        state=state,
        detail=detail,
        raw=_bytes(raw.folder(project, name)),
        arrays=_bytes(datasets.folder(project, name)),
        partial=under_way,
    )


def _state(project: Project, name: str, under_way: int) -> tuple[str, str]:
    entry = dataset_entry(project, name)
    fetch = f"ncmc fetch {name}" + ("" if any(f.urls for f in entry.files) else " --from PATH")
    if missing := raw.missing(project, name):
        if under_way or len(missing) < len(entry.files):
            return "partial", f"{', '.join(missing)} still missing; resume with: {fetch}"
        return "missing", fetch
    try:
        for part in PARTS:
            datasets.load(project, name, part)
    except UserError as error:
        return "fetched", str(error)
    return "ready", ""


def _bytes(path: Path) -> int:
    return sum(files.size(file) or 0 for file in path.rglob("*"))
