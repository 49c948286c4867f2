"""The one door for files that a person can touch: YAML, JSON and CSV -> frozen, validated models.

A file is read with limits on its size and depth, then validated strictly: no text where a number is
needed, no `true` for 1. Every error names the file, the key, what came and what is allowed.
"""

import csv
import io
import json
import re
import typing
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ncmc.errors import UsageError, listed, shortened, unknown
from ncmc.system import files

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")

# What a value of a file may be.
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

MOST_BYTES = 64 << 20  # of one document; the largest record is a few megabytes
MOST_DEPTH = 40  # of nested lists and mappings
MOST_LETTERS = 400  # of what a validator says
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs what begins with one


class Strict(BaseModel):
    """Immutable; unknown keys are errors, and so are numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sourced(Strict, Generic[Value]):
    """A value of a configuration file, and where it comes from."""

    value: Value
    source: str


def read_yaml(path: Path, model: type[Model], *, optional: bool = False) -> Model:
    """A YAML file as a `model`. Raises UsageError (its content) or UserError (cannot be read).

    `optional`: a file that is missing is read as one without a key.
    """
    content = {} if optional and files.is_absent(path) else load_yaml(path)
    return parse(model, content, str(path))


def read_json(path: Path, model: type[Model]) -> Model:
    """A JSON file as a `model`. Raises UsageError (its content) or UserError (cannot be read)."""
    return parse(model, load_json(path), str(path))


def load_yaml(path: Path) -> Any:
    """The plain content of a YAML file. Raises UsageError that names the file, and line, at fault."""
    text = read_text(path)
    try:
        content = _constructed(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = shortened(str(error).replace('in "<unicode string>", ', "in "), 400)
        raise UsageError(f"{path} is not valid YAML: {told}") from error
    if content is None:
        raise UsageError(f"{path} is empty. Write what belongs into it, or restore it.")
    return content


def load_json(path: Path) -> Any:
    """The plain content of a JSON file. Raises UsageError that names the file."""
    return json_of(files.read_bytes(path, MOST_BYTES), str(path))


def json_of(data: bytes, where: str) -> Any:
    """The plain content of the bytes of a JSON file. Raises UsageError that names `where`."""
    try:
        return json.loads(_text(data, where), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{where} is not valid JSON ({shortened(str(error))}): truncated, or not ours."
        ) from error


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError for a key that stands twice: readers would differ."""
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return content


def read_csv(
    path: Path, columns: tuple[str, ...], *, optional: bool = False
) -> list[dict[str, str]]:
    """The rows of a CSV file that has exactly these columns. Raises UsageError or UserError.

    `optional`: a file that is missing has no rows.
    """
    if optional and files.is_absent(path):
        return []
    try:
        text = read_text(path).removeprefix("\ufeff")  # spreadsheets begin a file in UTF-8 with it
        separator = max(",;\t", key=text.partition("\n")[0].count)  # as spreadsheets choose it
        reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
        rows = list(reader)
    except csv.Error as error:
        raise UsageError(f"{path} is not valid CSV ({error}).") from error
    if not text.strip():
        raise UsageError(f"{path} is empty; its first line must name {', '.join(columns)}.")
    if tuple(reader.fieldnames or ()) != columns:
        found = ", ".join(reader.fieldnames or ()) or "none"
        raise UsageError(
            f"{path} has the columns {shortened(found)}; needed: {', '.join(columns)}."
        )
    faults = list[str]()
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            hint = f' Put a name that has "{separator}" in it in quotes.' if None in row else ""
            faults.append(f"{path}, line {number}: needed are {len(columns)} values.{hint}")
    if faults:
        raise UsageError(listed(faults, between="\n"))
    return rows


