"""What the configuration files say of a run now, and how a record's configuration differs from it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project
from ncmc.results.record import Record, digest


def config_of(project: Project, run: Run) -> dict[str, Any]:
    """What a run is made with as far as the configuration files say; what `config_hash` covers."""
    resolved = resolve_run(project, run)
    entry = dataset_entry(project, run.dataset)
    return {
        "recipe": resolved.recipe.model_dump(mode="json"),
        "split": resolved.split.model_dump(mode="json"),
        "model": resolved.model,
        "data": {
            "reader": entry.reader,
            "reader_options": dict(entry.reader_options),
            "files": {f.name: f.checksum for f in entry.files},
        },
    }


def config_hash(project: Project, run: Run) -> str:
    """SHA-256 of `config_of(project, run)`: equal for all seeds of a cell with one split."""
    return digest(config_of(project, run))


def differing_keys(project: Project, record: Record) -> list[str]:
    """What a record was made with that the present configuration says otherwise, in words.

    Empty if the record is of the present configuration.
    """
    if record.config_hash == config_hash(project, record.run):
        return []
    now = dict(flat(config_of(project, record.run)))
    then = dict(flat({key: record.config.get(key, {}) for key in config_of(project, record.run)}))
    return [
        f"{key}: {then.get(key, 'absent')} then, {now.get(key, 'absent')} now"
        for key in sorted(now.keys() | then.keys())
        if now.get(key, "absent") != then.get(key, "absent")
    ] or ["the configuration (by its hash)"]


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(`recipe.lr`, value) of every value of nested mappings."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value
