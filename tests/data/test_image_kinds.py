"""Image files of all kinds: what becomes of their pixels, what is lost, what is refused, and said."""

import io
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import here
from PIL import ExifTags, Image
from projects import (
    CHECKOUT,
    ScratchProject,
    class_folders,
    picture,
    random_images,
    ready,
    tar,
)

from ncmc.data import datasets, image_files, own_dataset
from ncmc.errors import UserError


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


DEEP = np.array([[0, 257, 65535], [128, 129, 40000]], np.uint16)


def saved(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        saved(DEEP, "png"),
        saved(DEEP, "tiff"),
        saved(DEEP, "jpeg2000", irreversible=False),
        b"P5 3 2 65535\n" + DEEP.astype(">u2").tobytes(),
        saved(DEEP, "ppm"),
    ],
    ids=["png", "tiff", "jpeg2000", "pgm", "ppm"],
)
def test_sixteen_bits_are_scaled_to_eight(content: bytes) -> None:
    image = image_files.open_image(content, "deep")
    assert "16 bits, scaled" in image_files.oddities(image, "deep", None)[0]
    assert np.array_equal(
        image_files.pixels(image, "deep", 1)[:, :, 0], np.rint(DEEP / 257).astype(np.uint8)
    )


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pixels_without_a_known_range_are_refused_by_name(
    project: ScratchProject, tmp_path: Path, kind: type
) -> None:
    content = {**class_folders(), "train/cat/odd.tif": saved(np.ones((8, 8), kind), "tiff")}
    with pytest.raises(UserError, match=r"train/cat/odd\.tif in .*: its pixels are .*8 or 16 bits"):
        ready(project, "made", tar(tmp_path / "p.tar", content, "w"), "imagefolder")


