"""Record <-> JSON: what one run measured, what it was made with, and a digest over both.

A record says the same, bit for bit, whenever and however often its run is repeated on one machine;
what may differ (time, hardware, date) stands under `made`, which the digest leaves out.

A new metric is one field here and one function that measures it. Keys that were not measured are
absent from the file, so a field that some records lack has None as its default.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    model_validator,
)

from ncmc import paths
from ncmc.errors import UsageError, UserError, shortened
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.contradictions import contradictions, unprintable
from ncmc.results.history import Triangle, as_columns, as_entries
from ncmc.results.provenance import MOST, Made, Ordinal
from ncmc.system import documents, files
from ncmc.system.documents import Percent, Sha256, Strict

SCHEMA: Literal[3] = 3  # 1: before 0.2, with other random draws; 2: before 0.4, code without parts

Count = Annotated[int, Field(ge=0, le=MOST)]


# --- what was measured -------------------------------------------------------------------------


class Accuracy(Strict):
    """Test accuracy in percent. `best` is selected on the test set (A8)."""

    last: Percent
    last_raw: Percent  # by the same decision rule on features without batch normalisation (A14)
    best: Percent
    best_epoch: Ordinal


class ClassGroups(Strict):
    """Mean accuracy, in percent, of the classes of each group; None for a group without classes."""

    many: Percent | None
    medium: Percent | None
    few: Percent | None


class Groups(Strict):
    """The usual definitions of the class groups: see `class_groups.group_accuracy`."""

    thirds: ClassGroups
    shots: ClassGroups
    released: ClassGroups | None = None  # None: not of 10 or 100 classes


class Collapse(Strict):
    """How far the features of the training images have collapsed: see `metrics.collapse`."""

    nc_mean: float
    nc_std: float
    variability: float
    variability_floor: float | None = None  # None: the method has no fixed target
    class_cosine: float | None = None
    class_cosines: Triangle | None = None  # of K classes, if they are few (figure 6)
    tail_cosines: Triangle | None = None  # of the images of the smallest class, if few (figure 7)


class Epoch(Strict):
    """One epoch, counted from 1. What was not measured after it is None."""

    epoch: Ordinal
    lr: Annotated[float, Field(ge=0)]
    loss: float  # mean over its images
    test_accuracy: Percent | None = None
    test_accuracy_raw: Percent | None = None
    collapse: Collapse | None = None


class Result(Strict):
    """What a run measured: on the test images, and for `collapse` on the training images."""

    accuracy: Accuracy
    per_class: tuple[Percent | None, ...]  # (K,); None: the class has no test images
    groups: Groups
    ece: Annotated[float, Field(ge=0, le=1)]  # expected calibration error
    confusion: tuple[tuple[Count, ...], ...]  # (K, K): [k][l] counts images of k predicted as l
    history: tuple[Epoch, ...]  # in a file by measure: see `ncmc.results.history`


class SplitMade(Strict):
    """The training images: SHA-256 of their indices, and how many there are of each class."""

    sha256: Sha256
    counts: tuple[Count, ...]  # (K,)
    n_train: Count


class ModelOf(Strict):
    """The run whose trained model the record's decision rule was applied to, by its record."""

    run: str
    digest: Sha256


# --- the record --------------------------------------------------------------------------------

HASHED = ("recipe", "split", "model", "data")  # the parts of `config` that `config_hash` covers


def _options_as_pairs(value: Any) -> Any:
    """A run as it stands in a file, with its options as the sorted pairs of a Run."""
    if not isinstance(value, dict):
        return value
    names = [field.name for field in fields(Run)]
    if set(value) != set(names) or not isinstance(value["options"], dict):
        raise ValueError(f"a run has {', '.join(names)}, and options are a mapping")
    return value | {"options": tuple(sorted(value["options"].items()))}


def _pairs_as_options(run: Run) -> dict[str, Any]:
    return asdict(run) | {"options": dict(run.options)}


