"""A project in a temporary folder, with data sets of a test's own making."""

import io
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import scipy.io
import yaml
from PIL import Image

from ncmc.data import checksums, datasets, download, fetch
from ncmc.data.datasets import Images
from ncmc.data.download import Patience
from ncmc.project import Project

CHECKOUT = Path(__file__).resolve().parents[1]
HASTE = Patience(attempts=3, wait=0.01, silence=0.5, whole=20)


SIZE = 24  # pixels of the images that stay in their files
COUNTS = (6, 3, 1)  # training images of each of their classes

TarMode = Literal["w", "w:gz", "w:bz2", "w:xz"]


class ScratchProject:
    """A folder that is a project, and how to declare data sets in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: dict[str, Any] = {}
        for name in ("dvc.yaml", ".dvcignore", ".dvc/config"):
            (root / name).parent.mkdir(exist_ok=True)
            shutil.copy(CHECKOUT / name, root / name)
        (root / "config").mkdir()
        (root / "config" / "datasets.yaml").write_text("datasets: {}\n")

    def declare(self, name: str, reader: str, *files: dict[str, Any], **fields: Any) -> None:
        """One more entry in config/datasets.yaml."""
        self.entries[name] = {
            "title": name,
            "reader": reader,
            "recipe": "small",
            "licence": "none",
            "source": "a test",
            "files": list(files),
            **fields,
        }
        text = yaml.safe_dump({"datasets": self.entries}, sort_keys=False)
        (self.root / "config" / "datasets.yaml").write_text(text)

    def start(self, code: str, **environment: str) -> subprocess.Popen[str]:
        """A Python process that works on this project, impatiently."""
        preamble = (
            "import sys; sys.path.insert(0, {!r})\n"
            "import projects; from conftest import here\n"
            "from ncmc.data import datasets, download, fetch, splits\n"
            "download.PATIENCE = projects.HASTE\n"
        ).format(str(CHECKOUT / "tests"))
        return subprocess.Popen(
            [sys.executable, "-c", preamble + code],
            env={**os.environ, "NCMC_ROOT": str(self.root), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )


@pytest.fixture(name="project")
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScratchProject:
    """An empty project that every function of ncmc works on during the test."""
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path / "project"))
    monkeypatch.setattr(download, "PATIENCE", HASTE)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "project").mkdir()
    return ScratchProject(tmp_path / "project")


def declared(path: Path, *urls: str, **fields: Any) -> dict[str, Any]:
    """The entry of config/datasets.yaml for a file, with its size and checksums."""
    digest = checksums.of_file(path)
    sums = {"md5": digest.md5, "sha256": digest.sha256, "size": digest.size}
    return {"name": path.name, "urls": list(urls), **sums, **fields}


def picture(pixels: np.ndarray, kind: str = "png") -> bytes:
    """(H, W, 3) or (H, W) uint8 as an image file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def tar(path: Path, content: dict[str, bytes], mode: TarMode = "w:gz") -> Path:
    """A tar of these files."""
    with tarfile.open(path, mode) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def random_images(n: int, size: int = 32, seed: int = 0) -> np.ndarray:
    """(n, size, size, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def class_folders(n_train: int = 4, n_test: int = 2, size: int = 8) -> dict[str, bytes]:
    """Files of a divided set of two classes, `cat` and `dog`."""
    images = random_images(2 * (n_train + n_test), size)
    names = [
        f"{part}/{kind}/{i}.png"
        for kind in ("cat", "dog")
        for part, n in (("train", n_train), ("test", n_test))
        for i in range(n)
    ]
    return {name: picture(image) for name, image in zip(names, images, strict=True)}


def cifar_archive(
    path: Path, train: list[tuple[np.ndarray, np.ndarray]], test: tuple[np.ndarray, np.ndarray]
) -> Path:
    """CIFAR-10's own format: pickles of protocol 2, rows of 3072 values, channels first."""

    def batch(images: np.ndarray, labels: np.ndarray) -> bytes:
        rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)
        return pickle.dumps({"data": rows, "labels": labels.tolist()}, protocol=2)

    names = [f"class{k}" for k in range(10)]
    content = {"cifar-10-batches-py/batches.meta": pickle.dumps({"label_names": names}, 2)}
    for i, (images, labels) in enumerate(train, start=1):
        content[f"cifar-10-batches-py/data_batch_{i}"] = batch(images, labels)
    content["cifar-10-batches-py/test_batch"] = batch(*test)
    return tar(path, content)


def svhn_file(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    """SVHN's own format: X (32, 32, 3, N), y (N, 1) with 10 for the digit 0."""
    told = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    content = {"X": images.transpose(1, 2, 3, 0), "y": told}
    scipy.io.savemat(path, content, do_compression=True)
    return path


@pytest.fixture
def imagenet(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with train/ and val/ as ImageNet's, and the lists beside it."""
    folder, lists = tmp_path / "imagenet", tmp_path / "lists"
    lists.mkdir()
    rng = np.random.default_rng(0)
    lines: dict[str, list[str]] = {"train": [], "test": []}
    for label, n in enumerate(COUNTS):
        wnid = f"n{label:08}"
        for i in range(n + 2):
            part = "train" if i < n else "val"
            name = f"{part}/{wnid}/{wnid}_{i}.JPEG"
            width, height = rng.integers(30, 80, 2)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            pixels = random_images(1, 80, seed=i)[0, :height, :width]
            (folder / name).write_bytes(picture(pixels, "jpeg"))
            lines["train" if i < n else "test"].append(f"{name} {label}")
    for part, listed in lines.items():
        (lists / f"ImageNet_LT_{part}.txt").write_text("\n".join(listed) + "\n")
    return folder, lists


@pytest.fixture
def declared_set(project: ScratchProject, imagenet: tuple[Path, Path]) -> ScratchProject:
    """The set `big`, declared, with the lists where the addresses would be."""
    _, lists = imagenet
    names = [f"ImageNet_LT_{part}.txt" for part in ("train", "test")]
    project.declare(
        "big",
        "imagenet_lt",
        *({"name": name} for name in names),
        image_size=SIZE,
        recipe="imagenet",
        split={"imbalance": "given"},
    )
    fetch.fetch(Project.find(), "big", lists)
    return project


def ready(
    project: ScratchProject,
    name: str,
    source: str | Path,
    reader: str,
    *names: str,
    **fields: Any,
) -> tuple[Images, Images]:
    """Declare, fetch and prepare a set; returns its training and test part."""
    paths = [Path(source) / n for n in names] if names else [Path(source)]
    project.declare(name, reader, *map(declared, paths), **fields)
    fetch.fetch(Project.find(), name, source)
    datasets.prepare(Project.find(), name)
    return datasets.load(Project.find(), name, "train"), datasets.load(Project.find(), name, "test")


def labels_of(n: int, seed: int = 0) -> np.ndarray:
    """n labels 0..9, each at least once."""
    return np.random.default_rng(seed).permutation(np.arange(n) % 10)
