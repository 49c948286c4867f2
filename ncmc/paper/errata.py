"""Errors, gaps and contradictions found in the paper, each with the number that shows it."""

from typing import Annotated, Literal

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.paper.assumptions import assumptions
from ncmc.paper.claims import claims
from ncmc.paper.validation import require_unique
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "errata.yaml"


class Evidence(Strict):
    """A number that `ncmc theory CHECK --json` prints under the name `measure`."""

    check: str
    measure: str
    value: float
    within: Annotated[float, Field(ge=0)]  # how far the printed number may lie from `value`


class Erratum(Strict):
    """What is printed, what we find, and what was chosen."""

    id: Annotated[str, Field(pattern=r"^E[0-9]{1,3}$")]
    where: str  # the place in the paper
    kind: Literal["error", "gap", "contradiction"]
    printed: str
    found: str
    evidence: tuple[Evidence, ...] = ()  # empty: seen by reading
    choice: str
    assumption: str | None = None  # the entry of the register that holds the choice


class ErrataFile(Strict):
    """papers/NAME/errata.yaml."""

    errata: tuple[Erratum, ...] = ()


@read_once
def errata(project: Project) -> tuple[Erratum, ...]:
    """Every entry of papers/NAME/errata.yaml, in its order.

    Raises UsageError for an id that stands twice, and for a check or an assumption that is not known.
    """
    path = project.config(FILE)
    entries = documents.read_yaml(path, ErrataFile, optional=True).errata
    require_unique(path, [entry.id for entry in entries])
    ids = {
        "assumption": [entry.id for entry in assumptions(project)],
        "check": [c.id for c in claims(project).values() if c.table is None and c.figure is None],
    }
    for entry in entries:
        names = [("assumption", entry.assumption)] if entry.assumption else []
        for kind, name in (*names, *(("check", number.check) for number in entry.evidence)):
            if name not in ids[kind]:
                raise UsageError(f"{path}: {entry.id}: {unknown(kind, name, ids[kind])}")
    return entries
