"""config/train.yaml -> how one run is trained; torch-free, so that planning can check it too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ncmc.errors import UsageError, UserError, unknown
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import FILE as DATASETS
from ncmc.plan.dataset_entries import SplitOptions, dataset_entry
from ncmc.plan.option_text import Value
from ncmc.project import Project, read_once
from ncmc.system import documents
from ncmc.system.documents import Positive, Share, Sourced, Strict

FILE = "train.yaml"
NAME = "recipe"  # the option that names another recipe than the dataset's

Factor = Annotated[float, Field(gt=0, le=1e6)]  # float32 holds what it is multiplied with


class Recipe(Strict):
    """What is trained, apart from the model: part of a run's identity. Epochs count from 1."""

    epochs: Annotated[int, Field(ge=1, le=1_000_000)]
    batch_size: Annotated[int, Field(ge=1, le=2**31)]  # images
    lr: Factor
    schedule: Literal["step", "cosine"]
    milestones: tuple[Share, ...]  # shares of `epochs` after which lr is multiplied by gamma
    gamma: Factor
    warmup_epochs: Annotated[int, Field(ge=0)]
    momentum: Share
    weight_decay: Annotated[float, Field(ge=0, le=1e6)]
    mixup: bool
    mixup_alpha: Factor
    augment: Literal["crop_flip", "none", "resized_crop_flip"]
    padding: Annotated[int, Field(ge=0, le=4096)]  # pixels on each side, before a random crop
    mean: tuple[float, ...]  # one per channel, of pixel values scaled to 0..1
    std: tuple[Positive, ...]
    drop_last: bool
    test_every: Annotated[int, Field(ge=1)]  # epochs
    collapse_every: Annotated[int, Field(ge=1)]  # epochs

    @model_validator(mode="after")
    def _same_channels(self) -> "Recipe":
        if len(self.mean) != len(self.std):
            raise ValueError(f"mean has {len(self.mean)} channels, std has {len(self.std)}")
        return self


Threads = Annotated[int, Field(ge=1, le=1024)]


class Execution(Strict):
    """How a run is computed. No part of its identity; recorded with it."""

    threads: Threads
    precision: Literal["auto", "float32", "bfloat16"]
    eval_batch: Annotated[int, Field(ge=1)]
    deterministic: bool
    graphs: bool
    compile: bool
    checkpoint_seconds: Positive
    resident_gigabytes: Annotated[float, Field(ge=0)]


class When(Strict):
    """Which models a rule is for; an empty list means all."""

    backbone: tuple[str, ...] = ()
    method: tuple[str, ...] = ()

    def matches(self, backbone: str, method: str) -> bool:
        """Whether both names are among those listed."""
        return (not self.backbone or backbone in self.backbone) and (
            not self.method or method in self.method
        )


class Rule(Strict):
    """Options of a backbone or method that hold for a whole dataset."""

    when: When
    set: dict[str, Value]
    source: str


