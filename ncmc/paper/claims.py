"""What the paper states in words: comparisons, pictures, theorems. Knows no results."""

from typing import Annotated

from pydantic import Field, model_validator

from ncmc.errors import unknown
from ncmc.paper.printed_numbers import Percent, Points, Tau
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/claims.yaml"

Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,9}$")]


class Claim(Strict):
    """A comparison, a picture or a theorem that the paper states."""

    id: Id
    where: str
    says: str = ""
    table: str | None = None
    figure: str | None = None

    @property
    def shown_in(self) -> str | None:
        """The table or figure that carries the claim."""
        return self.table or self.figure


class StatedNumber(Strict):
    """A number that the paper states in its text, as the list of claims repeats it."""

    id: Id
    where: str
    dataset: str
    backbone: str
    method: str
    tau: Tau
    f: int
    theta: float
    value: Percent
    std: Points
    note: str = ""


class BaselineNumber(Strict):
    """A number of the SETF paper (Yang et al. 2022) and a stranger's re-run of its code."""

    id: Id
    dataset: str
    backbone: str
    method: str
    tau: Tau
    value: Percent
    rerun: Percent
    rerun_std: Points


class ClaimsFile(Strict):
    """config/paper/claims.yaml."""

    numbers: tuple[StatedNumber, ...]
    comparisons: tuple[Claim, ...]
    theory: tuple[Claim, ...]
    yang2022: tuple[BaselineNumber, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "ClaimsFile":
        ids = [number.id for number in self.numbers]
        ids += [claim.id for claim in (*self.comparisons, *self.theory)]
        if twice := [name for name in ids if ids.count(name) > 1]:
            raise ValueError(f"the id '{twice[0]}' stands there twice")
        return self


@read_once
def claims(project: Project) -> dict[str, Claim]:
    """Every comparison, figure and theorem of config/paper/claims.yaml, by id."""
    found = _claims_file(project)
    return {claim.id: claim for claim in (*found.comparisons, *found.theory)}


def claim(project: Project, name: str) -> Claim:
    """A claim by id. Raises UsageError with the known ids."""
    known = claims(project)
    if name not in known:
        raise unknown("claim", name, known)
    return known[name]


def baseline_numbers(project: Project) -> tuple[BaselineNumber, ...]:
    """The second reference set: Yang et al. 2022 as quoted, and a stranger's re-run."""
    return _claims_file(project).yang2022


@read_once
def _claims_file(project: Project) -> ClaimsFile:
    return documents.read_yaml(project.config(FILE), ClaimsFile)
