"""`ncmc check-method`, `check-backbone` and `check-dataset`: lines, exit codes, JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT
from typer.testing import CliRunner

from cli.main import app
from ncmc.data import own_dataset
from ncmc.training.own_code import backbone, method

COUNTS = {
    ("check-method", "cal"): len(method.CHECKS),
    ("check-backbone", "ResNet8"): len(backbone.CHECKS),
    ("check-dataset", "digits"): len(own_dataset.CHECKS),
}


def ncmc(*arguments: str) -> Any:
    """One call in this process."""
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("call", COUNTS, ids=lambda call: call[0])
def test_a_right_one_is_told_line_by_line(call: tuple[str, str]) -> None:
    done = ncmc(*call)
    *lines, last = done.stdout.splitlines()
    assert done.exit_code == 0, done.stdout
    if call[0] == "check-dataset":
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
    done = ncmc("check-method", "mine")
    assert done.exit_code == 1
    n = len(method.CHECKS)
    assert f"MINE: {n} checks, 1 wrong, {n - 3} not made because of that" in done.stdout
    assert "✗ features, loss, scores, classifier and targets have their shapes\n" in done.stdout
    assert "    ncmc/methods/mine.py: raw_scores() is of shape (2, 16)" in done.stdout
    told = json.loads(ncmc("check-method", "MINE", "--json").stdout)
    assert (told["name"], told["ok"], len(told["checks"])) == ("MINE", False, n)
    states = [found["state"] for found in told["checks"]]
    assert states == ["ok", "ok", "wrong"] + ["skipped"] * (n - 3)


@pytest.mark.parametrize("kind", ["method", "backbone"])
def test_a_name_without_a_file_is_refused_with_the_page_to_read(kind: str) -> None:
    done = ncmc(f"check-{kind}", "rbl-lb")
    assert done.exit_code == 2
    assert f"unknown {kind} 'rbl-lb'" in done.stderr
    assert f"ncmc/{kind}s/NAME.py: see docs/own-{kind}.md" in done.stderr
    assert (CHECKOUT / "docs" / f"own-{kind}.md").is_file()


def test_a_backbone_is_checked_at_the_size_that_it_is_for() -> None:
    done = ncmc("check-backbone", "lenet", "--image-size", "12")
    assert done.exit_code == 1
    assert "image_size is 12 pixels; this backbone needs 16 or more" in done.stdout


@pytest.mark.usefixtures("configured")
def test_a_dataset_that_is_not_here_says_how_to_bring_it() -> None:
    done = ncmc("check-dataset", "cifar10")
    assert done.exit_code == 1
    assert "cifar-10-python.tar.gz not in" in done.stdout
    assert "Run `ncmc fetch cifar10`" in done.stdout
