"""Record <-> JSON: what one run measured, what it was made with, and a digest over both.

A record says the same, bit for bit, whenever and however often its run is repeated on one machine;
what may differ (time, hardware, date) stands under `made`, which the digest leaves out.
"""

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.run import Run, resolve_run
from ncmc.project import Project
from ncmc.system import files, hardware

SCHEMA = 2  # 1: before 0.2, with other random draws
READABLE = (1, SCHEMA)


@dataclass(frozen=True)
class Record:
    """One run's results. Accuracies in percent; `history` has an entry an epoch, counted from 1."""

    run: Run
    config: dict[str, Any]  # recipe, split, backbone, method: as resolved
    config_hash: str
    assumptions: dict[str, str]  # id -> choice (config/paper/assumptions.yaml)
    split: dict[str, Any]  # sha256 of the indices, counts, n_train
    result: dict[str, Any]  # accuracy, per_class, groups, ece, confusion, history
    notes: tuple[str, ...]
    made: dict[str, Any]  # seconds, hardware, packages, git, ...
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in its file, digest included."""
        r = self.run
        body: dict[str, Any] = {
            "schema": self.schema,
            "run": {
                "dataset": r.dataset,
                "tau": r.tau,
                "backbone": r.backbone,
                "method": r.method,
                "options": dict(r.options),
                "seed": r.seed,
            },
            "config": self.config,
            "config_hash": self.config_hash,
            "assumptions": self.assumptions,
            "split": self.split,
            "result": self.result,
            "notes": list(self.notes),
        }
        return body | {"made": self.made, "digest": digest(body)}

    @property
    def digest(self) -> str:
        """SHA-256 over everything but `made`."""
        return str(self.to_json()["digest"])


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a mapping, without its `made` and `digest`."""
    kept = {key: value for key, value in body.items() if key not in ("made", "digest")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
            "files": {f.name: f.sha256 or f.md5 for f in entry.files},
        },
    }


def config_hash(project: Project, run: Run) -> str:
    """SHA-256 of `config_of(project, run)`: equal for all seeds of a cell."""
    return digest(config_of(project, run))


def path_of(project: Project, run: Run, results: Path | None = None) -> Path:
    """Where the record of a run lies."""
    return (results or project.root / paths.RUNS) / run.id / "record.json"


def save(record: Record, path: Path) -> None:
    """Write a record whole or not at all. Raises UserError (no permission, disk full)."""
    lines = [
        f'"{key}": {json.dumps(value, allow_nan=False)}' for key, value in record.to_json().items()
    ]
    files.write_atomic(path, "{\n" + ",\n".join(lines) + "\n}\n")


def load(path: Path) -> Record:
    """Read a record. Raises UserError: missing, truncated, foreign, or changed by hand."""
    try:
        body = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise UserError(f"no record at {path}. Train the run first: ncmc train RUN.") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(
            f"{path} is no whole JSON file ({error}); it was cut short or is foreign. "
            "Delete it and run the training again."
        ) from error
    if not isinstance(body, dict) or "schema" not in body or "digest" not in body:
        raise UserError(f"{path} is no record of ncmc (it has no schema and digest). Remove it.")
    if body["schema"] not in READABLE:
        raise UserError(
            f"{path} has record schema {body['schema']}, this program reads "
            f"{' and '.join(map(str, READABLE))}. "
            "Run the training again, or use the version of ncmc that wrote it."
        )
    try:
        whole = digest(body) == body["digest"]
        record = _from_json(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path} lacks or garbles a part of a record ({error!r}). Remove it."
        ) from error
    if not whole:
        raise UserError(
            f"{path} was changed after it was written (its digest does not match). "
            "Delete it and run the training again."
        )
    return record


def _from_json(body: dict[str, Any]) -> Record:
    r = body["run"]
    return Record(
        run=Run(
            r["dataset"],
            r["tau"],
            r["backbone"],
            r["method"],
            tuple(sorted(r["options"].items())),
            r["seed"],
        ),
        config=dict(body["config"]),
        config_hash=str(body["config_hash"]),
        assumptions=dict(body["assumptions"]),
        split=dict(body["split"]),
        result=dict(body["result"]),
        notes=tuple(body["notes"]),
        made=dict(body["made"]),
        schema=body["schema"],
    )


def differing_keys(project: Project, record: Record) -> list[str]:
    """What a record was made with that the present configuration says otherwise, in words.

    Empty if the record is of the present configuration.
    """
    if record.config_hash == config_hash(project, record.run):
        return []
    now = dict(_flat(config_of(project, record.run)))
    then = dict(_flat({key: record.config.get(key, {}) for key in config_of(project, record.run)}))
    return [
        f"{key}: {then.get(key, 'absent')} then, {now.get(key, 'absent')} now"
        for key in sorted(now.keys() | then.keys())
        if now.get(key, "absent") != then.get(key, "absent")
    ] or ["the configuration (by its hash)"]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value


def finite(value: float | None) -> float | None:
    """`value`, or None where JSON has no number for it."""
    return value if value is not None and math.isfinite(value) else None


# --- provenance --------------------------------------------------------------------------------


def provenance(root: Path) -> dict[str, Any]:
    """When, where and with which code and packages: the part of a record that may differ."""
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "git": git_state(root),
        "hardware": hardware.machine(),
        "packages": hardware.packages(),
    }


@cache
def git_state(root: Path) -> dict[str, Any]:
    """The commit of the project's root and whether the tree differs from it; None without git.

    A container has the code but no history: $NCMC_COMMIT, set when the image is built, stands in.
    """
    given = os.environ.get("NCMC_COMMIT")

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(root), *arguments],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    top = git("rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        return {"commit": given, "dirty": None}
    changed = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}
