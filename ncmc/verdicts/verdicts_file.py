"""verdicts.json: the verdicts on a table as they were written, and what of their records has changed."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field

from ncmc.errors import UsageError, UserError
from ncmc.plan.run import parse_run_id
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import digest, path_of
from ncmc.results.wording import plural, some_of
from ncmc.system import documents, files
from ncmc.system.documents import Strict
from ncmc.verdicts.verdict import Verdict, verdict_exit_code

NAME = "verdicts.json"
SHOWN = 12  # characters of a digest


class VerdictsFile(Strict):
    """The whole file."""

    version: Literal[2] = Field(default=2, alias="schema")
    exit_code: int
    verdicts: tuple[Verdict, ...]
    records: Mapping[str, str] | None = None  # run id -> digest of what was judged; None: not told

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids of runs that had no record."""
        return tuple(dict.fromkeys(run for verdict in self.verdicts for run in verdict.missing))


def write(
    verdicts: Sequence[Verdict],
    folder: Path,
    *,
    usable: bool = True,
    records: Mapping[str, str] | None = None,
) -> Path:
    """Write verdicts.json into `folder`, whole or not at all; its path. Raises UserError.

    `usable`: whether every record of the table counts. `records`: the digests of what was judged.
    """
    code = verdict_exit_code(verdicts, usable=usable)
    content = VerdictsFile(exit_code=code, verdicts=tuple(verdicts), records=records)
    path = folder / NAME
    body = content.model_dump(mode="json", by_alias=True)
    text = json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
    files.write_atomic(path, text + "\n")
    return path


def read_file(path: Path) -> VerdictsFile:
    """The whole file that `write` wrote to `path`.

    Raises UserError if there is no such file, or if it is not one of ours.
    """
    try:
        return documents.read_json(path, VerdictsFile)
    except UsageError as error:
        raise UserError(
            f"{path} is not a file of verdicts. Run `ncmc verify` again. ({error})"
        ) from error


# --- records that have changed since they were judged ------------------------------------------


def digests_of(
    project: Project, cells: Iterable[Cell], results: Path | None = None
) -> dict[str, str]:
    """Run id -> digest of each record that cells are made of, those that do not count too."""
    read = dict.fromkeys(
        run
        for cell in cells
        for run in (*(r.run for r in cell.records), *(entry.run for entry in cell.unusable))
    )
    digests = ((run.id, _digest(path_of(project, run, results))) for run in read)
    return {name: value for name, value in digests if value}


def stale_note(
    project: Project,
    table: str,
    cells: Iterable[Cell],
    written: VerdictsFile,
    results: Path | None = None,
) -> str | None:
    """What must be said with verdicts that are not of the records as they are now; None if they are.

    `written`: the verdicts; `cells`: those of the table as they are now.
    """
    again = f"Run `ncmc verify {table}`, then `ncmc report {table}`."
    judged = written.records
    if judged is None:
        return f"verdicts.json does not say which records it was made from. {again}"
    now: dict[str, str | None] = dict(digests_of(project, cells, results))
    for name in sorted({*judged, *written.missing} - now.keys()):
        with suppress(UsageError):  # of a method, dataset or backbone that is no longer there
            now[name] = _digest(path_of(project, parse_run_id(project, name), results))
    names = sorted({*judged, *now}, key=[*now, *judged].index)
    pairs = ((name, judged.get(name), now.get(name)) for name in names)
    changed = [f"{name} ({_change(old, new)})" for name, old, new in pairs if old != new]
    if not changed:
        return None
    return (
        f"The verdicts are not of the records as they are now: {plural(len(changed), 'record')} changed "
        f"after verdicts.json was written: {some_of(changed)}. {again}"
    )


def _change(old: str | None, new: str | None) -> str:
    if old is None:
        return f"new, digest {str(new)[:SHOWN]}"
    return f"digest {old[:SHOWN]}, now {new[:SHOWN]}" if new else "deleted"


def _digest(path: Path) -> str | None:
    """The digest of a record's content, or of the file's bytes where it is not a record; None: none."""
    try:
        data = files.read_bytes(path, documents.MOST_BYTES)
    except UserError:
        return None
    try:
        body: object = documents.json_of(data, str(path))
        if isinstance(body, Mapping) and digest(body) == body.get("digest"):
            return digest(body)
    except (UsageError, ValueError):
        pass
    return hashlib.sha256(data).hexdigest()
