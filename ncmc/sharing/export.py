"""Records, and what was made of them, packed for somebody else: same records, same bytes."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ncmc import paths
from ncmc.errors import UserError
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project
from ncmc.report import since_judged
from ncmc.results import table_files
from ncmc.results.record import Record, load_record, path_of
from ncmc.results.table_data import table_data
from ncmc.sharing.fitness import Named, why_old, why_unfit
from ncmc.sharing.folders import new_folder
from ncmc.sharing.manifest import FORMAT, LAYOUT, NAME, Manifest, PackedFile, PackedRun, packed_run
from ncmc.system import files
from ncmc.system.documents import MOST_BYTES
from ncmc.verdicts import cell_selection, judge, verdicts_file
from ncmc.verdicts.checks_file import checks_of

ALL = "all"  # in place of names of tables
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip file's date; the real one would make each export another
CONFIG_KINDS = (".yaml", ".csv")


@dataclass(frozen=True)
class Exported:
    """What was packed, and what must be said of it."""

    path: Path
    manifest: Manifest
    old: tuple[Named, ...]  # packed, though they would be made otherwise now
    left_out: tuple[Named, ...]  # of another configuration, or not readable: no table shows them


def export(
    project: Project, names: Sequence[str], target: Path, results: Path | None = None
) -> Exported:
    """Pack tables (or `all`: every record) into a zip file, or a folder if `target` is no `.zip`.

    Holds the records, the manifests of their splits, tables and verdicts as they follow from them,
    figures that exist, the configuration, and manifest.json with the SHA-256 of every file. Raises
    UsageError for an unknown table, UserError if there is no record or the target cannot be written.
    """
    records, old, left_out = records_of(project, names, results)
    chosen = [switches.table(project, name) for name in names if name != ALL]
    if ALL in names:
        present = set(records)
        tables = [grid.table(project, name) for name in table_names(project)]
        chosen += [t for t in tables if t not in chosen and present & set(t.runs)]
    content = dict(_contents(project, chosen, records, results))
    runs = [packed_run(records[run]) for run in sorted(records, key=lambda run: run.id)]
    described = describe([table.name for table in chosen], runs, content)
    content[NAME] = manifest_text(described)
    (_write_zip if is_zip(target) else write_folder)(target, content)
    return Exported(target, described, tuple(old), tuple(left_out))


def is_zip(target: Path) -> bool:
    """Whether an export to `target` is a zip file, and not a folder."""
    return target.suffix == ".zip"


def records_of(
    project: Project, names: Sequence[str], results: Path | None = None
) -> tuple[dict[Run, Record], list[Named], list[Named]]:
    """(records of tables, those of them that are outdated, those that no table could show).

    Raises UsageError for an unknown table, UserError if there is no record.
    """
    records, old, left_out = records_there(project, names, results)
    if not records:
        raise UserError(
            f"there is no record of {', '.join(names)} to export. Train its runs first, or name the "
            "folder of the records with --results."
        )
    return records, old, left_out


def records_there(
    project: Project, names: Sequence[str], results: Path | None = None
) -> tuple[dict[Run, Record], list[Named], list[Named]]:
    """As `records_of`, also where there is no record."""
    tables = [switches.table(project, name) for name in names if name != ALL]
    root = results or project.root / paths.RUNS
    if ALL in names:
        found = [path.parent.relative_to(root).as_posix() for path in root.rglob(paths.RECORD)]
    else:
        found = [run.id for table in tables for run in runs_of(project, table)]
    records, old, left_out = dict[Run, Record](), list[Named](), list[Named]()
    for run_id in sorted(set(found)):
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
            continue
        records[record.run] = record
        if why := why_old(project, record, results):
            old.append(Named(run_id, why))
    return records, old, left_out


def runs_of(project: Project, table: Table) -> list[Run]:
    """The runs of a table, those whose models they use, and those that its checks look at."""
    checked = [
        run
        for check in checks_of(project, table.name)
        for run in cell_selection.runs_of(project, check)
    ]
    return [*trained_runs(project, [*table.runs, *checked]), *table.runs, *checked]


def _contents(
    project: Project, tables: Sequence[Table], records: dict[Run, Record], results: Path | None
) -> Iterator[tuple[str, bytes]]:
    """(path in the export, content) of every file but the manifest."""
    for run in records:
        path = path_of(project, run, results)
        yield paths.RUN_RECORD.format(run=run.id), files.read_bytes(path, MOST_BYTES)
    for folder in sorted({run.split_folder for run in records}):
        name = f"{folder}/{Path(paths.SPLIT_MANIFEST).name}"
        if files.exists(project.root / name):
            yield name, files.read_bytes(project.root / name, MOST_BYTES)
    for table in tables:
        yield from _made_of(project, table, records, results)
    for path in sorted(project.config("").rglob("*")):
        if path.suffix in CONFIG_KINDS and path.is_file():
            name = path.relative_to(project.root).as_posix()
            yield name, files.read_bytes(path, MOST_BYTES)


def _made_of(
    project: Project, table: Table, records: dict[Run, Record], results: Path | None
) -> Iterator[tuple[str, bytes]]:
    """The files of a table: made anew of the records that are packed; figures as they are."""
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place)
        for run in {run for run in runs_of(project, table) if run in records}:
            target = path_of(project, run, packed)
            target.parent.mkdir(parents=True)
            target.symlink_to(path_of(project, run, results).resolve())
        yield from table_contents(project, table, packed)
    figures = project.root / paths.FIGURES.format(table=table.name)
    for path in sorted(figures.rglob("*")):
        name = path.relative_to(project.root).as_posix()
        if path.is_file() and LAYOUT.fullmatch(name):
            yield name, files.read_bytes(path, MOST_BYTES)


def table_contents(project: Project, table: Table, results: Path) -> Iterator[tuple[str, bytes]]:
    """(path in the export, content) of a table's numbers and verdicts, by the records in `results`."""
    folder = paths.RESULTS.format(table=table.name)
    cells = judge.CellCache(project, results)
    with tempfile.TemporaryDirectory() as place:
        data = table_data(project, table, cells.of(table))
        written = table_files.write_table(data, Path(place))
        verdicts = judge.verify_cells(table, cells)
        judged = since_judged.digests(project, cells.all_read(), results)
        written.append(verdicts_file.write(verdicts, Path(place), records=judged))
        for path in written:
            yield f"{folder}/{path.name}", path.read_bytes()


def describe(
    tables: Sequence[str], runs: Sequence[PackedRun], content: dict[str, bytes]
) -> Manifest:
    """The manifest of these files."""
    packed = {
        name: PackedFile(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in sorted(content.items())
    }
    return Manifest(
        format=FORMAT,
        schema=1,
        ncmc=metadata.version("ncmc"),
        tables=tuple(tables),
        records=len(runs),
        runs=tuple(runs),
        files=packed,
    )


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