class Record(Strict):
    """One run's results."""

    schema_version: Literal[3] = Field(alias="schema")
    run: Annotated[Run, BeforeValidator(_options_as_pairs), PlainSerializer(_pairs_as_options)]
    config: Mapping[str, Mapping[str, JsonValue]]  # recipe, split, backbone, method: as resolved
    config_hash: str  # equal for all seeds of a cell that share a split
    assumptions: Mapping[str, str]  # id -> choice (papers/ncmc/assumptions.yaml)
    split: SplitMade
    result: Result
    notes: tuple[str, ...]
    made: Made
    model_of: ModelOf | None = None  # None: the run was trained itself

    @model_validator(mode="after")
    def _has_its_hash(self) -> "Record":
        hashed = {key: self.config[key] for key in HASHED if key in self.config}
        if digest(hashed) != self.config_hash:
            raise ValueError("config_hash is not the hash of config")
        return self

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in its file, digest included."""
        body = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        body["result"]["history"] = as_columns(body["result"]["history"])
        return body | {"digest": digest(body)}

    @property
    def digest(self) -> str:
        """SHA-256 over everything but `made`."""
        return str(self.to_json()["digest"])


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a mapping, without its `made` and `digest`."""
    kept = {key: value for key, value in body.items() if key not in ("made", "digest")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def path_of(
    project: Project, run: Run, results: Path | None = None, tier: str | None = None
) -> Path:
    """Where the record of a run lies: below `results`, or where the project has it, first for `tier`."""
    return results / run.id / paths.RECORD if results else project.record_path(run.id, tier)


def check_results_folder(results: Path | None) -> None:
    """Raises UsageError unless a folder of runs that was given is one."""
    if results is not None and not results.is_dir():
        what = "is a file" if results.exists() else "does not exist"
        raise UsageError(f"the folder of results {results} {what}. Give the folder of the runs.")


def save_record(record: Record, path: Path) -> None:
    """Write a record whole or not at all. Raises UserError (no permission, disk full)."""
    lines = [
        f'"{key}": {json.dumps(value, allow_nan=False, separators=(",", ":"))}'
        for key, value in record.to_json().items()
    ]
    files.write_atomic(path, "{\n" + ",\n".join(lines) + "\n}\n")


def load_record(path: Path) -> Record:
    """Read a record. Raises UserError if it is missing, cannot be read, or is not one of ours."""
    if not files.exists(path):
        raise UserError(f"no record at {path}. Train the run first: ncmc train RUN.")
    data = files.read_bytes(path, documents.MOST_BYTES)
    try:
        return parse_record(data, str(path))
    except UserError as error:
        raise UserError(f"{str(error).rstrip('.')}. Delete it and train the run again.") from error


def parse_record(data: bytes, where: str) -> Record:
    """A record from the bytes of its file.

    Raises UserError that names `where`: truncated, foreign, changed by hand, or in contradiction.
    """
    try:
        return _parse(documents.json_of(data, where), where)
    except UsageError as error:  # what is wrong is a file, not what was asked for
        raise UserError(str(error)) from error


def _parse(body: Any, path: str) -> Record:
    if not isinstance(body, dict) or not {"schema", "digest"} <= body.keys():
        raise UsageError(f"{path} is not a record of ncmc: it has no schema and digest.")
    if type(body["schema"]) is not int or body["schema"] != SCHEMA:
        raise UsageError(
            f"{path} has record schema {shortened(repr(body['schema']))}; this version of ncmc reads "
            f"the number {SCHEMA}."
        )
    unsigned = {key: value for key, value in body.items() if key != "digest"}
    if sign := unprintable(unsigned):
        raise UsageError(f"{path}: {sign}, which no record of ncmc has.")
    record = documents.parse(Record, _with_entries(unsigned, path), path)
    try:
        unchanged = digest(unsigned) == body["digest"]
    except ValueError as error:
        raise UsageError(f"{path} holds a number that is not finite.") from error
    if not unchanged:
        raise UsageError(f"{path} was changed after it was written: its digest does not match.")
    if words := contradictions(record):
        raise UsageError(f"{path} contradicts itself: {words}.")
    return record


def _with_entries(body: dict[str, Any], path: str) -> dict[str, Any]:
    """A record's file with its history as epochs."""
    result = body.get("result")
    if not isinstance(result, dict):
        return body  # said by its type
    if not isinstance(result.get("history"), dict):
        raise UsageError(f"{path}: result.history is no mapping of measures to their columns.")
    try:
        return body | {"result": result | {"history": as_entries(result["history"])}}
    except ValueError as error:
        raise UsageError(f"{path}: result.history: {error}.") from error
