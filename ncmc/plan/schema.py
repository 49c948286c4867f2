"""YAML files -> frozen, validated models. An unknown key is refused with the known ones listed."""

import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ncmc import paths
from ncmc.errors import UsageError, UserError, unknown

Model = TypeVar("Model", bound=BaseModel)
Tau = Annotated[float, Field(gt=0, le=1)]


class Strict(BaseModel):
    """Immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitOptions(Strict):
    """What decides which training images are taken (assumptions A2 to A4)."""

    # given: the data set comes long-tailed (ImageNet-LT), every image is taken
    imbalance: Literal["exp", "step", "given"] = "exp"
    n_max_rule: Literal["mean", "common"] = "mean"  # A3
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = 0  # A2
    generator: Literal["mislas", "pcg64"] = "mislas"  # A2
    svhn_labels: Literal["correct", "as_released"] = "correct"  # A4


class DatasetFile(Strict):
    """One file that comes from outside: where from, and how to know that it is the right one."""

    name: str
    urls: tuple[str, ...] = ()  # tried in order; `package:` names a file inside a Python package
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None  # bytes


class Dataset(Strict):
    """One entry of config/datasets.yaml."""

    title: str
    reader: str
    reader_options: Mapping[str, Any] = {}
    classes: int | None = None  # None: read from the data (imagefolder)
    image_size: int | None = None  # pixels, square
    channels: int = 3
    train_images: int | None = None
    train_counts: tuple[int, ...] | None = None  # images a class, where they are not all equal
    test_images: int | None = None
    files: tuple[DatasetFile, ...] = ()
    recipe: str  # a recipe of config/train.yaml
    split: SplitOptions = SplitOptions()  # what its splits start from
    licence: str
    source: str
    notes: tuple[str, ...] = ()  # said wherever a result on this dataset is shown


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises UsageError that names the file (and line) at fault."""
    try:
        content = yaml.load(path.read_text(), Loader=_Unrepeated)
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist; it is part of the project's checkout.") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from error
    if content is None:
        raise UsageError(f"{path} is empty; take it from the project's checkout again.")
    return content


class _Unrepeated(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping: YAML itself would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (place, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key}' stands twice", problem_mark=place.start_mark
                )
        return super().construct_mapping(node, deep)


def parse(model: type[Model], data: Any, where: str) -> Model:
    """`data` as a `model`. Raises UsageError: where, which key, what came, what is allowed."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(_plain(model, problem) for problem in error.errors())
        raise UsageError(f"{where}: {problems}") from error


def _plain(model: type[BaseModel], problem: Any) -> str:
    location = [part for part in problem["loc"] if isinstance(part, str | int)]
    key = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        return str(unknown("key", key, _keys_at(model, location[:-1])))
    if problem["type"] == "missing":
        return f"'{key}' is missing"
    if problem["type"] == "tuple_type":
        return (
            f"'{key}' is {problem['input']!r}: a list is needed, as a configuration file can give it, "
            "[a, b]; an option on the command line cannot."
        )
    return f"'{key}' is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."


def _keys_at(model: type[BaseModel], location: list[Any]) -> list[str]:
    """The keys that are known at `location` inside `model`."""
    for part in location:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        annotation = field.annotation if field else None
        inner = [annotation, *typing.get_args(annotation)]
        nested = [t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)]
        if nested:
            model = nested[0]
    return list(model.model_fields)


@cache
def datasets() -> dict[str, Dataset]:
    """Every entry of config/datasets.yaml, by name."""
    path = paths.config("datasets.yaml")
    entries = (read_yaml(path) or {}).get("datasets") or {}
    return {name: parse(Dataset, entry, f"{path}: {name}") for name, entry in entries.items()}


def dataset(name: str) -> Dataset:
    """The entry of one dataset. Raises UsageError with the known names."""
    if name not in datasets():
        raise unknown("dataset", name, datasets())
    return datasets()[name]
