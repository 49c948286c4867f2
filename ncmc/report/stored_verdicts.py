"""verdicts.json -> verdicts, as `ncmc verify` judged them."""

from pathlib import Path
from typing import Any

from ncmc.errors import UserError
from ncmc.plan.run import parse_run_id
from ncmc.project import Project
from ncmc.system import documents
from ncmc.verdicts.verdict import Finding, Verdict

DERIVED = ("missing", "remedy")  # stand in the file for its readers, follow from the findings


def read_verdicts(project: Project, path: Path) -> list[Verdict]:
    """The verdicts of a table or figure. Raises UserError if the file is missing or not ours."""
    try:
        return [_verdict(project, entry) for entry in documents.load_json(path)["verdicts"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is not a file of verdicts ({error!r}). Run `ncmc verify` again."
        ) from error


def _verdict(project: Project, entry: dict[str, Any]) -> Verdict:
    findings = tuple(_finding(project, finding) for finding in entry["findings"])
    fields = {key: value for key, value in entry.items() if key not in DERIVED}
    return Verdict(**fields | {"findings": findings})


def _finding(project: Project, entry: dict[str, Any]) -> Finding:
    missing = tuple(parse_run_id(project, run) for run in entry["missing"])
    return Finding(**entry | {"missing": missing})
