"""Whether a record belongs into this project's tables, and what must be said of it if it does."""

from dataclasses import dataclass
from pathlib import Path

from ncmc.errors import UserError
from ncmc.plan.run import parse_run_id
from ncmc.project import Project
from ncmc.results.configuration import differing_keys
from ncmc.results.outdated import why_outdated
from ncmc.results.record import Record


@dataclass(frozen=True)
class Named:
    """A run that is named to the reader, and what is said of its record."""

    run: str
    why: str


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
    return None


def why_old(project: Project, record: Record, results: Path | None) -> str | None:
    """What of a fitting record would be otherwise if its run were made now, such as its code."""
    try:
        return why_outdated(project, record, results)
    except UserError as error:  # code of a lab's own that cannot be read
        return f"cannot be compared with the code here: {error}"
