"""`ncmc check method`, `check backbone` and `check dataset`: lines and exit codes."""

from pathlib import Path

import pytest
from calls import ncmc
from conftest import CHECKOUT
from projects import class_folders

from ncmc.data import fetch, own_dataset
from ncmc.training.own_code import backbone, method

COUNTS = {
    ("check", "method", "cal"): len(method.CHECKS),
    ("check", "backbone", "ResNet8"): len(backbone.CHECKS),
    ("check", "dataset", "digits"): len(own_dataset.CHECKS),
}


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("call", COUNTS, ids=lambda call: call[1])
def test_a_right_one_is_told_line_by_line(call: tuple[str, str, str]) -> None:
    done = ncmc(*call)
    *lines, last = done.stdout.splitlines()
    assert done.exit_code == 0, done.stdout
    if call[1] == "dataset":
        assert lines.pop(0).startswith(
            "  10 classes, 1,297 training + 500 test images: 0: 128 + 50,"
        )
    assert len(lines) == COUNTS[call]
    assert all(line.startswith("✓ ") for line in lines)
    assert last.endswith(f": {COUNTS[call]} checks, all ok")


def test_a_wrong_one_says_where_and_how_to_mend_it(own_package: Path) -> None:
    text = (CHECKOUT / "ncmc" / "methods" / "ce.py").read_text()
    wrong = text.replace("class CE(", "class MINE(").replace("return self.linear(h)", "return h")
    (own_package / "methods" / "mine.py").write_text(wrong)
    done = ncmc("check", "method", "mine")
    assert done.exit_code == 1
    n = len(method.CHECKS)
    assert f"MINE: {n} checks, 1 wrong, {n - 3} not made because of that" in done.stdout
    assert "✗ features, loss, scores, classifier and targets have their shapes\n" in done.stdout
    assert "    ncmc/methods/mine.py: raw_scores() is of shape (2, 16)" in done.stdout
    marks = [line[0] for line in done.stdout.splitlines() if line[0] in "✓✗·"]
    assert marks == ["✓", "✓", "✗"] + ["·"] * (n - 3)


@pytest.mark.parametrize("kind", ["method", "backbone"])
def test_a_name_without_a_file_is_refused_with_the_page_to_read(kind: str) -> None:
    done = ncmc("check", kind, "rbl-lb")
    assert done.exit_code == 2
    assert f"unknown {kind} 'rbl-lb'" in done.stderr
    assert f"ncmc/{kind}s/NAME.py: see docs/your-own.md#a-{kind}" in done.stderr
    assert f"\n## A {kind}\n" in (CHECKOUT / "docs" / "your-own.md").read_text()


def test_a_backbone_is_checked_at_the_size_that_it_is_for() -> None:
    done = ncmc("check", "backbone", "lenet", "--image-size", "12")
    assert done.exit_code == 1
    assert "image_size is 12 pixels; this backbone needs 16 or more" in done.stdout


@pytest.mark.usefixtures("configured")
def test_a_dataset_that_is_not_here_says_how_to_bring_it() -> None:
    done = ncmc("check", "dataset", "cifar10")
    assert done.exit_code == 1
    assert "cifar-10-python.tar.gz is missing" in done.stdout
    assert "Run `ncmc fetch cifar10`" in done.stdout


def test_fetch_check_and_split_say_what_they_understood(configured: Path, tmp_path: Path) -> None:
    content = class_folders(n_train=9)
    for i in range(6):
        del content[f"train/dog/{i}.png"]
    content |= {"test/cat/twin.png": content["train/cat/0.png"], "train/cat/x.heic": b"?"}
    for name, data in content.items():
        path = tmp_path / "images" / name.replace("test", "Valid")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with (configured / "config" / "datasets.yaml").open("a") as file:
        file.write(fetch.example_entry("pets").replace("image_size: 32", "image_size: 8"))
    said = [
        ncmc("fetch", "pets", "--from", str(tmp_path / "images")).stdout,
        ncmc("check", "dataset", "pets").stdout,
        ncmc("split", "pets", "--tau", "1").stdout,
    ]
    for words in (
        "training images from train; test images from Valid",
        "passed over: 1 .heic",
        "images too, pixel by pixel: 1 (such as train/cat/0.png = Valid/cat/twin.png)",
    ):
        assert [text.count(words) > 0 for text in said] == [True] * 3, words
    assert "2 classes, 12 training + 5 test images: cat: 9 + 3, dog: 3 + 2" in said[0]
    assert "✗ no image is in both parts, or in two classes" in said[1]
    assert "  dog: 3\n" in said[2]
    assert (
        "is not of tau 1, as classes have fewer images than it asks (1 of 2: dog 3 of 6)" in said[2]
    )
