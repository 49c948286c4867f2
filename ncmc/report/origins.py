"""How the numbers of a page were made: commits, machines, splits, configurations, assumptions."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.paper.assumptions import Assumption, assumptions
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.option_text import format_value
from ncmc.project import Project
from ncmc.results import tables
from ncmc.results.records import Record
from ncmc.results.tables import Cell


@dataclass(frozen=True)
class Origin:
    """Records that were made alike in one respect."""

    what: str
    records: int


@dataclass(frozen=True)
class Provenance:
    """Where all records of a page come from. More than one entry in a list is worth saying."""

    records: int
    commits: tuple[Origin, ...]
    machines: tuple[Origin, ...]
    packages: tuple[Origin, ...]
    splits: tuple[Origin, ...]
    dirty: int  # records made with uncommitted changes
    seconds: float
    first: str
    last: str


def provenance(cells: Sequence[Cell]) -> Provenance | None:
    """What the records of a page have in common and what not; None without records."""
    made = [record.made for cell in cells for record in cell.records]
    if not made:
        return None
    splits = [_split_words(record) for cell in cells for record in cell.records]
    dates = sorted(str(entry.get("at", "unknown")) for entry in made)
    return Provenance(
        records=len(made),
        commits=_origins(_commit(entry) for entry in made),
        machines=_origins(_machine(entry) for entry in made),
        packages=_origins(_packages(entry) for entry in made),
        splits=_origins(splits),
        dirty=sum(bool(entry.get("git", {}).get("dirty")) for entry in made),
        seconds=sum(float(entry.get("seconds") or 0) for entry in made),
        first=dates[0],
        last=dates[-1],
    )


def _origins(values: Iterable[str]) -> tuple[Origin, ...]:
    return tuple(Origin(what, n) for what, n in Counter(values).most_common())


def _commit(made: Mapping[str, Any]) -> str:
    state = made.get("git") or {}
    if not state.get("commit"):
        return "no commit known (made outside git)"
    dirty = {True: ", with uncommitted changes", None: ", changes not known"}
    return f"{state['commit'][:12]}{dirty.get(state.get('dirty'), '')}"


def _machine(made: Mapping[str, Any]) -> str:
    hardware = made.get("hardware") or {}
    parts = [str(hardware.get("processor", "processor not known"))]
    parts += [f"{hardware['cores']} cores"] if "cores" in hardware else []
    parts += [f"{hardware['memory_gib']} GiB"] if "memory_gib" in hardware else []
    parts += [str(hardware["accelerator"])] if hardware.get("accelerator") else []
    parts += [str(hardware["system"])] if "system" in hardware else []
    parts += [f"computed on {made['device']}"] if "device" in made else []
    parts += [f"in {made['precision']}"] if "precision" in made else []
    parts += (
        [f"{made['threads']} thread{'s' * (made['threads'] != 1)}"] if "threads" in made else []
    )
    return ", ".join(parts)


def _packages(made: Mapping[str, Any]) -> str:
    packages = made.get("packages") or {}
    return ", ".join(f"{name} {version}" for name, version in packages.items()) or "not known"


def _split_words(record: Record) -> str:
    split = record.split
    counts = split.get("counts") or []
    shape = f", {max(counts)} to {min(counts)} a class" if counts else ""
    where = f"{record.run.dataset}, tau {format_value(record.run.tau)}"
    return f"{where}: {split.get('n_train')} images{shape}, SHA-256 {split.get('sha256')}"


@dataclass(frozen=True)
class Setting:
    """One value of a run's configuration, and where it comes from."""

    part: str
    key: str
    value: str
    source: str


@dataclass(frozen=True)
class RunRow:
    """One run of a cell: what it reached, and when, where from and how fast. Unknown is empty."""

    seed: int
    command: str
    last: float
    best: float
    best_epoch: int
    time: str
    rate: str  # images/s
    at: str
    commit: str
    digest: str


@dataclass(frozen=True)
class Card:
    """How the records of one cell were made."""

    cell: Cell
    runs: tuple[RunRow, ...]
    settings: tuple[Setting, ...]
    assumptions: Mapping[str, str]
    seconds: float


def card(cell: Cell) -> Card:
    """The configuration of a cell with records; equal for all its seeds but for the seed."""
    record = cell.records[0]
    sources = record.made.get("sources") or {}
    given = dict(cell.spec.run.options)
    settings = [
        Setting(part, key, value_words(value), _source(key, sources, given))
        for part, values in record.config.items()
        if part != "model"  # what rules and options gave to backbone and method, which follow
        for key, value in values.items()
    ]
    seconds = sum(float(r.made.get("seconds") or 0) for r in cell.records)
    runs = tuple(_run_row(r) for r in cell.records)
    return Card(cell, runs, tuple(settings), record.assumptions, seconds)


def _run_row(record: Record) -> RunRow:
    made, accuracy = record.made, record.result["accuracy"]
    seconds, rate = made.get("seconds"), made.get("images_per_second")
    return RunRow(
        seed=record.run.seed,
        command=tables.train_command(record.run),
        last=accuracy["last"],
        best=accuracy["best"],
        best_epoch=accuracy["best_epoch"],
        time=duration(seconds) if seconds else "",
        rate=f"{rate:,.0f}" if rate else "",
        at=str(made.get("at", "")),
        commit=_commit(made),
        digest=record.digest[:12],
    )


def _source(key: str, sources: Mapping[str, str], given: Mapping[str, Any]) -> str:
    return "this cell" if key in given else str(sources.get(key, ""))


@dataclass(frozen=True)
class Choice:
    """An assumption as the records of a page were made with it."""

    entry: Assumption
    values: tuple[Origin, ...]


def register(project: Project, cells: Sequence[Cell]) -> list[Choice]:
    """The assumptions that arise in the records of a page, with the values they were made with.

    Without records: the register's choices for the planned runs.
    """
    chosen: dict[str, list[str]] = {}
    for record in (record for cell in cells for record in cell.records):
        for key, value in record.assumptions.items():
            chosen.setdefault(key, []).append(value)
    if not chosen:
        for entry in assumptions(project):
            if any(entry.applies(cell.spec.run) for cell in cells):
                chosen[entry.id] = []
    known = [entry for entry in assumptions(project) if entry.id in chosen]
    return [Choice(entry, _origins(chosen[entry.id])) for entry in known]


def notes(project: Project, cells: Sequence[Cell]) -> list[str]:
    """What must be said with every result of these datasets and records."""
    entries = dataset_entries(project)
    said = [
        note
        for cell in cells
        for note in (
            *(entries[cell.spec.run.dataset].notes if cell.spec.run.dataset in entries else ()),
            *(note for record in cell.records for note in record.notes),
        )
    ]
    return list(dict.fromkeys(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in said))


# --- words -------------------------------------------------------------------------------------


def value_words(value: Any) -> str:
    """A configuration value as people read it."""
    if isinstance(value, bool | int | float | str):
        return format_value(value)
    if isinstance(value, list | tuple):
        return ", ".join(value_words(entry) for entry in value)
    return json.dumps(value, sort_keys=True)


def duration(seconds: float) -> str:
    """`7.6 s`, `12 min`, `3.4 h`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
