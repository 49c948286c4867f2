"""How the numbers of config/paper/references.csv were made, as far as we know."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ncmc.errors import UsageError, unknown
from ncmc.paper.known_names import require_names
from ncmc.plan import catalog, recipes
from ncmc.plan.option_text import Value
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/reference_recipes.yaml"

Text = Annotated[str, Field(min_length=1)]
Epoch = Literal["last", "best"]
KEYS = ("source", "place", "backbone", "method", "reading")


class Entry(Strict):
    """An entry for every row that has all its keys."""

    source: Text | None = None
    place: Text | None = None
    backbone: Text | None = None
    method: Text | None = None
    reading: Text | None = None  # a part of the row's

    @model_validator(mode="after")
    def _chooses(self) -> "Entry":
        if not self.keys:
            raise ValueError(f"needed is one of {', '.join(KEYS)}")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """The keys that choose rows."""
        return {key: value for key in KEYS if (value := getattr(self, key)) is not None}


class MadeWith(Entry):
    """The recipe of ours that numbers were made with, and the epoch that they are of."""

    recipe: str | None = None  # None: no recipe of ours
    options: Annotated[dict[str, Value], Field(default_factory=dict)]  # where not our defaults
    epoch: Epoch | None = None  # None: not known to us
    because: Annotated[Text, Field(alias="from")]  # how we know


class Difference(Entry):
    """What differs from every recipe of ours."""

    says: Text


class StandIn(Strict):
    """A dataset whose cells are compared with the numbers of another one."""

    dataset: str
    original: Annotated[str, Field(alias="for")]
    says: Text


class RecipesFile(Strict):
    """config/paper/reference_recipes.yaml."""

    made_with: tuple[MadeWith, ...]
    differences: tuple[Difference, ...]
    foreign_methods: dict[str, Text]  # a method that the harness does not have -> what it is
    stand_ins: tuple[StandIn, ...]


@read_once
def reference_recipes(project: Project) -> RecipesFile:
    """The whole file. Raises UsageError for a recipe, a dataset or a method that does not fit."""
    path = project.config(FILE)
    found = documents.read_yaml(path, RecipesFile)
    for entry in found.made_with:
        known = recipes.recipes(project)
        if entry.recipe is not None and entry.recipe not in known:
            raise UsageError(f"{path}: made_with: {unknown('recipe', entry.recipe, known)}")
    for stand_in in found.stand_ins:
        names = [stand_in.dataset, stand_in.original]
        require_names(project, f"{path}: stand_ins", datasets=names)
    _require_foreign(found.foreign_methods, path)
    return found


def _require_foreign(methods: dict[str, str], path: Path) -> None:
    """Raises UsageError for a foreign method that the harness has: its numbers can be compared."""
    for name in methods:
        if name in catalog.names("method"):
            raise UsageError(
                f"{path}: foreign_methods: the harness has the method '{name}'. Delete the entry."
            )
