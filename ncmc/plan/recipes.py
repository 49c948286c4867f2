"""config/train.yaml -> how one run is trained; torch-free, so that planning can check it too."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.plan import schema
from ncmc.plan.schema import SplitOptions, Strict

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Value = bool | int | float | str


class Recipe(Strict):
    """What is trained, apart from the model: part of a run's identity. Epochs count from 1."""

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]  # images
    lr: Positive
    schedule: Literal["step", "cosine"]
    milestones: tuple[Share, ...]  # shares of `epochs` after which lr is multiplied by gamma
    gamma: Positive
    warmup_epochs: Annotated[int, Field(ge=0)]
    momentum: Share
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    mixup: bool
    mixup_alpha: Positive
    augment: Literal["crop_flip", "none", "resized_crop_flip"]
    padding: Annotated[int, Field(ge=0)]  # pixels on each side, before a random crop
    mean: tuple[float, ...]  # one a channel, of pixel values scaled to 0..1
    std: tuple[Positive, ...]
    drop_last: bool
    test_every: Annotated[int, Field(ge=1)]  # epochs
    collapse_every: Annotated[int, Field(ge=1)]  # epochs

    @model_validator(mode="after")
    def _same_channels(self) -> "Recipe":
        if len(self.mean) != len(self.std):
            raise ValueError(f"mean has {len(self.mean)} channels, std has {len(self.std)}")
        return self


class Execution(Strict):
    """How a run is computed. No part of its identity; recorded with it."""

    threads: Annotated[int, Field(ge=1, le=1024)]
    precision: Literal["auto", "float32", "bfloat16"]
    eval_batch: Annotated[int, Field(ge=1)]
    deterministic: bool
    graphs: bool
    compile: bool
    checkpoint_seconds: Positive
    resident_gigabytes: Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
    set: Mapping[str, Value]
    source: str


class Sourced(Strict):
    """A value and where it comes from."""

    value: Any
    source: str


@dataclass(frozen=True)
class Resolved:
    """Everything a run is made with, apart from its data and seed."""

    recipe: Recipe
    split: SplitOptions
    model: dict[str, Value]  # options of the backbone and the method
    execution: Execution
    sources: dict[str, str]  # recipe key -> place in the paper, or assumption


def resolve(dataset: str, backbone: str, method: str, options: Mapping[str, Value]) -> Resolved:
    """The configuration of one run: the dataset's recipe, its rules, then the run's own options.

    An option that is no key of the recipe, the split or the execution belongs to the model; the
    backbone and the method check it when they are built. Raises UsageError on a bad value.
    """
    entry = schema.dataset(dataset)
    values, rules, sources = _recipe(entry.recipe)
    model: dict[str, Value] = {}
    for rule in rules:
        if rule.when.matches(backbone, method):
            model |= rule.set
    groups: dict[str, dict[str, Value]] = {"recipe": {}, "split": {}, "execution": {}}
    for key, value in options.items():
        group = owner(key)
        if group == "model":
            model[key] = value
        else:
            groups[group][key] = value
            sources[key] = "set for this run"
    where = f"options of {dataset}/{backbone}/{method}"
    execution = _execution() | {k: v for k, v in values.items() if k in Execution.model_fields}
    chosen = {k: v for k, v in values.items() if k in Recipe.model_fields}
    return Resolved(
        recipe=schema.parse(Recipe, chosen | groups["recipe"], where),
        split=schema.parse(SplitOptions, entry.split.model_dump() | groups["split"], where),
        model=model,
        execution=schema.parse(Execution, execution | groups["execution"], where),
        sources=sources,
    )


def owner(option: str) -> str:
    """Which part reads an option: "recipe", "split", "execution" or "model"."""
    parts = {
        "recipe": Recipe.model_fields,
        "split": SplitOptions.model_fields,
        "execution": Execution.model_fields,
    }
    return next((part for part, known in parts.items() if option in known), "model")


@cache
def _document() -> dict[str, Any]:
    path = paths.config("train.yaml")
    document = schema.read_yaml(path)
    for key in ("execution", "recipes"):
        if not isinstance(document, dict) or key not in document:
            raise UsageError(f"{path}: '{key}' is missing.")
    return document


def _execution() -> dict[str, Any]:
    return dict(_document()["execution"])


def _recipe(name: str) -> tuple[dict[str, Any], list[Rule], dict[str, str]]:
    """(values, rules, sources) of a recipe, those it inherits first."""
    recipes = _document()["recipes"]
    if name not in recipes:
        raise unknown("recipe", name, recipes)
    entry = dict(recipes[name])
    where = f"{paths.config('train.yaml')}: recipes.{name}"
    values: dict[str, Any] = {}
    rules: list[Rule] = []
    sources: dict[str, str] = {}
    if parent := entry.pop("inherits", None):
        values, rules, sources = _recipe(parent)
    if "rules" in entry:  # a recipe with rules of its own replaces those it inherits
        rules = [schema.parse(Rule, rule, f"{where}.rules") for rule in entry.pop("rules")]
    known = [*Recipe.model_fields, *Execution.model_fields, "inherits", "rules"]
    for key, given in entry.items():
        if key not in known:
            raise UsageError(f"{where}: {unknown('key', key, known)}")
        sourced = schema.parse(Sourced, given, f"{where}.{key}")
        values[key], sources[key] = sourced.value, sourced.source
    return values, rules, sources
