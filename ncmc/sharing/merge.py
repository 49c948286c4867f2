"""An export -> records below results/runs. All of it is checked before anything is written."""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.run import parse_run_id, trained_run
from ncmc.project import Project
from ncmc.results.record import Record, load_record, path_of
from ncmc.sharing.compare import differences
from ncmc.sharing.export import Named, why_unfit
from ncmc.sharing.manifest import Export, open_export
from ncmc.system import files

Prefer = Literal["ours", "theirs"]


@dataclass(frozen=True)
class Clash:
    """A run of which there is another record here than in the export."""

    run: str
    differing: tuple[str, ...]  # in words


@dataclass(frozen=True)
class Merge:
    """What an export brings. Runs by id."""

    path: Path
    new: tuple[str, ...]
    equal: tuple[str, ...]  # here already, with the same digest
    clashes: tuple[Clash, ...]
    left_out: tuple[Named, ...]  # of another configuration, or of a run that cannot be made here
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
            try:
                _write(project, export, run_id, results, run_id in replaced)
            except UserError as error:
                raise UserError(
                    f"{error} {done} of {len(wanted)} records are imported, each whole; the same "
                    "command goes on with the rest."
                ) from error
    if wanted:
        _touch_those_of_models(project, [*wanted, *plan.equal], results)
    return replace(plan, written=tuple(wanted))


def _plan(project: Project, export: Export, results: Path | None) -> Merge:
    new, equal, clashes, left_out = list[str](), list[str](), list[Clash](), list[Named]()
    for name in export.manifest.files:
        export.read(name)  # its checksum, of every file
    for run_id in export.manifest.runs:
        record = export.record(run_id)
        if why := why_unfit(project, run_id, record):
            left_out.append(Named(run_id, why))
        elif not files.exists(here := path_of(project, record.run, results)):
            new.append(run_id)
        elif clash := _clash(record, here):
            clashes.append(clash)
        else:
            equal.append(run_id)
    return Merge(export.path, tuple(new), tuple(equal), tuple(clashes), tuple(left_out))


def _clash(theirs: Record, here: Path) -> Clash | None:
    try:
        ours = load_record(here)
    except UserError as error:
        return Clash(theirs.run.id, (f"ours cannot be used: {error}",))
    if ours.digest == theirs.digest:
        return None
    return Clash(theirs.run.id, tuple(differences(ours, theirs)))


def _write(
    project: Project, export: Export, run_id: str, results: Path | None, overwrite: bool
) -> None:
    """Write one record whole. Raises UserError if that fails, or one has appeared meanwhile."""
    target = (results or project.root / paths.RUNS) / run_id / paths.RECORD
    if not overwrite and files.exists(target):
        raise UserError(f"{target} was written meanwhile by somebody else.")
    files.write_atomic(target, export.read(paths.RUN_RECORD.format(run=run_id)))


def _touch_those_of_models(project: Project, run_ids: list[str], results: Path | None) -> None:
    """Make records of decision rules newer than those of the runs to whose models they were applied.

    Else Snakemake takes them for outdated; a record itself says whether it is, by its digests.
    """
    for run_id in run_ids:
        run = parse_run_id(project, run_id)
        if trained_run(project, run) != run:
            with suppress(OSError):  # not ours to touch: its job looks once whether it has work
                os.utime(path_of(project, run, results))
