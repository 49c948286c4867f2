"""Numbers that other papers, READMEs and logs state, and how they were made as far as we know.

The harness is calibrated with them.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.validation import Percent, Points, Seeds, Tau, Text, require_names, require_unique
from ncmc.plan import catalog, recipes
from ncmc.plan.option_text import Value
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Strict

FILE = "paper/references.csv"
RECIPES_FILE = "paper/reference_recipes.yaml"
SWITCH = {"on": True, "off": False}

Epoch = Literal["last", "best"]
KEYS = ("source", "place", "backbone", "method", "reading")


class Reference(Strict):
    """An accuracy that somebody reports, in percent top-1 on the balanced test set."""

    id: Annotated[str, Field(pattern=r"^R[0-9]{1,4}$")]
    source: Text
    place: Text  # where in the source
    dataset: str
    tau: Tau | None  # n_min / n_max; None for a fixed list of images, such as ImageNet-LT
    backbone: str
    method: str
    mixup: bool
    value: Percent
    std: Points | None  # standard deviation over seeds; None where it is not stated
    n: Seeds | None  # seeds behind it; None where not stated
    address: Text
    reading: Text  # how it was read, and what is known of how it was made


COLUMNS = tuple(Reference.model_fields)


class RowChoice(Strict):
    """An entry of reference_recipes.yaml for every row of references.csv that has all its keys."""

    source: Text | None = None
    place: Text | None = None
    backbone: Text | None = None
    method: Text | None = None
    reading: Text | None = None  # a part of the row's

    @model_validator(mode="after")
    def _chooses(self) -> "RowChoice":
        if not self.keys:
            raise ValueError(f"needed is one of {', '.join(KEYS)}")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """The keys that choose rows."""
        return {key: value for key in KEYS if (value := getattr(self, key)) is not None}

    def fits(self, reference: Reference) -> bool:
        """Whether a row has all of its keys."""
        return all(
            value in reference.reading if key == "reading" else value == getattr(reference, key)
            for key, value in self.keys.items()
        )


class MadeWith(RowChoice):
    """The recipe of ours that numbers were made with, and the epoch that they are of."""

    recipe: str | None = None  # None: no recipe of ours
    options: Annotated[dict[str, Value], Field(default_factory=dict)]  # where not our defaults
    epoch: Epoch | None = None  # None: not known to us
    because: Annotated[Text, Field(alias="from")]  # how we know


class RecipeDifference(RowChoice):
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
    differences: tuple[RecipeDifference, ...]
    foreign_methods: dict[str, Text]  # a method that the harness does not have -> what it is
    stand_ins: tuple[StandIn, ...]


@read_once
def references(project: Project) -> tuple[Reference, ...]:
    """The rows of config/paper/references.csv. Raises UsageError naming the line at fault."""
    path = project.config(FILE)
    rows = documents.read_csv(path, COLUMNS)
    require_unique(path, [row["id"] for row in rows])
    methods = {*catalog.names("method"), *_recipes_file(project).foreign_methods}
    stated = []
    for place, row in enumerate(rows, start=2):
        where = f"{path}, line {place} ({shortened(row['id'])})"
        reference = documents.parse(Reference, _typed(row, where), where)
        require_names(project, where, [reference.dataset], [reference.backbone])
        if reference.method not in methods:
            raise UsageError(f"{where}: {unknown('method', reference.method, methods)}")
        stated.append(reference)
    return tuple(stated)


def _typed(row: dict[str, str], where: str) -> dict[str, Any]:
    """The cells of a row as numbers, switches and text; an empty number as None."""
    if row["mixup"] not in SWITCH:
        raise UsageError(f"{where}: mixup is {shortened(repr(row['mixup']))}; allowed: on, off.")
    numbers = {
        key: documents.csv_number(row[key], kind, key, where)
        for key, kind in (("tau", float), ("value", float), ("std", float), ("n", int))
    }
    return {**row, **numbers, "mixup": SWITCH[row["mixup"]]}


@read_once
def reference_recipes(project: Project) -> RecipesFile:
    """config/paper/reference_recipes.yaml.

    Raises UsageError for an unknown name, and for an entry that no row of references.csv has.
    """
    file, path = _recipes_file(project), project.config(RECIPES_FILE)
    for entry in (*file.made_with, *file.differences):
        if not any(entry.fits(reference) for reference in references(project)):
            keys = ", ".join(f"{key} '{value}'" for key, value in entry.keys.items())
            raise UsageError(
                f"{path}: no row of references.csv has {keys}. Write it as the row does, or delete "
                "the entry."
            )
    return file


@read_once
def _recipes_file(project: Project) -> RecipesFile:
    path, known = project.config(RECIPES_FILE), recipes.recipes(project)
    file = documents.read_yaml(path, RecipesFile)
    for entry in file.made_with:
        if entry.recipe is not None and entry.recipe not in known:
            raise UsageError(f"{path}: made_with: {unknown('recipe', entry.recipe, known)}")
    for stand_in in file.stand_ins:
        require_names(project, f"{path}: stand_ins", [stand_in.dataset, stand_in.original])
    for name in file.foreign_methods:
        if name in catalog.names("method"):  # its numbers can be compared
            raise UsageError(
                f"{path}: foreign_methods: the harness has the method '{name}'. Delete the entry."
            )
    return file
