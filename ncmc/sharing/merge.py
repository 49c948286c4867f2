"""An export -> records below results/runs. All of it is checked before anything is written."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ncmc import paths
from ncmc.errors import DamagedError, UserError
from ncmc.plan.run import parse_run_id, trained_run
from ncmc.project import Project
from ncmc.results.record import Record, load_record, path_of
from ncmc.sharing.differences import Origin, differences, origin_of
from ncmc.sharing.fitness import Named, why_old, why_unfit
from ncmc.sharing.manifest import RECORD, packed_run
from ncmc.sharing.source import Export, open_export, record_in
from ncmc.system import documents, files

Prefer = Literal["ours", "theirs"]


@dataclass(frozen=True)
class Clash:
    """A run of which there is another record here than in the export."""

    run: str
    ours: Origin | None  # None: ours cannot be read
    theirs: Origin
    differing: tuple[str, ...]  # in words


@dataclass(frozen=True)
class Merge:
    """What an export brings. Runs by id."""

    path: Path
    new: tuple[str, ...]
    equal: tuple[str, ...]  # here already, with the same digest
    clashes: tuple[Clash, ...]
    left_out: tuple[Named, ...]  # of another configuration, or of a run that cannot be made here
    old: tuple[Named, ...]  # fitting, though they would be made otherwise now
    splits: tuple[str, ...]  # that were drawn otherwise there than here
    written: tuple[str, ...] = ()


def merge(
    project: Project,
    path: Path,
    results: Path | None = None,
    *,
    prefer: Prefer | None = None,
    dry_run: bool = False,
) -> Merge:
    """Check an export, then write the records that are not here yet; a record's bytes stay as packed.

    With clashes nothing is written, unless `prefer` says whose records are right. Raises DamagedError
    for an export that is damaged, altered or not ours, and UserError if a record cannot be written:
    those that were written before it are whole.
    """
    with open_export(path) as export:
        plan = _plan(project, export, results)
        if dry_run or (plan.clashes and prefer is None):
            return plan
        replaced = [clash.run for clash in plan.clashes] if prefer == "theirs" else []
        wanted = [*plan.new, *replaced]
        for done, run_id in enumerate(wanted):
            _write(project, export, run_id, results, done, len(wanted), run_id in replaced)
    if wanted:
        _touch_those_of_models(project, [*wanted, *plan.equal], results)
    return Merge(**(plan.__dict__ | {"written": tuple(wanted)}))


def _plan(project: Project, export: Export, results: Path | None) -> Merge:
    listed = {entry.run: entry for entry in export.manifest.runs}
    new, equal = list[str](), list[str]()
    clashes, left_out, old = list[Clash](), list[Named](), list[Named]()
    for name in export.manifest.files:
        export.read(name)  # its checksum, of every file
        if not (match := RECORD.fullmatch(name)):
            continue
        run_id, where = match[1], f"{export.path}: {name}"
        record = record_in(export, name)
        if record.run.id != run_id or packed_run(record) != listed[run_id]:
            raise DamagedError(f"{where} is not the record that the export lists there.")
        if why := why_unfit(project, run_id, record):
            left_out.append(Named(run_id, why))
            continue
        if why := why_old(project, record, results):
            old.append(Named(run_id, why))
        here = path_of(project, record.run, results)
        if not files.exists(here):
            new.append(run_id)
        elif clash := _clash(project, record, here):
            clashes.append(clash)
        else:
            equal.append(run_id)
    return Merge(
        path=export.path,
        new=tuple(new),
        equal=tuple(equal),
        clashes=tuple(clashes),
        left_out=tuple(left_out),
        old=tuple(old),
        splits=tuple(_other_splits(project, export)),
    )


def _touch_those_of_models(project: Project, run_ids: list[str], results: Path | None) -> None:
    """Make records of decision rules newer than those of the runs to whose models they were applied.

    Else Snakemake takes them for outdated; a record itself says whether it is, by its digests.
    """
    for run_id in run_ids:
        run = parse_run_id(project, run_id)
        if trained_run(project, run) != run:
            with suppress(
                OSError
            ):  # not ours to touch: its job looks once whether it has to do anything
                os.utime(path_of(project, run, results))


def _clash(project: Project, theirs: Record, here: Path) -> Clash | None:
    try:
        ours = load_record(here)
    except UserError as error:
        return Clash(theirs.run.id, None, origin_of(theirs), (f"ours cannot be used: {error}",))
    if ours.digest == theirs.digest:
        return None
    told = tuple(differences(ours, theirs))
    return Clash(theirs.run.id, origin_of(ours), origin_of(theirs), told)


def _other_splits(project: Project, export: Export) -> Sequence[str]:
    """Splits of the export that were drawn otherwise than the ones here."""
    found = []
    for name in export.manifest.files:
        here = project.root / name
        if name.startswith("data/splits/") and files.exists(here):
            theirs = documents.json_of(export.read(name), f"{export.path}: {name}")
            ours = documents.load_json(here)
            if not (isinstance(theirs, dict) and isinstance(ours, dict)):
                raise DamagedError(f"{name} is not a split's manifest, here or in {export.path}.")
            if theirs.get("sha256") != ours.get("sha256"):
                found.append(str(Path(name).parent))
    return found


def _write(
    project: Project,
    export: Export,
    run_id: str,
    results: Path | None,
    done: int,
    wanted: int,
    replace: bool,
) -> None:
    """Write one record whole. Raises UserError if that fails, or one has appeared meanwhile."""
    target = (results or project.root / paths.RUNS) / run_id / paths.RECORD
    try:
        if not replace and files.exists(target):
            raise UserError(f"{target} was written meanwhile by somebody else.")
        files.write_atomic(target, export.read(paths.RUN_RECORD.format(run=run_id)))
    except UserError as error:
        raise UserError(
            f"{error} {done} of {wanted} records are imported, each whole; the same command goes on "
            "with the rest."
        ) from error
