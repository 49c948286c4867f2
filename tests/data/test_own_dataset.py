"""`ncmc check dataset`: what is wrong with an entry, its archive or its arrays, and the mend."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CHECKOUT
from projects import ScratchProject, class_folders, picture, ready, tar

from ncmc.data import datasets, own_dataset
from ncmc.data.datasets import Images
from ncmc.errors import CheckResult, UsageError
from ncmc.project import Project

WHOLE = "archives and arrays are here, unaltered, and hold what the entry says"


def checked(name: str = "pets") -> dict[str, CheckResult]:
    return {finding.what: finding for finding in own_dataset.check(Project.find(), name)}


def wrong(findings: dict[str, CheckResult]) -> list[tuple[str, str]]:
    return [(f.what, f.advice) for f in findings.values() if f.state == "wrong"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tar(tmp_path / "pets.tar.gz", class_folders())


@pytest.fixture
def pets(project: ScratchProject, archive: Path) -> ScratchProject:
    """A set that is declared, fetched and read."""
    text = (CHECKOUT / "config" / "train.yaml").read_text()
    text = re.sub(r"(?m)^    rules:\n(      .*\n)+", "", text)  # of models, which are not here
    (project.root / "config" / "train.yaml").write_text(text)
    ready(project, "pets", archive, "imagefolder", image_size=8)
    return project


def redeclare(project: ScratchProject, **fields: Any) -> None:
    entry = project.entries["pets"] | fields
    files = entry.pop("files")
    project.declare("pets", entry.pop("reader"), *files, **entry)


def test_a_right_dataset_passes_every_check(pets: ScratchProject) -> None:
    findings = checked()
    assert list(findings) == list(own_dataset.CHECKS)
    assert not wrong(findings)
    assert {f.state for f in findings.values()} == {"ok"}


def test_a_set_that_is_not_declared_gets_the_lines_to_add(pets: ScratchProject) -> None:
    with pytest.raises(UsageError, match=r"(?s)unknown dataset 'birds'.*again:\n  birds:\n"):
        checked("birds")
    with pytest.raises(UsageError, match="unknown dataset 'a b'") as told:
        checked("a b")
    assert "again:" not in str(told.value)


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        (
            {"recipe": "smal"},
            r"unknown recipe \(of config/train.yaml\) 'smal'. Did you mean 'small'",
        ),
        ({"channels": 1}, "normalises 3 channels, the images have 1. Set channels to 3"),
        ({"reader": "imagefoldr"}, "unknown reader .* Did you mean 'imagefolder'"),
        ({"files": []}, r"names no files. Add one, such as\s+files: \[\{name: pets.tar\}\]"),
        ({"files": [{"name": "other.tar"}]}, "other.tar is missing"),
        ({"licence": None}, "config/datasets.yaml: .*licence"),
        ({"train_images": 9}, "holds 8 training images, .*yaml says 9. Correct the entry"),
        ({"classes": 3}, "holds 2 classes, config/datasets.yaml says 3"),
    ],
)
def test_a_wrong_entry_is_told_with_the_mend(
    pets: ScratchProject, fields: dict[str, Any], advice: str
) -> None:
    redeclare(pets, **fields)
    found = wrong(checked())
    assert len(found) == 1
    assert "config/datasets.yaml" in found[0][1]
    assert re.search(advice, found[0][1], re.DOTALL), found


def test_missing_and_altered_archives_are_told(pets: ScratchProject) -> None:
    file = pets.root / "data" / "raw" / "pets" / "pets.tar.gz"
    content = file.read_bytes()
    file.unlink()
    assert "Run `ncmc fetch pets`" in wrong(checked())[0][1]
    file.write_bytes(content[:-1])
    ((what, advice),) = wrong(checked())
    assert what == WHOLE
    assert "is not the right file: size is" in advice


def test_altered_arrays_are_told(pets: ScratchProject) -> None:
    file = pets.root / "data" / "arrays" / "pets" / "train_images.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    ((what, advice),) = wrong(checked())
    assert what == WHOLE
    assert "Delete" in advice


def test_a_class_without_images_is_told(
    pets: ScratchProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = datasets.load

    def with_one_more(project: Project, name: str, part: str) -> Images:
        found = load(project, name, part)
        return replace(found, class_names=(*found.class_names, "bird"))

    monkeypatch.setattr(datasets, "load", with_one_more)
    told = dict(wrong(checked()))
    advice = told["every class has training and test images, which differ"]
    assert "train: class bird has no images. Add some" in advice


def test_equal_images_are_told(pets: ScratchProject, tmp_path: Path) -> None:
    grey = picture(np.full((8, 8, 3), 7, np.uint8))
    archive = tar(tmp_path / "flat.tar.gz", dict.fromkeys(class_folders(), grey))
    ready(pets, "flat", archive, "imagefolder", image_size=8)
    (what, advice), twice = wrong(checked("flat"))
    assert "that are training images too, pixel by pixel: 4 (such as" in twice[1]
    assert what == "every class has training and test images, which differ"
    assert "are the same: mend read() of ncmc/data/readers/imagefolder.py" in advice


def test_unequal_classes_of_a_test_part_are_said(pets: ScratchProject, tmp_path: Path) -> None:
    images = {f"test/cat/more{i}.png": data for i, data in enumerate(class_folders(20).values())}
    archive = tar(tmp_path / "birds.tar.gz", class_folders(20) | images)
    ready(pets, "birds", archive, "imagefolder", image_size=8)
    lines = own_dataset.described(Project.find(), "birds")
    assert any("unequal classes (2 to 46 test images)" in line for line in lines)
