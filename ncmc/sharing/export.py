"""Records packed for somebody else: same records, same bytes."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ncmc import paths
from ncmc.errors import UserError
from ncmc.paper import switches
from ncmc.plan.grid import Table
from ncmc.plan.run import Run, parse_run_id, trained_runs
from ncmc.project import Project
from ncmc.results.configuration import differing_keys, other_images
from ncmc.results.record import Record, load_record, path_of
from ncmc.sharing.manifest import FORMAT, NAME, Manifest, PackedFile
from ncmc.system import files
from ncmc.system.documents import MOST_BYTES
from ncmc.verdicts import cell_selection
from ncmc.verdicts.checks_file import checks_of

ALL = "all"  # in place of names of tables
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip file's date; the real one would make each export another
CONFIG_KINDS = (".yaml", ".csv")


@dataclass(frozen=True)
class Named:
    """A run that is named to the reader, and what is said of its record."""

    run: str
    why: str


@dataclass(frozen=True)
class Exported:
    """What was packed, and what was not."""

    path: Path
    manifest: Manifest
    left_out: tuple[Named, ...]  # of another configuration, or not readable: no table shows them


def export(
    project: Project, names: Sequence[str], target: Path, results: Path | None = None
) -> Exported:
    """Pack tables (or `all`: every record) into a zip file, or a folder if `target` is no `.zip`.

    Holds the records, the manifests of their splits, the configuration, and manifest.json with the
    SHA-256 of every file. Raises UsageError for an unknown table, UserError if there is no record or
    the target cannot be written.
    """
    records, left_out = records_of(project, names, results)
    content = dict(_contents(project, records, results))
    manifest = describe([name for name in names if name != ALL], content)
    content[NAME] = manifest_text(manifest)
    (_write_zip if is_zip(target) else write_folder)(target, content)
    return Exported(target, manifest, tuple(left_out))


def is_zip(target: Path) -> bool:
    """Whether an export to `target` is a zip file, and not a folder."""
    return target.suffix == ".zip"


def records_of(
    project: Project, names: Sequence[str], results: Path | None = None
) -> tuple[dict[Run, Record], list[Named]]:
    """(records of tables, those that no table could show).

    Raises UsageError for an unknown table, UserError if there is no record.
    """
    records, left_out = existing_records(project, names, results)
    if not records:
        raise UserError(
            f"there is no record of {', '.join(names)} to export. Train its runs first, or name the "
            "folder of the records with --results."
        )
    return records, left_out


def existing_records(
    project: Project, names: Sequence[str], results: Path | None = None
) -> tuple[dict[Run, Record], list[Named]]:
    """As `records_of`, also where there is no record."""
    tables = [switches.table(project, name) for name in names if name != ALL]
    root = results or project.root / paths.RUNS
    if ALL in names:
        ids = {path.parent.relative_to(root).as_posix() for path in root.rglob(paths.RECORD)}
    else:
        ids = {run.id for table in tables for run in runs_of(project, table)}
    records, left_out = dict[Run, Record](), list[Named]()
    for run_id in sorted(ids):
        path = root / run_id / paths.RECORD
        if not files.exists(path):
            continue
        try:
            record = load_record(path)
        except UserError as error:
            left_out.append(Named(run_id, f"cannot be used: {error}"))
            continue
        if why := why_unfit(project, run_id, record):
            left_out.append(Named(run_id, why))
        else:
            records[record.run] = record
    return records, left_out


def why_unfit(project: Project, run_id: str, record: Record) -> str | None:
    """Why no table of this project could show a record as that of `run_id`; None if one can."""
    try:
        run = parse_run_id(project, run_id)
    except UserError as error:
        return f"is of a run that cannot be made here: {error}"
    if record.run != run:
        return f"is the record of {record.run.id}"
    if differing := differing_keys(project, record):
        return f"was made with another configuration ({'; '.join(differing)})"
    return other_images(project, record)


def runs_of(project: Project, table: Table) -> list[Run]:
    """The runs of a table, those whose models they use, and those that its checks look at."""
    checked = [
        run
        for check in checks_of(project, table.name)
        for run in cell_selection.runs_of(project, check)
    ]
    return [*trained_runs(project, [*table.runs, *checked]), *table.runs, *checked]


def _contents(
    project: Project, records: dict[Run, Record], results: Path | None
) -> Iterator[tuple[str, bytes]]:
    """(path in the export, content) of every file but the manifest."""
    for run in records:
        path = path_of(project, run, results)
        yield paths.RUN_RECORD.format(run=run.id), files.read_bytes(path, MOST_BYTES)
    splits = {f"{run.split_folder}/{Path(paths.SPLIT_MANIFEST).name}" for run in records}
    config = project.config("").rglob("*")
    kept = {p.relative_to(project.root).as_posix() for p in config if p.suffix in CONFIG_KINDS}
    for name in sorted(splits | kept):
        if files.exists(project.root / name):
            yield name, files.read_bytes(project.root / name, MOST_BYTES)


def describe(tables: Sequence[str], content: dict[str, bytes]) -> Manifest:
    """The manifest of these files."""
    packed = {
        name: PackedFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in sorted(content.items())
    }
    version = metadata.version("ncmc")
    return Manifest(format=FORMAT, schema=1, ncmc=version, tables=tuple(tables), files=packed)


def manifest_text(manifest: Manifest) -> bytes:
    """manifest.json as bytes."""
    data = manifest.model_dump(mode="json", by_alias=True)
    return json.dumps(data, indent=1, sort_keys=True).encode() + b"\n"


def _write_zip(target: Path, content: dict[str, bytes]) -> None:
    """A zip file, whole or not at all; dates and modes are the same every time."""
    with (
        files.atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name in (NAME, *sorted(content.keys() - {NAME})):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content[name])


def write_folder(target: Path, content: dict[str, bytes]) -> None:
    """A folder that was not there, whole or not at all."""
    with new_folder(target) as whole:
        for name, data in content.items():
            path = whole / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` if the block ends well.

    Raises UserError if there is something at `target` already, or it cannot be written.
    """
    if files.exists(target) and (not target.is_dir() or files.listed(target)):
        raise UserError(f"{target} is there already. Name a new folder.")
    files.make_folder(target.parent)
    try:
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}.", ignore_cleanup_errors=True
        ) as place:
            whole = Path(place) / "whole"
            whole.mkdir()
            yield whole
            whole.replace(target)
    except OSError as error:
        raise files.explain(error, target) from error
