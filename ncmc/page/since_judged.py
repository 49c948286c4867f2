"""Which records have changed since verdicts.json was written: its verdicts may no longer be theirs."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ncmc.errors import UsageError, UserError
from ncmc.plan.grid import Table
from ncmc.plan.run import Run, parse_run_id
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.looks import reached
from ncmc.results.record import digest, path_of
from ncmc.results.table_cells import read_cells
from ncmc.results.table_data import TableData, table_data
from ncmc.results.wording import plural
from ncmc.system import documents, files
from ncmc.verdicts.verdicts_file import VerdictsFile

MOST_NAMED = 5  # runs, in a note
SHOWN = 12  # characters of a digest


def digests(project: Project, cells: Iterable[Cell], results: Path | None = None) -> dict[str, str]:
    """Run id -> digest of each record that cells are made of, those that do not count too."""
    read = dict.fromkeys(
        run
        for cell in cells
        for run in (*(r.run for r in cell.records), *(entry.run for entry in cell.unusable))
    )
    found = ((run.id, _digest(path_of(project, run, results))) for run in read)
    return {name: value for name, value in found if value}


def changes(
    project: Project, table: Table, judged: VerdictsFile, results: Path | None = None
) -> list[str]:
    """Each record that was added, changed or deleted since, in words."""
    before = judged.records or {}
    lacking = {name for verdict in judged.verdicts for name in verdict.missing}
    now = {
        run.id: _digest(path_of(project, run, results))
        for run in _looked_at(project, table, results)
    }
    for name in sorted((before.keys() | lacking) - now.keys()):
        now[name] = _digest_of_id(project, name, results)
    told = ((name, _change(before.get(name), digest)) for name, digest in now.items())
    return [f"{name} ({words})" for name, words in told if words]


def note(
    project: Project, table: Table, judged: VerdictsFile, results: Path | None = None
) -> str | None:
    """What must be said with verdicts that are not of the records as they are now; None if they are."""
    again = f"Run `ncmc verify {table.name}`, then `ncmc report {table.name}`."
    if judged.records is None:
        return f"verdicts.json does not say which records it was made from. {again}"
    found = changes(project, table, judged, results)
    if not found:
        return None
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return (
        f"The verdicts are not of the records as they are now: {plural(len(found), 'record')} changed "
        f"after verdicts.json was written: {', '.join(found[:MOST_NAMED])}{more}. {again}"
    )


def note_on_table(
    project: Project, table: Table, written: TableData, results: Path | None = None
) -> str | None:
    """What must be said with a table that is not what its records make now; None if it is."""
    if table_data(project, table, read_cells(project, table, results)) == written:
        return None
    return (
        f"The table is not of the records and the configuration as they are now. "
        f"Run `ncmc table {table.name}`."
    )


def _change(before: str | None, now: str | None) -> str | None:
    if before == now:
        return None
    if before is None:
        return f"new, digest {str(now)[:SHOWN]}"
    return f"digest {before[:SHOWN]}, now {now[:SHOWN]}" if now else "deleted"


def _looked_at(project: Project, table: Table, results: Path | None) -> Iterator[Run]:
    """The runs of a table whose records count: up to the last look that is complete."""
    for spec in table.cells:
        runs = spec.runs(table.looks[-1])
        there = {run.seed for run in runs if _exists(path_of(project, run, results))}
        yield from runs[: table.looks[reached(table.looks, there) or 0]]


def _exists(path: Path) -> bool:
    try:
        return files.exists(path)
    except UserError:
        return False


def _digest_of_id(project: Project, name: str, results: Path | None) -> str | None:
    try:
        return _digest(path_of(project, parse_run_id(project, name), results))
    except UsageError:  # of a method, dataset or backbone that is no longer there
        return None


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
