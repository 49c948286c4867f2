"""ImageNet-LT's reader and the streaming of images, against torchvision's transforms."""

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import COUNTS, SIZE, ScratchProject

from ncmc.data import datasets, fetch, image_files, raw, splits
from ncmc.data.image_stream import ImageFiles
from ncmc.data.readers import imagenet_lt
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import dataset_entries


def test_lists_and_an_image_folder_make_a_set(
    declared_set: ScratchProject, imagenet: tuple[Path, Path]
) -> None:
    folder, lists = imagenet
    fetch.fetch(here(), "big", folder)
    datasets.prepare(here(), "big")
    train, test = datasets.load(here(), "big", "train"), datasets.load(here(), "big", "test")
    assert train.counts == list(COUNTS)
    assert test.counts == [2, 2, 2]
    assert train.class_names == ("n00000000", "n00000001", "n00000002")
    assert train.images.shape == (10, SIZE, SIZE, 3)
    assert len(train.images) == 10
    listed = (lists / "ImageNet_LT_train.txt").read_text().split()
    assert train.images.paths == listed[::2]


def test_the_released_set_is_its_own_split(
    declared_set: ScratchProject, imagenet: tuple[Path, Path]
) -> None:
    fetch.fetch(here(), "big", imagenet[0])
    datasets.prepare(here(), "big")
    split = splits.make_split(here(), "big", 1 / 6)
    assert split.counts == list(COUNTS)
    with pytest.raises(UsageError, match=r"1/6 = 0\.166667"):
        splits.make_split(here(), "big", 0.01)


def test_lists_may_lie_in_the_image_folder(
    project: ScratchProject, imagenet: tuple[Path, Path]
) -> None:
    folder, lists = imagenet
    for path in lists.iterdir():
        path.rename(folder / path.name)
    project.declare(
        "big",
        "imagenet_lt",
        {"name": "ImageNet_LT_train.txt"},
        {"name": "ImageNet_LT_test.txt"},
        image_size=SIZE,
    )
    fetch.fetch(here(), "big", folder)
    datasets.prepare(here(), "big")


def test_without_an_image_folder_it_is_asked_for(declared_set: ScratchProject) -> None:
    with pytest.raises(UserError, match="ncmc fetch big --from FOLDER"):
        datasets.prepare(here(), "big")


def test_missing_images_are_all_named_at_once(
    declared_set: ScratchProject, imagenet: tuple[Path, Path]
) -> None:
    folder, _ = imagenet
    gone = ["train/n00000000/n00000000_1.JPEG", "val/n00000002/n00000002_2.JPEG"]
    for name in gone:
        (folder / name).unlink()
    fetch.fetch(here(), "big", folder)
    with pytest.raises(UserError, match="2 images are missing") as caught:
        datasets.prepare(here(), "big")
    for name in gone:
        assert name in str(caught.value)
    report = imagenet_lt.link(raw.folder(here(), "big")).with_suffix(".missing.txt")
    assert report.read_text().split() == gone


def test_validation_images_may_lie_flat_and_the_folder_deeper(
    declared_set: ScratchProject, imagenet: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, _ = imagenet
    for path in list((folder / "val").glob("*/*")):
        path.rename(folder / "val" / path.name)
    deeper = tmp_path / "downloads" / "ILSVRC" / "Data"
    deeper.mkdir(parents=True)
    folder.rename(deeper / "CLS-LOC")
    fetch.fetch(here(), "big", tmp_path / "downloads")
    datasets.prepare(here(), "big")
    assert len(datasets.load(here(), "big", "test").images[5]) == SIZE


def test_the_shipped_entry_is_the_published_set() -> None:
    entry = dataset_entries(here())["imagenet_lt"]
    assert (entry.train_images, entry.test_images, entry.classes) == (115_846, 50_000, 1000)
    assert entry.split.imbalance == "given"


# --- streaming ----------------------------------------------------------------------------------


@pytest.fixture
def streamed(imagenet: tuple[Path, Path]) -> ImageFiles:
    """All training images."""
    folder, lists = imagenet
    names, _ = imagenet_lt.parse(lists / "ImageNet_LT_train.txt")
    return ImageFiles(folder, names, SIZE)


def test_the_centre_is_torchvisions_resize_and_centre_crop(streamed: ImageFiles) -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    official = Compose([Resize(SIZE * 256 // 224), CenterCrop(SIZE)])
    for i, path in enumerate(streamed.paths):
        image = Image.open(streamed.root / path).convert("RGB")
        assert np.array_equal(streamed[i], np.asarray(official(image)))


def test_a_random_part_is_torchvisions_resized_crop_of_the_same_box(streamed: ImageFiles) -> None:
    from torchvision.transforms.functional import resized_crop

    image = Image.open(streamed.root / streamed.paths[0]).convert("RGB")
    rng = np.random.default_rng(0)
    for _ in range(20):
        left, top, right, bottom = box = image_files.random_box(*image.size, rng)
        official = resized_crop(image, top, left, bottom - top, right - left, [SIZE, SIZE])
        assert np.array_equal(image_files.scaled(image, "x", box, SIZE), np.asarray(official))


def test_random_parts_have_the_areas_and_shapes_of_the_recipe() -> None:
    import torch
    from torchvision.transforms import RandomResizedCrop

    rng = np.random.default_rng(0)
    boxes = np.array([image_files.random_box(500, 375, rng) for _ in range(4000)])
    assert boxes.min() >= 0
    assert (boxes[:, 2:].max(0) <= (500, 375)).all()
    widths, heights = (boxes[:, 2:] - boxes[:, :2]).T
    torch.manual_seed(0)
    image = torch.empty(3, 375, 500)
    official = [RandomResizedCrop.get_params(image, (0.08, 1), (3 / 4, 4 / 3)) for _ in range(4000)]
    their_heights, their_widths = np.array(official).T[2:]
    for ours, theirs in (
        (widths * heights, their_widths * their_heights),
        (widths / heights, their_widths / their_heights),
        (boxes[:, 0], np.array(official)[:, 1]),
    ):
        for q in (0.01, 0.25, 0.5, 0.75, 0.99):
            spread = np.quantile(theirs, 0.99) - np.quantile(theirs, 0.01)
            assert abs(np.quantile(ours, q) - np.quantile(theirs, q)) < 0.04 * spread


def test_a_picture_too_narrow_for_any_part_gives_its_middle() -> None:
    assert image_files.random_box(10, 1000, np.random.default_rng(0)) == (0, 493, 10, 506)


def test_a_random_part_is_a_function_of_its_generator_alone(streamed: ImageFiles) -> None:
    first, again, other = (streamed.random(2, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"P6 0 0 255\n", b"GIF89a"])
def test_a_broken_image_is_named_at_the_beginning(streamed: ImageFiles, content: bytes) -> None:
    path = streamed.root / streamed.paths[3]
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"^{path.name} in .*cannot be read"):
        streamed[3]


def test_an_image_that_ends_early_or_is_missing_is_named(streamed: ImageFiles) -> None:
    path = streamed.root / streamed.paths[3]
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(UserError, match=path.name):
        streamed.random(3, np.random.default_rng(0))
    path.unlink()
    with pytest.raises(UserError, match=path.name):
        streamed[3]


def test_what_is_not_a_regular_file_is_not_waited_for(streamed: ImageFiles) -> None:
    path = streamed.root / streamed.paths[3]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match="not a regular file"):
        streamed[3]
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="not a regular file"):
        streamed[3]
