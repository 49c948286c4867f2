"""Trees of images as strangers bring them: what is understood, what is refused, what is said."""

import errno
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

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

from ncmc.data import archives, datasets, fetch, image_files, own_dataset, raw, splits
from ncmc.data.image_tree import Layout, layout
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import SplitOptions


def tree(**parts: str) -> list[str]:
    """Three images in each class folder: `tree(train="cat dog", test="cat dog")`."""
    return [
        f"{part.replace('__', '/')}/{name}/{i}.png"
        for part, names in parts.items()
        for name in names.split()
        for i in range(3)
    ]


def understood(names: list[str], folders: tuple[str, ...] = ()) -> Layout:
    return layout(
        [PurePosixPath(name) for name in names],
        "the folder",
        folders=[PurePosixPath(name) for name in folders],
    )


# --- parts and classes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "train", "test"),
    [
        (("train", "test"), "train", "test"),
        (("Train", "TEST"), "Train", "TEST"),
        (("training", "testing"), "training", "testing"),
        (("train", "val"), "train", "val"),
        (("train", "Valid"), "train", "Valid"),
        (("training", "validation"), "training", "validation"),
        (("train", "dev"), "train", "dev"),
        (("set__train", "set__test"), "train", "test"),
    ],
)
def test_parts_are_known_by_their_usual_names(
    parts: tuple[str, str], train: str, test: str
) -> None:
    found = understood(tree(**dict.fromkeys(parts, "cat dog")))
    assert found.class_names == ["cat", "dog"]
    assert (len(found.train), len(found.test)) == (6, 6)
    assert found.summary.notes == [f"training images from {train}; test images from {test}"]


def test_a_validation_part_beside_a_test_part_is_said_not_to_be_read() -> None:
    found = understood(tree(train="cat dog", valid="cat dog", test="cat dog"))
    assert (len(found.train), len(found.test)) == (6, 6)
    assert any("valid is not read (6 images)" in note for note in found.summary.notes)


CATS = "cat dog"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["notes.txt"], "no image files, only 1 .txt. Labels in a file are not read"),
        (["images.zip"], "Archives inside are not opened"),
        (["x.npy", "y.npy"], "Arrays are not read"),
        (["1.png", "2.png", "labels.csv"], "lies in no class folder. Labels in a file"),
        (["a.png", "cat/b.png"], "lies in no class folder"),
        (["train/a.png", *tree(train=CATS, test=CATS)], "train/a.png lies in no class folder"),
        ([*tree(train=CATS), "test/1.png"], "test/1.png lies in no class folder"),
        (tree(train="cat", test="cat"), "there is one class, cat"),
        (tree(train="cat owl", test=CATS), "only train has owl; only test has dog"),
        (tree(train="Cat dog", test=CATS), "Some differ in capitals only"),
        (tree(train=CATS, test=CATS, samples="grid"), "samples beside test, train"),
        (tree(train=CATS, holdout=CATS), "holdout beside train"),
        (tree(train=CATS, Training=CATS, test=CATS), "Training and train are both the train part"),
        (tree(val=CATS, test=CATS), "there is only test, val"),
        (tree(one=CATS, two=CATS), "one, two hold the same folders"),
        (tree(one=CATS, two="dog owl"), "one, two hold the same folders"),
        (tree(cat="train test", dog="train test"), "cat holds test, train, and dog lies beside"),
        ([*tree(set__train=CATS, set__test=CATS), "docs/1.png"], "set holds test, train, and docs"),
        ([*tree(train=CATS), "test/cat/1.heic"], "test holds no image .*, only 1 .heic"),
        ([*tree(train=CATS, val=CATS), "test/cat/1.heic"], "test holds no image"),
        (tree(train="Mu\u0308sli M\u00fcsli", test=CATS), "train/Müsli is there twice"),
        (["cat/1.png", "cat/2.png"], "At least 2 classes"),
        (["cat/1.png", "cat/2.png", "dog/1.png"], r"smallest \(dog\)"),
    ],
)
def test_a_tree_that_is_not_clear_is_refused_with_what_it_holds(
    names: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=f"the folder: .*{message}"):
        understood(names)


def test_a_part_that_is_an_empty_folder_is_not_replaced_in_silence() -> None:
    with pytest.raises(UserError, match="test holds no image"):
        understood(tree(train=CATS), folders=("test",))


def test_classes_may_be_called_as_parts_are() -> None:
    assert understood(["train/1.png", "train/2.png", "bus/1.png", "bus/2.png"]).class_names == [
        "bus",
        "train",
    ]