def test_every_suffix_that_is_read_is_one_of_pillows() -> None:
    Image.init()
    known = Image.registered_extensions()
    assert {known[suffix] for suffix in image_files.SUFFIXES} == set(image_files.FORMATS)
    left_out = {kind for kind in known.values() if kind in Image.OPEN} - set(image_files.FORMATS)
    assert left_out.isdisjoint({"AVIF", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP"})


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_data_of_fewer_bits_in_a_file_of_sixteen_are_said_to_become_dark(
    bits: int, kind: str
) -> None:
    deep = saved(np.array([[0, 2**bits - 1]], np.uint16), kind)
    image = image_files.open_image(deep, "deep")
    said = " ".join(image_files.oddities(image, "deep", None))
    assert ("become dark: scale the values" in said) == (bits < 16)


def test_a_rotation_in_exif_data_and_an_enlargement_are_said() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    content = saved(random_images(1, 8)[0], "jpeg", exif=exif)
    said = image_files.oddities(image_files.open_image(content, "turned"), "turned", 9)
    assert said == [
        "with a rotation in their Exif data, which is not applied",
        "smaller than image_size, enlarged",
    ]


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_damaged_exif_data_do_not_make_an_image_unreadable(kind: str) -> None:
    image = image_files.open_image(saved(random_images(1, 8)[0], kind, exif=b"Exif\0\0none"), "x")
    assert image_files.oddities(image, "x", 8) == []


def test_colours_of_print_are_said() -> None:
    buffer = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(buffer, "jpeg")
    said = image_files.oddities(image_files.open_image(buffer.getvalue(), "print"), "print", 8)
    assert said == ["of CMYK colours, converted without a profile"]


@pytest.mark.parametrize("name", ["x.jfif", "x.JPE", "x.jpg"])
def test_any_suffix_of_jpeg_is_read(project: ScratchProject, tmp_path: Path, name: str) -> None:
    content = {**class_folders(), f"train/cat/{name}": picture(random_images(1, 8)[0], "jpeg")}
    train, _ = ready(project, "made", tar(tmp_path / "p.tar", content, "w"), "imagefolder")
    assert train.counts == [5, 4]


def test_postscript_under_another_name_is_not_run(project: ScratchProject, tmp_path: Path) -> None:
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n"
    content = {**class_folders(), "train/cat/x.png": script}
    with pytest.raises(UserError, match=r"train/cat/x\.png in .* not an image"):
        ready(project, "made", tar(tmp_path / "p.tar", content, "w"), "imagefolder")


def test_every_damaged_image_is_named_by_fetch_and_by_checks(
    project: ScratchProject, tmp_path: Path
) -> None:
    content = class_folders() | {"train/cat/bad.png": b"\x89PNG broken", "test/dog/gone.png": b""}
    both = r"train/cat/bad\.png, test/dog/gone\.png in .* cannot be read: not an image, or damaged"
    with pytest.raises(UserError, match=both):
        ready(project, "pets", tar(tmp_path / "pets.tar", content, "w"), "imagefolder")
    shutil.copy(CHECKOUT / "config" / "train.yaml", project.root / "config")
    advice = {f.what: f.advice for f in own_dataset.check(here(), "pets") if f.state == "wrong"}
    assert re.search(both, advice[WHOLE])


WHOLE = "archives and arrays are here, unaltered, and hold what the entry says"


def test_many_images_that_cannot_be_read_are_named_in_one_short_sentence(
    project: ScratchProject, tmp_path: Path
) -> None:
    deep = saved(np.ones((8, 8), np.float32), "tiff")
    content = class_folders() | {f"train/cat/{'x' * 90}{i}.tif": deep for i in range(300)}
    with pytest.raises(UserError, match="and 290 more in .*floating-point numbers") as caught:
        ready(project, "pets", tar(tmp_path / "pets.tar", content, "w"), "imagefolder")
    assert len(str(caught.value)) < 1500


def said(project: ScratchProject, tmp_path: Path, content: dict[str, bytes]) -> list[str]:
    ready(project, "pets", tar(tmp_path / "pets.tar", content, "w"), "imagefolder")
    return own_dataset.described(here(), "pets")


def test_what_images_lose_is_said(project: ScratchProject, tmp_path: Path) -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 9)).save(clear, "png")
    frames = io.BytesIO()
    first, *rest = (Image.fromarray(p).convert("P") for p in random_images(3, 8))
    first.save(frames, "gif", save_all=True, append_images=rest)
    content = class_folders() | {
        "train/cat/clear.png": clear.getvalue(),
        "train/cat/moves.gif": frames.getvalue(),
        "train/dog/mask.png": picture(np.eye(8, dtype=np.uint8)),
    }
    lines = said(project, tmp_path, content)
    assert lines[0] == "2 classes, 11 training + 4 test images: cat: 6 + 2, dog: 5 + 2"
    assert any("unequal classes (5 to 6 training images)" in line for line in lines)
    assert "images with transparency, which is dropped: 1" in lines
    assert "images with several frames, of which the first is read: 1" in lines
    assert "images of nearly one colour (pixels within 16 of 256 levels): 1" in lines


def test_equal_images_in_both_parts_and_under_two_labels_are_said(
    project: ScratchProject, tmp_path: Path
) -> None:
    content = class_folders()
    content["test/cat/twin.png"] = content["train/cat/0.png"]
    content["train/dog/twin.png"] = content["train/cat/1.png"]
    content["train/dog/again.png"] = content["train/dog/0.png"]
    content["test/dog/again.png"] = content["test/dog/0.png"]
    lines = said(project, tmp_path, content)
    assert len(datasets.load(here(), "pets", "train").notes) == 2  # stand in each record
    assert "images that repeat another of their part and class: 2" in lines
    assert any("training images too, pixel by pixel: 1 (such" in line for line in lines)
    assert any(
        "pixels of one in another class: 2 (such as train/cat/1.png = train/dog/twin.png)" in line
        for line in lines
    )


def test_clean_images_of_equal_classes_are_said_in_two_lines(
    project: ScratchProject, tmp_path: Path
) -> None:
    assert len(said(project, tmp_path, class_folders())) == 2
