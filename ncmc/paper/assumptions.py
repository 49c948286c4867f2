"""The points on which the paper is silent, or its code family says otherwise, and what we chose."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from ncmc.errors import UsageError, unknown
from ncmc.paper.validation import require_names, require_unique
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import SplitOptions
from ncmc.plan.option_text import format_value
from ncmc.plan.recipes import Execution, Recipe
from ncmc.plan.run import Run
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "assumptions.yaml"


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
    # option -> the values, no defaults of a model, of which a run must have one
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    theory: bool = False  # about a theorem: part of no run
    # The day, of a point that was found after runs had been made: their records do not name it.
    added: Annotated[str, Field(pattern=r"^20\d\d-\d\d-\d\d$")] | None = None

    def arises_in(self, run: Run, options: Mapping[str, str]) -> bool:
        """Whether the point arises in a run with these options, as they are written."""
        fits = all(
            not listed or name in listed
            for listed, name in (
                (self.datasets, run.dataset),
                (self.backbones, run.backbone),
                (self.methods, run.method),
            )
        )
        chosen = all(options.get(key) in values for key, values in self.when.items())
        return not self.theory and fits and chosen


class AssumptionsFile(Strict):
    """papers/ncmc/assumptions.yaml."""

    assumptions: tuple[Assumption, ...] = ()


@read_once
def assumptions(project: Project) -> tuple[Assumption, ...]:
    """The register of papers/ncmc/assumptions.yaml, in its order.

    Raises UsageError naming the entry at fault.
    """
    path = project.config(FILE)
    entries = documents.read_yaml(path, AssumptionsFile, optional=True).assumptions
    require_unique(path, [entry.id for entry in entries])
    options = _options()
    for entry in entries:
        where = f"{path}: {entry.id}"
        require_names(project, where, entry.datasets, entry.backbones, entry.methods)
        for option in (*entry.when, *([entry.option] if entry.option else [])):
            if option not in options:
                raise UsageError(f"{where}: {unknown('option', option, options)}")
    return entries


def assumptions_for(
    project: Project, run: Run, resolved: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """The open points that arise in `run`, and what it was made with: {id: choice}.

    `resolved` is a record's `config`: its parts (recipe, split, backbone, method) with their
    values. A point whose option no part of the run has does not arise.
    """
    values = {"method": run.method, "backbone": run.backbone}
    for part in (part for part in resolved.values() if isinstance(part, Mapping)):
        values |= {key: format_value(v) for key, v in part.items() if key not in values}
    return {
        entry.id: values[entry.option] if entry.option else entry.choice
        for entry in assumptions(project)
        if entry.arises_in(run, values) and (entry.option is None or entry.option in values)
    }


def _options() -> set[str]:
    """What can decide a point: the run's names, keys of the configuration, options of models."""
    known = {"method", "backbone"}
    known |= {key for part in (Recipe, SplitOptions, Execution) for key in part.model_fields}
    for kind in catalog.KINDS:
        for name in catalog.names(kind):
            known |= catalog.own_options(kind, name) or frozenset()
    return known
