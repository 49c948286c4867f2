"""What lies on disk before a run: archives, arrays, splits."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay import (
    NOT_READABLE,
    Case,
    Hostile,
    Spoil,
    assert_refused,
    cut,
    flip,
    parameters,
    write,
)
from wrong_values import changed, dotted, shown

RUN = "digits/tau=0.02/resnet8/CE/epochs=2+width=2/seed=0"
TRAIN = f"train {RUN}"
RAW = "data/raw/digits/digits.csv.gz"
ARRAYS = "data/arrays/digits"
META = f"{ARRAYS}/meta.json"
SPLIT = "data/splits/digits/tau=0.02/default"


def meta(place: tuple[str | int, ...], value: Any) -> Spoil:
    """One field of the arrays' meta.json."""

    def spoil(root: Path) -> None:
        body = changed(json.loads((root / META).read_text("utf-8")), place, value)
        (root / META).write_text(json.dumps(body), encoding="utf-8")

    return spoil


def array(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    """Another array, with the size and checksum that meta.json then states."""

    def spoil(root: Path) -> None:
        path = root / ARRAYS / name
        made = make(np.load(path))
        np.save(path, made, allow_pickle=made.dtype == object)
        known = {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        meta(("arrays", name), known)(root)

    return spoil


def split(make: Callable[[dict[str, Any]], object]) -> Spoil:
    """Other arrays of the split, with the checksum that the manifest then states."""

    def spoil(root: Path) -> None:
        arrays = dict(np.load(root / SPLIT / "indices.npz"))
        make(arrays)
        np.savez(root / SPLIT / "indices.npz", **arrays)
        told = hashlib.sha256()
        for name in ("indices", "labels"):
            if name in arrays and arrays[name].dtype.kind in "iuf":
                told.update(arrays[name].astype("<i8").tobytes())
        manifest(("sha256",), told.hexdigest())(root)

    return spoil


def manifest(place: tuple[str | int, ...], value: Any) -> Spoil:
    """One field of the split's manifest."""

    def spoil(root: Path) -> None:
        path = root / SPLIT / "manifest.json"
        path.write_text(json.dumps(changed(json.loads(path.read_text()), place, value)))

    return spoil


META_FIELDS: dict[tuple[str | int, ...], Any] = {
    ("identity",): None,
    ("archives", "digits.csv.gz"): "a",
    ("arrays",): {},
    ("arrays", "train_images.npy", "size"): False,
    ("class_names",): 5,
    ("origins", "train"): {"a": None},
}
MANIFEST_FIELDS: dict[tuple[str | int, ...], Any] = {
    ("recipe",): [],
    ("data",): None,
    ("counts",): [None],
    ("sha256",): 5,
    ("recipe", "dataset"): {"a": None},
    ("recipe", "tau"): "a",
    ("recipe", "split_seed"): [],
}
# A manifest or meta.json that is not readable where a file is expected at all: made again instead.
DAMAGE = {how: way for how, way in NOT_READABLE.items() if how not in ("missing", "circle", "huge")}
FILES = (
    *(RAW, META, f"{ARRAYS}/train_images.npy", f"{ARRAYS}/test_labels.npy"),
    *(f"{SPLIT}/manifest.json", f"{SPLIT}/indices.npz"),
)
CASES = [
    *(
        Case(f"{Path(file).name}: {how}", way(file), TRAIN, ("digits",))
        for number, file in enumerate(FILES)
        for turn, (how, way) in enumerate(DAMAGE.items())
        if file == META or turn == number + 1
    ),
    *(
        Case(f"{Path(file).name}: {how}", way, TRAIN, ("digits",))
        for file in (RAW, META, f"{ARRAYS}/train_images.npy", f"{SPLIT}/indices.npz")
        for how, way in {"cut": cut(file), "flip": flip(file)}.items()
    ),
    Case("raw: other content", write(RAW, gzip.compress(b"1,2\n")), TRAIN, ("digits",)),
    *(
        Case(f"meta {dotted(place)} = {shown(value)}", meta(place, value), TRAIN, ("digits",))
        for place, value in META_FIELDS.items()
    ),
    *(
        Case(
            f"manifest {dotted(place)} = {shown(value)}", manifest(place, value), TRAIN, ("digits",)
        )
        for place, value in MANIFEST_FIELDS.items()
    ),
    *(
        Case(f"labels {how}", array("train_labels.npy", make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.astype(float),
            "object": lambda a: np.array([Hostile()] * len(a), dtype=object),
            "shorter": lambda a: a[:5],
            "beyond": lambda a: a + 100,
        }.items()
    ),
    *(
        Case(f"images {how}", array("train_images.npy", make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.astype(float),
            "object": lambda a: np.array([Hostile()], dtype=object),
            "shorter": lambda a: a[:5],
            "other size": lambda a: a[:, :4],
        }.items()
    ),
    *(
        Case(f"split {how}", split(make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.update(indices=a["indices"].astype(float)),
            "object": lambda a: a.update(indices=np.array([Hostile()], dtype=object)),
            "empty": lambda a: a.update(indices=a["indices"][:0], labels=a["labels"][:0]),
            "twice": lambda a: a.update(indices=a["indices"] * 0),
            "beyond": lambda a: a.update(indices=a["indices"] + 5000),
            "other labels": lambda a: a.update(labels=a["labels"][::-1]),
            "no labels": lambda a: a.pop("labels"),
            "other images": lambda a: a.update(
                indices=a["indices"][::-1], labels=a["labels"][::-1]
            ),
        }.items()
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_damaged_file_is_refused(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.chdir(workspace)  # where a command that a file slips in would leave its trace
    assert_refused(workspace, case)