def as_csv(rows: Sequence[Mapping[str, object]], digits: int | None = None) -> str:
    """Rows with equal keys as the text of a CSV file, `csv_text` in each cell; nothing without rows."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: csv_text(row[key], digits) for key in row} for row in rows)
    return out.getvalue()


def csv_text(value: object, digits: int | None = None) -> str:
    """A value in a CSV file: nothing for None, fractions with so many digits, and no formula to run."""
    if value is None:
        return ""
    if isinstance(value, float) and digits is not None:
        return f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else str(value)


def csv_number(
    text: str, kind: type[int] | type[float], key: str, where: str
) -> int | float | None:
    """A cell of a CSV file as a number; None if it is empty. Raises UsageError."""
    whole = kind is int
    if text and not re.fullmatch("[0-9]+" if whole else r"-?[0-9]+(\.[0-9]+)?", text):
        allowed = "a whole number" if whole else "a number such as 80.6"
        allowed += "; its deviation goes into the column std" if key == "value" else ""
        raise UsageError(f"{where}: {key} is {shortened(repr(text))}; allowed: {allowed}.")
    return kind(text) if text else None


def read_text(path: Path) -> str:
    """A text file of ours, in UTF-8. Raises UserError if it cannot be read, UsageError if not text."""
    return _text(files.read_bytes(path, MOST_BYTES), str(path))


def _text(data: bytes, where: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f'{where} is not a text file in UTF-8. Save it as UTF-8, in a spreadsheet as "CSV UTF-8".'
        ) from error
    if "\0" in text:
        raise UsageError(f"{where} is not a text file (it holds a zero byte).")
    return text


def parse(model: type[Model], data: Any, where: str) -> Model:
    """`data` as a `model`. Raises UsageError: where, which key, what came, what is allowed.

    Validated as JSON is: lists may become tuples, whole numbers may become fractions, nothing else.
    """
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise UsageError(f"{where}: {_problems(model, data, error)}") from error
    except (TypeError, ValueError, RecursionError) as error:  # a date, a number of 5,000 digits
        raise UsageError(f"{where}: {shortened(str(error))}.") from error


def _problems(model: type[BaseModel], data: Any, error: ValidationError) -> str:
    """What is wrong, in words. A value that fits none of several types is told once."""
    told: dict[str, list[str]] = {}
    for problem in error.errors()[:5]:
        what, why = _plain(model, data, problem)
        told.setdefault(what, []).extend([why] if why else [])
    return "; ".join(what + (f": {', or '.join(why)}" if why else "") for what, why in told.items())


def _plain(model: type[BaseModel], data: Any, problem: Any) -> tuple[str, str]:
    """(what is wrong, why), for example ("C1: 'ratio' is 2", "input should be less than 1")."""
    location = [part for part in problem["loc"] if isinstance(part, str | int)]
    entry, key = _place(data, location, problem["type"] == "missing")
    came, says = shortened(repr(problem["input"])), shortened(problem["msg"], MOST_LETTERS)
    if problem["type"] == "extra_forbidden":
        return entry + str(unknown("key", key, _keys_at(model, location[:-1]))), ""
    if problem["type"] == "union_tag_invalid":
        tags = problem["ctx"]["expected_tags"].replace("'", "").split(", ")
        return entry + str(unknown(_field(problem), problem["ctx"]["tag"], tags)), ""
    if problem["type"] in ("missing", "union_tag_not_found"):
        return f"{entry}'{key if problem['type'] == 'missing' else _field(problem)}' is missing", ""
    if problem["type"] == "tuple_type":
        return f"{entry}'{key}' is {came}", "a list is needed, [a, b]"
    if problem["type"] == "value_error":  # ours: it says what came
        message = shortened(str(problem["ctx"]["error"]), 400)
        return f"{entry}'{key}': {message}" if key else f"{entry}{message}", ""
    if problem["type"] in ("model_type", "dict_type"):
        what = f"'{key}' is" if key else "its content is"
        return f"{entry}{what} {came}", "a mapping is needed, KEY: VALUE"
    if not key:
        return f"{entry}{came} is not what belongs there", says
    return f"{entry}'{key}' is {came}", says[0].lower() + says[1:]


def _field(problem: Any) -> str:
    """The key that tells the kinds of an entry apart."""
    return str(problem["ctx"]["discriminator"]).strip("'")


def _place(data: Any, location: list[str | int], missing: bool) -> tuple[str, str]:
    """(`C1: `, `where.tau`): the entry of a list by its own id, if it has one, and the key in it.

    Leaves out what pydantic adds to a location and the file does not have, such as the kind of an
    entry. `missing`: the last key is not there.
    """
    entry, rest = "", list[str]()
    for depth, part in enumerate(location):
        inside = isinstance(data, dict) and part in data
        inside |= isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not inside and not (missing and depth == len(location) - 1):
            continue
        data = data[part] if inside else None
        rest.append(str(part))
        if isinstance(part, int) and isinstance(data, dict) and isinstance(data.get("id"), str):
            entry, rest = f"{shortened(data['id'])}: ", []
    return entry, ".".join(rest)


def _keys_at(model: type[BaseModel], location: list[Any]) -> list[str]:
    """The keys that are known at `location` inside `model`."""
    candidates = [model]
    for part in location:
        field = candidates[0].model_fields.get(part) if isinstance(part, str) else None
        if field and (nested := _models_in(field.annotation)):
            candidates = nested
        elif len(candidates) > 1:  # entries of several kinds: `part` is the kind
            candidates = [m for m in candidates if _is_kind(m, part)] or candidates
    return list(candidates[0].model_fields)


def _is_kind(model: type[BaseModel], kind: Any) -> bool:
    return any(kind in typing.get_args(field.annotation) for field in model.model_fields.values())


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation such as `dict[str, Model]` or `Model | None` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in typing.get_args(annotation) for model in _models_in(inner)]


def _constructed(text: str) -> Any:
    _check_depth(text)
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """Raise ValueError for a document nested too deep: the C parser's own recursion has no limit."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
        closes = isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
        depth += opens - closes
        if depth > MOST_DEPTH:
            raise ValueError(f"it is nested deeper than {MOST_DEPTH} levels")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key that stands twice in one mapping: YAML itself would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                problem = f"a key is {shortened(repr(key))}: a word or a number is needed"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key}' stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