def test_letters_composed_and_decomposed_are_one_class() -> None:
    found = understood(tree(train="Mu\u0308sli dog", test="M\u00fcsli dog"))
    assert found.class_names == ["M\u00fcsli", "dog"]


def test_classes_that_differ_in_capitals_only_are_said() -> None:
    found = understood(tree(train="Cat cat", test="Cat cat"))
    assert "classes whose names differ in capitals only: Cat, cat" in found.summary.notes


def test_what_is_passed_over_is_counted_and_empty_folders_are_named() -> None:
    names = [
        *tree(train=CATS, test=CATS),
        *("train/owl/1.heic", "train/cat/x.heic", "README", "train/cat/.DS_Store", "Thumbs.db"),
    ]
    notes = understood(names, folders=("train/emu",)).summary.notes
    assert "passed over: 2 .heic, 2 hidden, 1 without a suffix" in notes
    assert "folders without an image: train/emu, train/owl" in notes


def test_test_images_of_a_set_with_a_test_part_are_refused(
    project: ScratchProject, tmp_path: Path
) -> None:
    archive = tar(tmp_path / "pets.tar", class_folders(), "w")
    with pytest.raises(UserError, match="test_images: 1 holds out nothing"):
        ready(project, "made", archive, "imagefolder", reader_options={"test_images": 1})


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


# --- order --------------------------------------------------------------------------------------


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


