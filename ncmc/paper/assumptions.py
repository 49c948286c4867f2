"""The points on which the paper is silent, or its code family says otherwise, and what we chose."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator

from ncmc.plan.option_text import format_value
from ncmc.plan.run import Run
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/assumptions.yaml"


class Alternative(Strict):
    """Another reading of an open point, and how to get it."""

    value: str
    says: str
    switch: str


class Assumption(Strict):
    """A point on which the paper is silent, or its code family says otherwise."""

    id: Annotated[str, Field(pattern=r"^A[0-9]{1,3}$")]
    open: str
    choice: str
    means: str = ""  # the choice in words, where its value does not say it
    option: str | None = None  # a key of the configuration, or `method` / `backbone`
    alternatives: tuple[Alternative, ...] = ()
    datasets: tuple[str, ...] = ()  # empty: every dataset
    backbones: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    theory: bool = False  # about a theorem: part of no run

    def applies(self, run: Run) -> bool:
        """Whether the point arises in `run` at all."""
        return not self.theory and all(
            not listed or name in listed
            for listed, name in (
                (self.datasets, run.dataset),
                (self.backbones, run.backbone),
                (self.methods, run.method),
            )
        )


class AssumptionsFile(Strict):
    """config/paper/assumptions.yaml."""

    assumptions: tuple[Assumption, ...]

    @field_validator("assumptions")
    @classmethod
    def _ids_are_unique(cls, value: tuple[Assumption, ...]) -> tuple[Assumption, ...]:
        ids = [entry.id for entry in value]
        if twice := [name for name in ids if ids.count(name) > 1]:
            raise ValueError(f"the id '{twice[0]}' stands there twice")
        return value


@read_once
def assumptions(project: Project) -> tuple[Assumption, ...]:
    """The register of config/paper/assumptions.yaml, in its order."""
    return documents.read_yaml(project.config(FILE), AssumptionsFile).assumptions


def assumptions_for(
    project: Project, run: Run, resolved: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """The open points that arise in `run`, and what it was made with: {id: choice}.

    `resolved` is a record's `config`: its parts (recipe, split, backbone, method) with their
    values. A point whose option no part of the run has does not arise.
    """
    values: dict[str, Any] = {"method": run.method, "backbone": run.backbone}
    for part in (part for part in resolved.values() if isinstance(part, Mapping)):
        values |= {key: value for key, value in part.items() if key not in values}
    chosen = {}
    for entry in assumptions(project):
        if not entry.applies(run):
            continue
        if entry.option is None:
            chosen[entry.id] = entry.choice
        elif entry.option in values:
            chosen[entry.id] = format_value(values[entry.option])
    return chosen
