"""What the paper states in words: comparisons, pictures, theorems. Knows no results."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.paper.validation import Text, require_unique
from ncmc.plan.grid_file import grid_entries
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "claims.yaml"

Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,9}$")]


class Claim(Strict):
    """A comparison, a picture or a theorem that the paper states."""

    id: Id
    where: str
    says: Text
    table: str | None = None
    figure: str | None = None

    @property
    def shown_in(self) -> str | None:
        """The table or figure that carries the claim."""
        return self.table or self.figure


class ClaimsFile(Strict):
    """papers/NAME/claims.yaml."""

    comparisons: tuple[Claim, ...] = ()
    theory: tuple[Claim, ...] = ()


@read_once
def claims(project: Project) -> dict[str, Claim]:
    """Every comparison, figure and theorem of papers/NAME/claims.yaml, by id.

    Raises UsageError naming the entry at fault.
    """
    path = project.config(FILE)
    file = documents.read_yaml(path, ClaimsFile, optional=True)
    stated = (*file.comparisons, *file.theory)
    require_unique(path, [claim.id for claim in stated])
    for claim in file.comparisons:
        _require_place(project, claim, path)
    return {claim.id: claim for claim in stated}


def shown_claims(project: Project) -> tuple[str, ...]:
    """The claims that a table or figure carries, which runs can decide."""
    return tuple(claim.id for claim in claims(project).values() if claim.shown_in)


def claim(project: Project, name: str) -> Claim:
    """A claim by id. Raises UsageError with the known ids."""
    known = claims(project)
    if name not in known:
        raise unknown("claim", name, known)
    return known[name]


def _require_place(project: Project, claim: Claim, path: Path) -> None:
    """Raises UsageError unless a comparison is shown in one table or figure."""
    where = f"{path}: {claim.id}"
    if (claim.table is None) == (claim.figure is None):
        raise UsageError(f"{where}: needed is either 'table' or 'figure'.")
    for kind, name in (("table", claim.table), ("figure", claim.figure)):
        known = [entry for entry, placed in grid_entries(project).items() if placed.kind == kind]
        if name is not None and name not in known:
            raise UsageError(f"{where}: {unknown(kind, name, known)}")
