"""Records that would be made otherwise now: another configuration, other code, an older schema."""

from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import parse_run_id, trained_run
from ncmc.project import Project
from ncmc.results import code_versions
from ncmc.results.configuration import differing_keys
from ncmc.results.record import ModelOf, Record, load_record, path_of
from ncmc.system import files


@dataclass(frozen=True)
class Outdated:
    """A record that does not fit, and why."""

    run: str  # the id that its folder names
    record: Path
    why: str


def why_outdated(project: Project, record: Record, results: Path | None = None) -> str | None:
    """What of a record would be otherwise if its run were made now; None if nothing is known.

    `results`: the folder of the records, by default results/runs.
    """
    if record.schema_version == 1:
        return "was made before version 0.2, with other random draws (tables still show it)"
    if differing := differing_keys(project, record):
        return f"was made with another configuration ({'; '.join(differing)})"
    if changed := code_versions.changes(project, record):
        return f"was made with other code: {', '.join(changed)}"
    source = trained_run(project, record.run)
    if record.model_of and _trained_again(path_of(project, source, results), record.model_of):
        return f"was made from another model of {source.id}, which was trained again since"
    return None


def _trained_again(path: Path, model: ModelOf) -> bool:
    try:
        return files.exists(path) and load_record(path).digest != model.digest
    except UserError:
        return False  # a damaged record says nothing of this one


def outdated_records(project: Project, results: Path | None = None) -> list[Outdated]:
    """Every outdated record below results/runs, those that cannot be read included.

    Raises UsageError if the configuration is not valid: it must not make every record outdated.
    """
    from ncmc.results.cells import check_results_folder  # a training must not wait for it

    check_results_folder(results)
    for name in table_names(project):
        grid.table(project, name)
    root = results or project.root / paths.RUNS
    found = []
    for path in sorted(root.rglob(paths.RECORD)):
        run_id = path.parent.relative_to(root).as_posix()
        if why := _why(project, path, run_id, results):
            found.append(Outdated(run_id, path, why))
    return found


def delete(records: list[Outdated]) -> None:
    """Delete these records, so that they are planned again. Raises UserError (no permission)."""
    for entry in records:
        try:
            entry.record.unlink()
        except OSError as error:
            raise files.explain(error, entry.record) from error


def _why(project: Project, path: Path, run_id: str, results: Path | None) -> str | None:
    try:
        run = parse_run_id(project, run_id)
    except UserError as error:
        return f"is of a run that cannot be made now: {error}"
    try:
        record = load_record(path)
    except UserError as error:
        return f"cannot be used: {error}"
    if record.run != run:
        return f"is the record of {record.run.id}"
    return why_outdated(project, record, results)
