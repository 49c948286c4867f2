"""Folders of images as a stranger brings them."""

import io
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from conftest import here
from PIL import Image
from projects import (
    ScratchProject,
    class_folders,
    picture,
    random_images,
    ready,
    tar,
)

from ncmc.data import fetch
from ncmc.data.readers import imagefolder
from ncmc.errors import UsageError, UserError


def test_the_order_within_the_archive_does_not_matter(
    project: ScratchProject, tmp_path: Path
) -> None:
    content = class_folders()
    backwards = dict(reversed(content.items()))
    one, _ = ready(project, "one", tar(tmp_path / "one.tar", content, "w"), "imagefolder")
    two, _ = ready(project, "two", tar(tmp_path / "two.tar", backwards, "w"), "imagefolder")
    assert np.array_equal(one.images, two.images)


def test_a_set_without_a_test_part_holds_out_the_last_of_each_class(
    project: ScratchProject, tmp_path: Path
) -> None:
    images = random_images(17, 8)
    content = {f"set/cat/{i:02}.png": picture(images[i]) for i in range(10)}
    content |= {f"set/dog/{i:02}.png": picture(images[10 + i]) for i in range(7)}
    archive = tar(tmp_path / "pets.tar", content, "w")
    train, test = ready(project, "made", archive, "imagefolder")
    assert (train.counts, test.counts) == ([9, 6], [1, 1])
    assert np.array_equal(test.images[0], images[9])
    train, test = ready(project, "more", archive, "imagefolder", reader_options={"test_images": 3})
    assert (train.counts, test.counts) == ([7, 4], [3, 3])


def test_images_of_other_sizes_and_kinds_are_scaled_to_one(
    project: ScratchProject, tmp_path: Path
) -> None:
    from torchvision.transforms import CenterCrop, Compose, Resize

    tall = random_images(1, 40)[0, :, :21]
    buffer = io.BytesIO()
    Image.fromarray(random_images(1, 30)[0]).convert("P").save(buffer, "gif")
    content = {
        "train/a/tall.png": picture(tall),
        "train/b/palette.gif": buffer.getvalue(),
        "test/a/grey.png": picture(random_images(1, 16)[0, :, :, 0]),
        "test/b/photo.JPG": picture(random_images(1, 64)[0], "jpeg"),
        "README.txt": b"not an image",
        "train/a/.DS_Store": b"",
        "__MACOSX/train/a/._tall.png": b"",
    }
    archive = tar(tmp_path / "mixed.tar", content, "w")
    train, test = ready(project, "made", archive, "imagefolder", image_size=16)
    assert train.images.shape == test.images.shape == (2, 16, 16, 3)
    official = Compose([Resize(16), CenterCrop(16)])(Image.fromarray(tall))
    assert np.array_equal(train.images[0], np.asarray(official))
    grey, _ = ready(project, "grey", archive, "imagefolder", image_size=16, channels=1)
    assert grey.images.shape == (2, 16, 16, 1)
    with pytest.raises(UserError, match="Give image_size"):
        ready(project, "unscaled", archive, "imagefolder")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["notes.txt"], "holds no image files"),
        (["a.png", "cat/b.png"], "lies in no class folder"),
        (["train/a.png", "test/cat/b.png", "train/cat/c.png"], "lies in no class folder"),
        (["train/cat/1.png", "test/dog/1.png"], "do not hold the same classes"),
        (["cat/1.png", "cat/2.png"], "At least 2 classes"),
        (["cat/1.png", "cat/2.png", "dog/1.png"], r"smallest \(dog\)"),
    ],
)
def test_a_folder_of_another_shape_is_told_what_is_expected(names: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        imagefolder.layout([PurePosixPath(n) for n in names], "the folder")


def test_a_picture_that_is_none_is_named(project: ScratchProject, tmp_path: Path) -> None:
    content = {**class_folders(), "train/cat/broken.png": b"\x89PNG broken"}
    archive = tar(tmp_path / "pets.tar", content, "w")
    with pytest.raises(UserError, match=r"train/cat/broken\.png in .* cannot be read"):
        ready(project, "made", archive, "imagefolder")


def test_unknown_reader_options_are_refused(project: ScratchProject, tmp_path: Path) -> None:
    archive = tar(tmp_path / "pets.tar", class_folders(), "w")
    with pytest.raises(UsageError, match="test_images"):
        ready(project, "made", archive, "imagefolder", reader_options={"tests": 1})


def test_an_unknown_reader_is_refused_before_anything_is_fetched(
    project: ScratchProject, tmp_path: Path
) -> None:
    project.declare("made", "imagfolder", {"name": "x.tar"})
    with pytest.raises(UsageError, match="Did you mean 'imagefolder'"):
        fetch.fetch(here(), "made", tmp_path)
