"""ImageNet-LT's lists have no published checksum; those of two public copies are declared."""

from pathlib import Path
from typing import Any

import pytest
from conftest import here
from projects import SIZE, ScratchProject

from ncmc.data import checksums, fetch, raw
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import dataset_entries


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"hello world\n", "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"),
    ],
)
def test_a_blob_is_named_as_git_names_it(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "blob"
    path.write_bytes(content)
    assert checksums.of_file(path).sha1_git == expected


def test_the_shipped_lists_are_those_of_the_public_copies() -> None:
    train, test = dataset_entries(here())["imagenet_lt"].files
    assert train.sha1_git == "a063f095fcd475db4cf8b0658c4b73955535bbf9"
    assert test.size == 2_344_500
    assert test.sha256 == "d1590191cf8a71fada7b1aaedaa2d139a2aea93ff2f1b755319d0bd8dbaa55d5"


@pytest.fixture
def folder(project: ScratchProject, imagenet: tuple[Path, Path]) -> Path:
    """An ImageNet folder with the lists in it, which are declared as the shipped ones are."""
    images, lists = imagenet
    for path in lists.iterdir():
        path.rename(images / path.name)
    declare(project, images)
    return images


def declare(project: ScratchProject, images: Path, **sums: Any) -> None:
    """The made-up lists, with the checksums that they have unless others are given."""
    train, test = (images / f"ImageNet_LT_{part}.txt" for part in ("train", "test"))
    digest = checksums.of_file(test)
    project.declare(
        "big",
        "imagenet_lt",
        {"name": train.name, "sha1_git": checksums.of_file(train).sha1_git} | sums,
        {"name": test.name, "sha256": digest.sha256, "size": digest.size},
        image_size=SIZE,
    )


def test_the_declared_lists_are_taken(folder: Path) -> None:
    assert fetch.fetch(here(), "big", folder) == "fetched"
    assert set(raw.verified(here(), "big")) == {
        "ImageNet_LT_train.txt",
        "ImageNet_LT_test.txt",
    }


@pytest.mark.parametrize(
    ("part", "said"), [("train", "sha1 git is"), ("test", "sha256 is")], ids=["train", "test"]
)
def test_another_list_is_refused_and_left_where_it_is(folder: Path, part: str, said: str) -> None:
    path = folder / f"ImageNet_LT_{part}.txt"
    first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*others, first]))  # the same lines, so the same size
    with pytest.raises(UserError, match=f"not the right file: {said} .*, expected "):
        fetch.fetch(here(), "big", folder)
    assert path.exists()
    assert not (raw.folder(here(), "big") / path.name).exists()


def test_only_declared_bytes_are_the_set(folder: Path) -> None:
    fetch.fetch(here(), "big", folder)
    with pytest.raises(UserError, match="has checksums in config/datasets.yaml"):
        fetch.fetch(here(), "big", folder, replace=True)
