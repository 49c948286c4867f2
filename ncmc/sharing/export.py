"""Records packed for somebody else, as a zip file: same records, same bytes."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ncmc import paths
from ncmc.errors import UserError
from ncmc.paper import switches
from ncmc.plan.grid import Table
from ncmc.plan.run import Run, parse_run_id, trained_runs
from ncmc.project import Project
from ncmc.results import problems
from ncmc.results.record import Record, path_of
from ncmc.sharing import crate, croissant
from ncmc.sharing.export_format import NAME, Manifest, manifest_of
from ncmc.system import files
from ncmc.system.documents import MOST_BYTES
from ncmc.verdicts import cell_selection
from ncmc.verdicts.checks_file import checks_of

ALL = "all"  # in place of names of tables
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip file's date; the real one would make each export another
CONFIG_KINDS = (".yaml", ".csv")


def export(
    project: Project, names: Sequence[str], target: Path, results: Path | None = None
) -> tuple[Manifest, dict[str, str]]:
    """Pack tables (or `all`: every record) into a zip file; what was packed, and run -> why not.

    Holds the records, the manifests of their splits, the configuration, and manifest.json with the
    SHA-256 of every file. Raises UsageError for an unknown table, UserError if there is no record or
    the target cannot be written.
    """
    records, left_out = records_of(project, names, results)
    if not records:
        raise UserError(
            f"there is no record of {', '.join(names)} to export. Train its runs first, or name the "
            "folder of the records with --results."
        )
    content = sources_of(project, records, results)
    folders = project.root / paths.CONFIG, project.config("")
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix in CONFIG_KINDS:
            name = path.relative_to(project.root).as_posix()
            content[name] = files.read_bytes(path, MOST_BYTES)
    content |= descriptions(project, ", ".join(names), records.values(), content)
    manifest = manifest_of([name for name in names if name != ALL], content)
    content[NAME] = manifest.to_json()
    _write_zip(target, content)
    return manifest, left_out


def records_of(
    project: Project, names: Sequence[str], results: Path | None = None
) -> tuple[dict[Run, Record], dict[str, str]]:
    """(records of tables, id of a run -> why no table can show its record). Raises UsageError."""
    tables = [switches.table(project, name) for name in names if name != ALL]
    root = results or project.root / paths.RUNS
    ids = {run.id for table in tables for run in runs_of(project, table)}
    if ALL in names:
        ids |= {path.parent.relative_to(root).as_posix() for path in root.rglob(paths.RECORD)}
    records, left_out = dict[Run, Record](), dict[str, str]()
    for run_id in sorted(ids):
        record = problems.record_of(project, run_id, root / run_id / paths.RECORD)
        if isinstance(record, Record):
            records[record.run] = record
        elif record:
            left_out[run_id] = record
    return records, left_out


def why_unfit(project: Project, run_id: str, record: Record) -> str | None:
    """Why no table of this project could show a record as that of `run_id`; None if one can."""
    try:
        run = parse_run_id(project, run_id)
    except UserError as error:
        return f"is of a run that cannot be made here: {error}"
    unfit = problems.why_unfit(project, run, record)
    return unfit[1] if unfit else None


def runs_of(project: Project, table: Table) -> list[Run]:
    """The runs of a table, those whose models they use, and those that its checks look at."""
    checked = [
        run
        for check in checks_of(project, table.name)
        for run in cell_selection.runs_of(project, check)
    ]
    return [*trained_runs(project, [*table.runs, *checked]), *table.runs, *checked]


def sources_of(
    project: Project, records: Mapping[Run, Record], results: Path | None
) -> dict[str, bytes]:
    """The bytes of records, and of the manifests of their splits, by their paths in an export."""
    content = {
        paths.RUN_RECORD.format(run=run.id): files.read_bytes(
            path_of(project, run, results), MOST_BYTES
        )
        for run in records
    }
    for name in sorted({f"{run.split_folder}/{NAME}" for run in records}):
        if files.exists(project.root / name):
            content[name] = files.read_bytes(project.root / name, MOST_BYTES)
    return content


def descriptions(
    project: Project, name: str, records: Iterable[Record], content: Mapping[str, bytes]
) -> dict[str, bytes]:
    """What describes an export's files to others: an RO-Crate, and a Croissant file per split."""
    latest_first = sorted(records, key=lambda record: (record.made.at, record.run.id), reverse=True)
    described = {
        f"{record.run.split_folder}/{croissant.NAME}": croissant.croissant(project, record, split)
        for record in latest_first  # so that the first one dates its split
        if (split := content.get(f"{record.run.split_folder}/{NAME}"))
    }
    return described | {crate.NAME: crate.crate(name, latest_first, {**content, **described})}


def _write_zip(target: Path, content: Mapping[str, bytes]) -> None:
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