class RecipeEntry(Strict):
    """A recipe as config/train.yaml writes it: keys of Recipe or Execution, each with its source."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Sourced[Any]]

    inherits: str | None = None
    rules: tuple[Rule, ...] = ()  # where it has some, they replace those that it inherits

    @property
    def values(self) -> dict[str, Any]:
        """Its keys of Recipe and Execution, without where they come from."""
        return {key: sourced.value for key, sourced in self.__pydantic_extra__.items()}

    @model_validator(mode="after")
    def _known_keys(self) -> "RecipeEntry":
        known = [*Recipe.model_fields, *Execution.model_fields, "inherits", "rules"]
        for key in self.__pydantic_extra__:
            if key not in known:
                raise ValueError(str(unknown("key", key, known)))
        return self


class TrainFile(Strict):
    """config/train.yaml."""

    execution: Execution
    recipes: dict[str, RecipeEntry]


@dataclass(frozen=True)
class Resolved:
    """Everything a run is made with, apart from its data and seed."""

    name: str  # of the recipe in config/train.yaml
    recipe: Recipe
    split: SplitOptions
    model: dict[str, Value]  # options of the backbone and the method
    execution: Execution
    sources: dict[str, str]  # recipe key -> place in the paper, or assumption


def resolve(
    project: Project, dataset: str, backbone: str, method: str, options: Mapping[str, Value]
) -> Resolved:
    """The configuration of one run: a recipe, its rules, then the run's own options.

    The recipe is the dataset's, or the one that the option `recipe` names. An option that is no key of
    the recipe, the split or the execution belongs to the model; the backbone and the method check it
    when they are built. Raises UsageError on a bad value.
    """
    entry = dataset_entry(project, dataset)
    name = _recipe_name(project, dataset, options)
    recipe = recipes(project)[name]
    groups: dict[str, dict[str, Any]] = {
        "recipe": _part(recipe.values, Recipe),
        "split": entry.split.model_dump(),
        "execution": _train_file(project).execution.model_dump() | _part(recipe.values, Execution),
        "model": {},
    }
    for rule in recipe.rules:
        if rule.when.matches(backbone, method):
            groups["model"] |= rule.set
    sources = {key: sourced.source for key, sourced in recipe.__pydantic_extra__.items()}
    for key, value in options.items():
        part = owner(key)
        if part == "name":
            continue
        groups[part][key] = value
        if part != "model":
            sources[key] = "set for this run"
    where = f"options of {dataset}/{backbone}/{method}"
    return Resolved(
        name=name,
        recipe=documents.parse(Recipe, groups["recipe"], where),
        split=documents.parse(SplitOptions, groups["split"], where),
        model=groups["model"],
        execution=documents.parse(Execution, groups["execution"], where),
        sources=sources,
    )


def _recipe_name(project: Project, dataset: str, options: Mapping[str, Value]) -> str:
    """Which recipe a run has. Raises UsageError for a name that config/train.yaml does not have."""
    own = dataset_entry(project, dataset).recipe
    if own not in recipes(project):
        where = f"{project.config(DATASETS)}: {dataset}"
        raise UsageError(f"{where}: {unknown('recipe', own, recipes(project))}")
    name = str(options.get(NAME, own))
    if name not in recipes(project):
        raise unknown("recipe", name, recipes(project))
    return name


def owner(option: str) -> str:
    """Which part an option belongs to: "recipe" (a key of it), "split", "execution" or "model".

    "name" for the option that names the recipe itself.
    """
    if option == NAME:
        return "name"
    parts = {
        "recipe": Recipe.model_fields,
        "split": SplitOptions.model_fields,
        "execution": Execution.model_fields,
    }
    return next((part for part, known in parts.items() if option in known), "model")


@read_once
def _train_file(project: Project) -> TrainFile:
    return documents.read_yaml(project.config(FILE), TrainFile)


@read_once
def recipes(project: Project) -> dict[str, RecipeEntry]:
    """Every recipe of config/train.yaml by name, each complete and checked.

    Raises UsageError: the file, the recipe, the key, what came and what is allowed.
    """
    entries = _train_file(project).recipes
    execution = _train_file(project).execution.model_dump()
    catalog.check_files(project.paper)
    known = {
        kind: {name: catalog.own_options(kind, name) for name in catalog.names(kind)}
        for kind in catalog.KINDS
    }
    complete: dict[str, RecipeEntry] = {}
    for name in entries:
        where = f"{project.config(FILE)}: recipe {name}"
        try:
            complete[name] = recipe = _inherit(entries, name)
            for rule in recipe.rules:
                _check_rule(rule, known)
        except UserError as error:
            raise UsageError(f"{where}: {error}") from error
        documents.parse(Recipe, _part(recipe.values, Recipe), where)
        documents.parse(Execution, execution | _part(recipe.values, Execution), where)
    return complete


def _part(values: Mapping[str, Any], model: type[Strict]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in model.model_fields}


def _inherit(
    entries: Mapping[str, RecipeEntry], name: str, heirs: tuple[str, ...] = ()
) -> RecipeEntry:
    """A recipe with those that it inherits. `heirs`: those that inherit it, to see a circle."""
    if name not in entries:
        raise unknown("recipe", name, entries)
    if name in heirs:
        raise UsageError(f"recipes inherit in a circle: {' -> '.join((*heirs, name))}.")
    own = entries[name]
    if own.inherits is None:
        return own
    start = _inherit(entries, own.inherits, (*heirs, name))
    values = start.__pydantic_extra__ | own.__pydantic_extra__
    rules = own.rules if "rules" in own.model_fields_set else start.rules
    return RecipeEntry(rules=rules, **values)  # type: ignore[arg-type]


def _check_rule(rule: Rule, known: Mapping[str, Mapping[str, frozenset[str] | None]]) -> None:
    """Raises UsageError for names that there are not, and for options that no such model takes.

    `known`: kind -> name -> the options that it takes, None where they cannot be told.
    """
    options = list[frozenset[str] | None]()
    for kind, listed in (("backbone", rule.when.backbone), ("method", rule.when.method)):
        names = known[kind]
        for name in set(listed).difference(names):  # in another spelling it would match nothing
            raise UsageError(f"rules: {unknown(kind, name, names)}")
        options += [names[name] for name in listed or names]
    allowed = {option for own in options for option in own or ()}
    for key in rule.set:
        if key not in allowed and None not in options:
            raise UsageError(f"rules: {unknown('option', key, allowed)}")
