"""Trees of images as strangers bring them: which parts and classes are understood, what is refused."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from conftest import here
from projects import ScratchProject, class_folders, picture, random_images, ready, tar

from ncmc.data import fetch
from ncmc.data.image_tree import ImageTree, layout
from ncmc.errors import UsageError, UserError


def tree(**parts: str) -> list[str]:
    """Three images in each class folder: `tree(train="cat dog", test="cat dog")`."""
    return [
        f"{part.replace('__', '/')}/{name}/{i}.png"
        for part, names in parts.items()
        for name in names.split()
        for i in range(3)
    ]


def understood(names: list[str], folders: tuple[str, ...] = ()) -> ImageTree:
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
    assert found.notes == (f"training images from {train}; test images from {test}",)


def test_a_validation_part_beside_a_test_part_is_said_not_to_be_read() -> None:
    found = understood(tree(train="cat dog", valid="cat dog", test="cat dog"))
    assert (len(found.train), len(found.test)) == (6, 6)
    assert any("valid is not read (6 images)" in note for note in found.notes)


CATS = "cat dog"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["notes.txt"], "no image files, only 1 .txt. Expected: .* tables of labels are not read"),
        (["images.zip", "x.npy"], "only 1 .npy, 1 .zip. Expected: .* Archives inside, arrays"),
        (["1.png", "2.png", "labels.csv"], "lies in no class folder. Expected: "),
        (["a.png", "cat/b.png"], "lies in no class folder"),
        (["train/a.png", *tree(train=CATS, test=CATS)], "train/a.png lies in no class folder"),
        ([*tree(train=CATS), "test/1.png"], "test/1.png lies in no class folder"),
        (tree(train="cat", test="cat"), "there is one class, cat"),
        (tree(train="cat owl", test=CATS), "only train has owl; only test has dog"),
        (tree(train="Cat dog", test=CATS), "names are nearly the same: Cat, cat"),
        (tree(train=CATS, test=CATS, samples="grid"), "folders are samples, test, train. Needed"),
        (tree(train=CATS, holdout=CATS), "the top folders are holdout, train. Needed are one"),
        (tree(train=CATS, Training=CATS, test=CATS), "folders are Training, test, train. Needed"),
        (tree(val=CATS, test=CATS), "the top folders are test, val. Needed are one training"),
        (tree(one=CATS, two=CATS), "inside one, two lie cat, dog: are they parts"),
        (tree(one=CATS, two="dog owl"), "inside one, two lie cat, dog, owl: are they parts"),
        (tree(cat="train test", dog="train test"), "inside cat, dog lie test, train: are they"),
        (tree(one="train", two="val"), "inside one, two lie train, val: are they parts"),
        ([*tree(set__train=CATS, set__test=CATS), "docs/1.png"], "inside set lie test, train: "),
        ([*tree(train=CATS), "test/cat/1.heic"], "test holds no image that can be read"),
        ([*tree(train=CATS, val=CATS), "test/cat/1.heic"], "test holds no image"),
        (
            ["train/1.png", "test/1.png"],
            "test, train are called like parts, and images lie directly",
        ),
        (["Train/1.png", "dog/1.png", "val/1.png"], "Train, val are called like parts"),
        (["cat/1.png", "cat/2.png"], "there is one class, cat; at least 2"),
        (
            ["cat/1.png", "cat/1.png", *tree(dog="a")],
            "it holds cat/1.png twice. Pack each file once",
        ),
        (["cat/1.png", "cat/2.png", "dog/1.png"], r"smallest class \(dog\)"),
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
    found = understood(tree(train="Mu\u0308sli M\u00fcsli dog", test="M\u00fcsli dog"))
    assert found.class_names == ["M\u00fcsli", "dog"]
    assert (len(found.train), len(found.test)) == (9, 6)


@pytest.mark.parametrize(
    "names", ["Cat cat", "big_cat big-cat", "Bigcat big_Cat", "ﬁsh fish", "cat\u200b cat"]
)
def test_classes_with_nearly_the_same_name_are_said(names: str) -> None:
    found = understood(tree(train=names, test=names))
    shown = ", ".join(sorted(names.split()))
    assert f"classes whose names are nearly the same: {shown}" in found.notes


@pytest.mark.parametrize(
    "names", ["cat dog", "\u043a\u043e\u0442 \u043f\u0451\u0441", "猫 ネコ cat"]
)
def test_class_names_that_differ_are_not_remarked_on(names: str) -> None:
    assert len(understood(tree(train=names, test=names)).notes) == 1


@pytest.mark.parametrize("name", ["@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "lost+found"])
def test_folders_that_file_servers_add_are_no_classes(name: str) -> None:
    names = [*tree(cat="x", dog="x"), f"{name}/1.png", f"cat/{name}/1.png/THUMB_M.jpg"]
    found = understood(names, folders=(f"dog/{name}",))
    assert found.class_names == ["cat", "dog"]
    assert "passed over: 2 hidden" in found.notes


def test_a_list_in_a_message_is_never_long() -> None:
    many = [f"class_with_a_long_name_{i}" for i in range(300)]
    unequal = [*tree(train=" ".join(many), test="cat dog")]
    strange = [f"{name}/{part}/1.png" for name in many for part in ("train", "test")]
    for names in (unequal, strange, [f"a.x{i}" for i in range(300)], [*strange, *strange]):
        with pytest.raises(UserError) as caught:
            understood(names)
        assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (tree(animal="cat dog", car="bus"), "animal/cat, animal/dog, car/bus"),
        (
            [*tree(train_set=CATS), "test_set/1.png", "test_set/2.png"],
            "train_set/cat, train_set/dog",
        ),
        (tree(train__cat="a", train__dog="b", test__cat="a", test__dog="b"), "test/cat/a, "),
    ],
)
def test_folders_inside_class_folders_are_said_to_be_no_classes(
    names: list[str], folders: str
) -> None:
    notes = understood(names).notes
    assert any(f"folders inside class folders are no classes: {folders}" in n for n in notes)


def test_what_is_passed_over_is_counted_and_empty_folders_are_named() -> None:
    names = [
        *tree(train=CATS, test=CATS),
        *("train/owl/1.heic", "train/cat/x.heic", "README", "train/cat/.DS_Store", "Thumbs.db"),
    ]
    notes = understood(names, folders=("train/emu",)).notes
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
