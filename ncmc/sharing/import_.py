"""An export -> records below results/runs. All of it is checked before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.run import parse_run_id, trained_run
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.record import Record, load_record, path_of
from ncmc.results.wording import signed
from ncmc.sharing.compare import reasons
from ncmc.sharing.export import why_unfit
from ncmc.sharing.export_format import Export, read_export
from ncmc.system import files

Prefer = Literal["ours", "theirs"]


@dataclass(frozen=True)
class Merge:
    """What an export brings. Runs by id."""

    new: tuple[str, ...]
    equal: tuple[str, ...]  # here already, with the same digest
    clashes: Mapping[str, str]  # another record is here: what differs
    other_processor: Mapping[str, str]  # ... made by the same code: both can be right
    left_out: Mapping[str, str]  # why no table here could show them
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

    With clashes nothing is written, unless `prefer` says whose records are right; where only the kind of
    processor is another both can be, and ours stay unless it says `theirs`. Raises DamagedError
    for an export that is damaged, altered or not ours, and UserError if a record cannot be written:
    those before it are, each whole, and the same call goes on with the rest.
    """
    export = read_export(path)
    plan = _plan(project, export, results)
    if dry_run or (plan.clashes and prefer is None):
        return plan
    replaced = [*plan.clashes, *plan.other_processor] if prefer == "theirs" else []
    # a decision rule's record after that of its model: Snakemake takes an older one for outdated
    runs = {run_id: parse_run_id(project, run_id) for run_id in (*plan.new, *replaced)}
    ordered = sorted(runs, key=lambda run_id: trained_run(project, runs[run_id]) != runs[run_id])
    for run_id in ordered:
        target = (results or project.root / paths.RUNS) / run_id / paths.RECORD
        files.write_atomic(target, export.content[paths.RUN_RECORD.format(run=run_id)])
    return replace(plan, written=tuple(ordered))


def _plan(project: Project, export: Export, results: Path | None) -> Merge:
    new, equal = list[str](), list[str]()
    clashes, other_processor, left_out = dict[str, str](), dict[str, str](), dict[str, str]()
    for run_id in export.manifest.runs:
        record = export.record(run_id)
        if why := why_unfit(project, run_id, record):
            left_out[run_id] = why
        elif not files.exists(here := path_of(project, record.run, results)):
            new.append(run_id)
        else:
            differing, both_right = _differing(record, here)
            if differing:
                (other_processor if both_right else clashes)[run_id] = differing
            else:
                equal.append(run_id)
    return Merge(tuple(new), tuple(equal), clashes, other_processor, left_out)


def _differing(theirs: Record, path: Path) -> tuple[str, bool]:
    """(what differs between a record of theirs and ours, whether both can be right); "" if nothing.

    They can if the same code made them, on two kinds of processor.
    """
    try:
        ours = load_record(path)
    except UserError as error:
        return f"ours cannot be used: {error}", False
    if ours.digest == theirs.digest:
        return "", True
    here, there = (record.result.accuracy.last for record in (ours, theirs))
    accuracy = f"accuracy {here:.2f} % here, {there:.2f} % there ({signed(there - here)})"
    words = "; ".join((accuracy, *reasons(ours, theirs)))
    both = ours, theirs
    processors = {(record.made.device, record.made.processor) for record in both}
    same_run = (ours.config_hash, ours.split) == (theirs.config_hash, theirs.split)
    other_code = any(record.made.dirty for record in both) or code_versions.differences(both)
    return words, len(processors) > 1 and same_run and not other_code
