"""What lies on disk between the commands: archives, arrays, splits, checkpoints, models."""

import gzip
import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay import (
    NOT_READABLE,
    PWNED,
    Case,
    Spoil,
    assert_refused,
    cut,
    flip,
    nothing,
    parameters,
    run,
    write,
)
from wrong_values import changed, dotted, shown

RUN = "digits/tau=0.02/resnet8/CE/epochs=2+width=2/seed=0"
TRAIN, EVALUATE = f"train {RUN}", f"evaluate {RUN}"
CAL = RUN.replace("CE", "CAL")
RAW = "data/raw/digits/digits.csv.gz"
ARRAYS = "data/arrays/digits"
META = f"{ARRAYS}/meta.json"
SPLIT = "data/splits/digits/tau=0.02/default"
CHECKPOINT = f"ckpt/{RUN}/checkpoint.pt"
MODEL = f"results/runs/{RUN}/model.pt"
PICKLE = f"cposix\nsystem\n(S'touch {PWNED}'\ntR.".encode()


class Hostile:
    """Unpickled, it runs a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {PWNED}",)


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


def weights(file: str, make: Callable[[dict[str, Any]], object]) -> Spoil:
    """Other content of a checkpoint or model, in a file that is whole."""

    def spoil(root: Path) -> None:
        import torch

        content = torch.load(root / file, weights_only=True)
        torch.save(make(content) or content, root / file)

    return spoil


def set_state(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["state"].update({key: value})


def zip_member(file: str) -> Spoil:
    """A hostile pickle inside the zip that torch writes."""

    def spoil(root: Path) -> None:
        with zipfile.ZipFile(root / file, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Hostile(), 2))
            archive.writestr("archive/version", "3\n")

    return spoil


OTHER: tuple[Any, ...] = (None, 5, "a", [], {}, False, [None], {"a": None})
META_FIELDS: tuple[tuple[str | int, ...], ...] = (
    ("identity",),
    ("identity", "source"),
    ("archives",),
    ("archives", "digits.csv.gz"),
    ("arrays",),
    ("arrays", "train_images.npy"),
    ("arrays", "train_images.npy", "size"),
    ("class_names",),
    ("origins",),
    ("origins", "train"),
)
MANIFEST_FIELDS: tuple[tuple[str | int, ...], ...] = (
    *((key,) for key in ("schema", "recipe", "data", "counts", "sha256")),
    *(("recipe", key) for key in ("dataset", "tau", "split_seed", "generator", "imbalance")),
)
# A manifest or meta.json that is not readable where a file is expected at all: made again instead.
DAMAGE = {how: way for how, way in NOT_READABLE.items() if how not in ("missing", "circle", "huge")}
CASES = [
    *(
        Case(f"{Path(file).name}: {how}", way(file), TRAIN, ("digits",))
        for file in (RAW, META, f"{ARRAYS}/train_images.npy", f"{ARRAYS}/test_labels.npy")
        for how, way in DAMAGE.items()
    ),
    *(
        Case(f"{Path(file).name}: {how}", way(file), TRAIN, ("digits",))
        for file in (f"{SPLIT}/manifest.json", f"{SPLIT}/indices.npz")
        for how, way in DAMAGE.items()
    ),
    *(
        Case(f"{Path(file).name}: {how}", way, TRAIN, ("digits",))
        for file in (RAW, META, f"{ARRAYS}/train_images.npy", f"{SPLIT}/indices.npz")
        for how, way in {"cut": cut(file), "flip": flip(file)}.items()
    ),
    Case("raw: other content", write(RAW, gzip.compress(b"1,2\n")), TRAIN, ("digits",)),
    *(
        Case(f"meta {dotted(place)} = {shown(value)}", meta(place, value), TRAIN, ("digits",))
        for place in META_FIELDS
        for value in OTHER
    ),
    *(
        Case(
            f"manifest {dotted(place)} = {shown(value)}", manifest(place, value), TRAIN, ("digits",)
        )
        for place in MANIFEST_FIELDS
        for value in OTHER
    ),
    *(
        Case(f"labels {how}", array("train_labels.npy", make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.astype(float),
            "text": lambda a: a.astype(str),
            "object": lambda a: np.array([Hostile()] * len(a), dtype=object),
            "two dimensions": lambda a: a[:, None],
            "shorter": lambda a: a[:5],
            "negative": lambda a: a - 1,
            "beyond": lambda a: a + 100,
        }.items()
    ),
    *(
        Case(f"images {how}", array("train_images.npy", make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.astype(float),
            "object": lambda a: np.array([Hostile()], dtype=object),
            "three dimensions": lambda a: a[..., 0],
            "shorter": lambda a: a[:5],
            "other size": lambda a: a[:, :4],
            "none": lambda a: a[:0],
        }.items()
    ),
    *(
        Case(f"split {how}", split(make), TRAIN, ("digits",))
        for how, make in {
            "float": lambda a: a.update(indices=a["indices"].astype(float)),
            "complex": lambda a: a.update(indices=a["indices"].astype(complex)),
            "text": lambda a: a.update(indices=a["indices"].astype(str)),
            "object": lambda a: a.update(indices=np.array([Hostile()], dtype=object)),
            "two dimensions": lambda a: a.update(indices=a["indices"][:, None]),
            "no dimension": lambda a: a.update(indices=np.int64(3)),
            "empty": lambda a: a.update(indices=a["indices"][:0], labels=a["labels"][:0]),
            "twice": lambda a: a.update(indices=a["indices"] * 0),
            "negative": lambda a: a.update(indices=a["indices"] - 5000),
            "beyond": lambda a: a.update(indices=a["indices"] + 5000),
            "other labels": lambda a: a.update(labels=a["labels"][::-1]),
            "label -1": lambda a: a.update(labels=a["labels"] - 1),
            "no labels": lambda a: a.pop("labels"),
            "other images": lambda a: a.update(
                indices=a["indices"][::-1], labels=a["labels"][::-1]
            ),
        }.items()
    ),
    *(
        Case(f"{Path(file).name}: {how}", way, command, (Path(file).name,))
        for file, command in ((CHECKPOINT, TRAIN), (MODEL, EVALUATE))
        for how, way in {
            "cut": cut(file),
            "empty": write(file, b""),
            "text": write(file, "hello"),
            "pickle": write(file, PICKLE),
            "old pickle": write(file, pickle.dumps(Hostile(), 2)),
            "pickle in a zip": zip_member(file),
            "list": weights(file, lambda _: [1]),
            "no state": weights(file, lambda c: c.pop("state") and None),
            "state a list": weights(file, lambda c: c.update(state=[1])),
            "identity a list": weights(file, lambda c: c.update(identity=[1])),
            "another run": weights(file, lambda c: c["identity"].update(run="x")),
            "format 99": weights(file, lambda c: c.update(format=99)),
            "no model": weights(file, lambda c: c["state"].pop("model") and None),
            "model a list": weights(file, set_state("model", [1])),
            "model of numbers": weights(file, set_state("model", {"a": 1})),
            "history a list": weights(file, set_state("history", [1])),
            "history not JSON": weights(file, set_state("history", "x")),
            "history of others": weights(file, set_state("history", '[{"epoch": 7}]')),
            "history of numbers": weights(file, set_state("history", "[1, 2]")),
        }.items()
    ),
    *(
        Case(
            f"checkpoint {key} = {shown(value)}",
            weights(CHECKPOINT, set_state(key, value)),
            TRAIN,
            ("checkpoint.pt",),
        )
        for key in ("optimizer", "rng", "epoch", "step", "loss_sum", "sessions", "seconds")
        for value in (None, "a", [], {}, -1, float("nan"))
        if (key, value) != ("loss_sum", -1)  # a method may have such a loss
    ),
    *(
        Case(f"device {device or 'empty'}", nothing, f"{TRAIN} --device {device}", (device,))
        for device in ("nobody", "cuda:17", "meta", "cpu:99", "cpu;touch", "")
    ),
    *(
        Case(
            f"-o {option}",
            nothing,
            f"train {RUN.replace('CE', 'CAL')} -o {option}",
            (option.split("=")[0],),
        )
        for option in (
            *("width=on", "width=0", "width=-1", "width=1.5", "width=1e9", "f=0", "f=-1", "f=1.5"),
            *("f=on", "theta=9", "theta=-1", "theta=nan", "theta=inf", "theta=on", "linear=maybe"),
        )
    ),
]


@pytest.fixture(scope="module")
def trained_files(digits_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits' project after one run, with the checkpoint that a kill would have left."""
    from ncmc.training import resume

    root = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(digits_project, root)
    kept = io.BytesIO()
    save = resume.save

    def keep(training: Any, *rest: Any) -> None:
        save(training, *rest)
        kept.seek(0)
        kept.write(training.checkpoint.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NCMC_ROOT", str(root))
        patch.setattr(resume, "save", keep)
        assert run(["train", RUN, "-o", "checkpoint_seconds=0.000001"])[0] == 0
    (root / CHECKPOINT).parent.mkdir(parents=True, exist_ok=True)
    (root / CHECKPOINT).write_bytes(kept.getvalue())
    return root


@pytest.fixture
def trained(trained_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, for one case: the record is there for `evaluate`, the checkpoint for `train`."""
    root = tmp_path / "project"
    shutil.copytree(trained_files, root)
    monkeypatch.setenv("NCMC_ROOT", str(root))
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_damaged_file_is_refused(trained: Path, case: Case) -> None:
    if not isinstance(case.command, str) or not case.command.startswith("evaluate"):
        shutil.rmtree(trained / "results")
    assert_refused(trained, case)
