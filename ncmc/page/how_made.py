"""How the numbers of a page were made: commits, machines, splits, configurations, assumptions."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ncmc.paper.assumptions import Assumption, assumptions
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.option_text import format_value
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.cells import Cell
from ncmc.results.provenance import Made
from ncmc.results.record import Record
from ncmc.results.table_data import best_is_last
from ncmc.results.wording import duration, plural, sentence
from ncmc.verdicts.verdict import Verdict

# Beside the ECE of a method whose softmax is flat, however sure it is.
COSINES = "of cosines without a scale: not comparable with that of other methods"


Counts = Sequence[tuple[str, int]]  # words, and the number of records of which they are true


def provenance(cells: Sequence[Cell]) -> dict[str, Any] | None:
    """What the records of a page have in common and what not; None without records.

    More than one entry in a list is worth saying.
    """
    records = [record for cell in cells for record in cell.records]
    made = [record.made for record in records]
    if not made:
        return None
    dates = sorted(entry.at for entry in made)
    return {
        "records": len(made),
        "parts": {
            "commit": _counts(commit_words(entry) for entry in made),
            "machine": _counts(_machine(entry) for entry in made),
            "packages": _counts(_packages(entry) for entry in made),
            "training images": _counts(_split_words(record) for record in records),
        },
        "code": code_versions.differences(records),  # in which they were made with, in words
        "seconds": sum(entry.seconds for entry in made),
        "first": dates[0],
        "last": dates[-1],
    }


def _counts(values: Iterable[str]) -> Counts:
    return Counter(values).most_common()


def commit_words(made: Made) -> str:
    """The commit that made a record, and what is not in it."""
    if not made.git.commit:
        return "no commit known (made outside git)"
    dirty = {True: ", with uncommitted changes", None: ", changes not known", False: ""}
    return f"{made.git.commit[:12]}{dirty[made.dirty]}"


def _machine(made: Made) -> str:
    machine = made.hardware
    parts = [machine.processor, plural(machine.cores, "core"), f"{machine.memory_gib} GiB"]
    computed = [
        f"computed on {made.device}",
        f"in {made.precision}",
        plural(made.threads, "thread"),
    ]
    return ", ".join([*parts, machine.system, *computed])


def _packages(made: Made) -> str:
    return ", ".join(f"{name} {version}" for name, version in made.packages.items())


def _split_words(record: Record) -> str:
    split = record.split
    shape = f", {max(split.counts)} to {min(split.counts)} per class" if split.counts else ""
    where = f"{record.run.dataset}, tau {format_value(record.run.tau)}"
    return f"{where}: {split.n_train} images{shape}, SHA-256 {split.sha256}"


def settings(cell: Cell) -> list[tuple[str, str, str, str]]:
    """The configuration of a cell with records: part, option, value and its source."""
    record = cell.records[0]
    sources = {**record.made.sources, **dict.fromkeys(dict(cell.spec.run.options), "this cell")}
    return [
        (part, option, value_words(value), sources.get(option, ""))
        for part, values in record.config.items()
        if part != "model"  # what rules and options gave to backbone and method, which follow
        for option, value in values.items()
    ]


def remarks(cell: Cell) -> list[str]:
    """What must be said with the numbers of a cell."""
    of_records = (sentence(note) for record in cell.records for note in record.notes)
    return list(dict.fromkeys((*cell.notes, *of_records)))


def ece_note(cell: Cell) -> str:
    """What must be said with its ECE."""
    return COSINES if catalog.scores_are_cosines(cell.spec.run.method) else ""


def register(project: Project, cells: Sequence[Cell]) -> list[tuple[Assumption, Counts]]:
    """The assumptions that arise in the records of a page, with the values they were made with.

    Without records: the register's choices for the planned runs.
    """
    chosen: dict[str, list[str]] = {}
    for record in (record for cell in cells for record in cell.records):
        for key, value in record.assumptions.items():
            chosen.setdefault(key, []).append(value)
    if not chosen:
        planned = [  # attributes are those of the plain cell; its run may switch an assumption
            (spec.run, spec.attributes | {key: format_value(v) for key, v in spec.run.options})
            for spec in (cell.spec for cell in cells)
        ]
        for entry in assumptions(project):
            if any(entry.arises_in(run, options) for run, options in planned):
                chosen[entry.id] = []
    known = [entry for entry in assumptions(project) if entry.id in chosen]
    return [(entry, _counts(chosen[entry.id])) for entry in known]


def notes(project: Project, cells: Sequence[Cell]) -> list[str]:
    """What must be said with every result of these datasets and records."""
    entries = dataset_entries(project)
    texts = [
        note
        for cell in cells
        for note in (
            *(entries[cell.spec.run.dataset].notes if cell.spec.run.dataset in entries else ()),
            *(note for record in cell.records for note in record.notes),
        )
    ]
    if best_is_last(cells):  # and stands nowhere
        texts = [note for note in texts if "`best`" not in note]
    return list(dict.fromkeys(sentence(note) for note in texts))


# --- words -------------------------------------------------------------------------------------


def facts(cells: Sequence[Cell]) -> str:
    """How much there is of what was planned, when and from which commit it was made."""
    planned, recorded = sum(cell.planned for cell in cells), sum(cell.n for cell in cells)
    parts = [f"{recorded:,} of {plural(planned, 'run')} recorded"]
    if made := provenance(cells):
        parts.append(f"{duration(made['seconds'])} of training")
        if len(commits := made["parts"]["commit"]) == 1:
            parts.append(f"commit {commits[0][0]}")
        first, last = made["first"][:10], made["last"][:10]
        parts.append(first if first == last else f"{first} to {last}")
    return " · ".join(parts)


def by_best(verdicts: Sequence[Verdict], cells: Sequence[Cell]) -> bool:
    """Whether something of the paper is compared at a best test epoch that is not the last."""
    ours = (v for v in verdicts if v.claim or v.kind == "number")
    at_best = any(verdict.measure == "best" for verdict in ours)
    return at_best and not best_is_last(cells)


def value_words(value: Any) -> str:
    """A configuration value as people read it."""
    if isinstance(value, bool | int | float | str):
        return format_value(value)
    if isinstance(value, list | tuple):
        return ", ".join(value_words(entry) for entry in value)
    return json.dumps(value, sort_keys=True)