# --- pixels -------------------------------------------------------------------------------------


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
    image = image_files.opened(content, "deep")
    assert "16 bits" in image_files.oddities(image, "deep")[0]
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
    for kind, suffixes in image_files.FORMATS.items():
        for suffix in suffixes.split():
            assert known[suffix] == kind
    left_out = {kind for kind in known.values() if kind in Image.OPEN} - set(image_files.FORMATS)
    assert left_out.isdisjoint({"AVIF", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP"})


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


def test_a_picture_that_is_none_is_named(project: ScratchProject, tmp_path: Path) -> None:
    content = {**class_folders(), "train/cat/broken.png": b"\x89PNG broken"}
    archive = tar(tmp_path / "pets.tar", content, "w")
    with pytest.raises(UserError, match=r"train/cat/broken\.png in .* cannot be read"):
        ready(project, "made", archive, "imagefolder")


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
    lines = said(project, tmp_path, content)
    assert len(datasets.load(here(), "pets", "train").notes) == 2  # stand in each record
    assert any("training images that repeat another of their class: 1" in line for line in lines)
    assert any("training images too, pixel by pixel: 1 (such" in line for line in lines)
    assert any(
        "pixels of one in another class: 2 (such as train/cat/1.png = train/dog/twin.png)" in line
        for line in lines
    )


def test_clean_images_of_equal_classes_are_said_in_two_lines(
    project: ScratchProject, tmp_path: Path
) -> None:
    assert len(said(project, tmp_path, class_folders())) == 2


# --- names and kinds of files -------------------------------------------------------------------


def unpacked(folder: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def latin1_folder(path: Path) -> Path:
    folder = unpacked(path / "pets", class_folders())
    for part in ("train", "test"):
        (folder / part / "cat").rename(folder / part / "caf\udce9")
    return folder


def latin1_tar(path: Path) -> Path:
    content = {name.replace("cat", "caf\udce9"): data for name, data in class_folders().items()}
    return tar(path / "pets.tar", content, "w")


def latin1_zip(path: Path) -> Path:
    with zipfile.ZipFile(path / "pets.zip", "w") as archive:
        for name, data in class_folders().items():
            archive.writestr(name.replace("cat", "caf#"), data)
    whole = (path / "pets.zip").read_bytes()
    (path / "pets.zip").write_bytes(whole.replace(b"caf#", b"caf\xe9"))
    return path / "pets.zip"


def control_folder(path: Path) -> Path:
    content = {name.replace("cat", "ca\x1bt"): data for name, data in class_folders().items()}
    return unpacked(path / "pets", content)


@pytest.mark.parametrize("make", [latin1_folder, latin1_tar, latin1_zip, control_folder])
def test_a_name_that_is_not_text_is_refused_before_anything_is_written(
    project: ScratchProject, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(UserError, match=r"(caf\\xe9|ca\\x1bt).* UTF-8 text; rename it") as told:
        fetch.fetch(here(), "pets", make(tmp_path))
    assert str(told.value).isprintable()
    assert not raw.folder(here(), "pets").exists()
    assert not (project.root / "dvc.lock").exists()


def test_a_zip_in_utf8_that_does_not_say_so_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        archive.writestr("caf##.png", b"")
    whole = (tmp_path / "pets.zip").read_bytes()
    (tmp_path / "pets.zip").write_bytes(whole.replace(b"caf##", "café".encode()))
    assert [str(member.name) for member in archives.members(tmp_path / "pets.zip")] == ["café.png"]


@pytest.mark.parametrize("target", ["gone.png", "gone"])
def test_a_link_that_leads_nowhere_is_refused(
    project: ScratchProject, tmp_path: Path, target: str
) -> None:
    folder = unpacked(tmp_path / "pets", class_folders())
    (folder / "train" / target).symlink_to(tmp_path / target)
    (folder / "train" / ".#lock").symlink_to("nobody@host")  # as editors leave
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(UserError, match=f"{target} is a link that leads nowhere"):
        fetch.fetch(here(), "pets", folder)
    (folder / "train" / target).unlink()
    fetch.fetch(here(), "pets", folder)


def test_a_class_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str) -> Any:
        if path.endswith("train/cat"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(UserError, match="cannot read .*train/cat: Permission denied"):
        archives.walk(unpacked(tmp_path / "pets", class_folders()))


def test_a_folder_tells_the_same_as_its_tar(project: ScratchProject, tmp_path: Path) -> None:
    folder = unpacked(
        tmp_path / "pets", class_folders() | {"train/cat/x.heic": b"?", "a.txt": b"?"}
    )
    (folder / "train" / "owl").mkdir()
    for name in ("loose", "packed"):
        project.declare(name, "imagefolder", {"name": f"{name}.tar"})
    fetch.fetch(here(), "loose", folder)
    archives.pack(
        folder, archives.walk(folder)[0], tmp_path / "p.tar", folders=archives.walk(folder)[1]
    )
    fetch.fetch(here(), "packed", tmp_path / "p.tar")
    for name in ("loose", "packed"):
        datasets.prepare(here(), name)
    lines = own_dataset.described(here(), "loose")
    assert lines == own_dataset.described(here(), "packed")
    assert "passed over: 1 .heic, 1 .txt" in lines
    assert "folders without an image: train/owl" in lines


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"7z\xbc\xaf'\x1c\0\4", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"(\xb5/\xfd\0", "compressed with zstd"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
        (b"file,label\r\n1.png,cat\r\n", "a text file"),
        (picture(random_images(1, 8)[0]), "an image"),
    ],
)
def test_a_file_of_another_kind_is_told_which_kinds_are_read(
    project: ScratchProject, tmp_path: Path, content: bytes, kind: str
) -> None:
    (tmp_path / "pets.any").write_bytes(content)
    project.declare("pets", "imagefolder", {"name": "pets.tar"})
    with pytest.raises(UserError, match=f"is {kind}; needed is a tar .* unpack it and give the"):
        fetch.fetch(here(), "pets", tmp_path / "pets.any")
    assert not raw.folder(here(), "pets").exists()


# --- unequal classes ----------------------------------------------------------------------------


def unequal(counts: tuple[int, ...]) -> datasets.Images:
    labels = np.repeat(np.arange(len(counts)), counts)
    names = tuple("abcdefghij"[: len(counts)])
    return datasets.Images(
        "pets", "train", np.zeros(0), labels, names, (("train", len(labels)),), "", ()
    )


def test_a_split_that_is_not_of_its_tau_is_said() -> None:
    train = unequal((100, 100, 10))
    assert splits.imbalance_note(train, 0.1, SplitOptions()) is None
    note = splits.imbalance_note(train, 0.5, SplitOptions())
    assert note is not None
    assert "is not of tau 0.5, as" in note
    assert "(1 of 3: c 10 of 35)" in note
    assert "10/70 = 0.143" in note
    assert splits.imbalance_note(train, 0.5, SplitOptions(n_max_rule="common")) is None
    assert splits.imbalance_note(train, 0.5, SplitOptions(imbalance="given")) is None


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((50, 50, 50), None),
        ((128, 132, 127), None),  # as digits: within rounding
        ((100, 100, 10), "up to tau 0.1 only"),
        ((10, 100, 100), "no split is of its tau"),
    ],
)
def test_unequal_classes_are_said_before_a_split_is_drawn(
    counts: tuple[int, ...], words: str | None
) -> None:
    note = splits.unequal_note(unequal(counts), SplitOptions())
    assert (words in note) if words and note else note is words
