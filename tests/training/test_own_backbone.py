"""`ncmc check backbone` on files that are wrong in one way each: it says where, and how to mend it."""

import re
from pathlib import Path
from unittest import mock

import pytest
import torch

from ncmc.errors import CheckResult
from ncmc.training.own_code import backbone
from ncmc.training.own_code.backbone import BackboneSubject

RIGHT = '''"""mine: a convolution, batch normalisation, the mean over the image."""

import numpy as np
import torch
from torch import nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check


class Mine(Backbone):
    def __init__(self, channels, width):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width)
        self.shift = nn.Parameter(torch.zeros(width))
        self.out_features = width

    def forward(self, images):
        x = self.bn(self.conv(images))
        return x.mean((2, 3)) + self.shift


def build(image_size, channels=3, *, width=6, kind="plain"):
    check(image_size, channels, smallest=4, width=width)
    if kind != "plain":
        raise check(0, channels, smallest=1)
    return Mine(channels, width)
'''


def checked(package: Path, text: str, what: str = "") -> list[CheckResult]:
    """What the checks find: those that others need, and those that are named so."""
    (package / "backbones" / "mine.py").write_text(text)
    needed = list(backbone.CHECKS)[: backbone.NEEDED]
    chosen = {name: c for name, c in backbone.CHECKS.items() if name in needed or what in name}
    with mock.patch.object(backbone, "CHECKS", chosen):
        return backbone.check(BackboneSubject("mine", 8, [(2, 1), (16, 3)]))


def test_a_right_backbone_passes_every_check(own_package: Path) -> None:
    findings = checked(own_package, RIGHT)
    assert [f.what for f in findings] == list(backbone.CHECKS)
    assert all(f.state == "ok" for f in findings), [f for f in findings if f.state != "ok"]


def test_what_cannot_be_looked_at_is_skipped(own_package: Path) -> None:
    findings = checked(own_package, RIGHT.replace("def build", "def make"))
    assert [f.state for f in findings] == ["wrong"] + ["skipped"] * (len(backbone.CHECKS) - 1)


WRONG = {
    "no build": ("def build", "def make", "has build", r"has no function build\(image_size"),
    "no default": ("width=6", "width", "has build", "option width has .*give it one"),
    "no width": ("        self.out_features = width\n", "", "become features", "is None"),
    "maps": (
        "x.mean((2, 3)) + self.shift",
        "x",
        "become features",
        r"\(B, out_features\), is of shape \(2, 6, 8, 8\); it must be a tensor of shape \(2, 6\)",
    ),
    "colour alone": (
        "nn.Conv2d(channels,",
        "nn.Conv2d(3,",
        "grey or colour",
        r"line 20: RuntimeError: .*expected input.* to have 3 channels",
    ),
    "view": (
        "x.mean((2, 3))",
        "x.view(len(x), -1)[:, :6]",
        "become features",
        "line 21: RuntimeError: view size is not compatible",
    ),
    "a size that fails": (
        "check(image_size, channels, smallest=4, width=width)",
        "check(image_size, channels, smallest=1, width=width)",
        "image sizes",
        r"takes images of 2 pixels and 1 channels, but forward\(\) fails on them .*UsageError",
    ),
    "any word": (
        '    if kind != "plain":\n',
        "    if False:\n",
        "refused in words",
        "kind=no-such-choice is taken: raise ncmc.errors.UsageError",
    ),
    "a traceback": (", width=width)", ")", "refused in words", "width=-1 ends in a .*UsageError"),
    "an idle part": (
        "+ self.shift",
        "+ 0",
        "finite gradient",
        "shift gets no gradient: use it",
    ),
    "one value per channel": (
        "self.bn(self.conv(images))",
        "self.bn(self.conv(images).mean((2, 3), keepdim=True))",
        "one image trains",
        r"a single value per channel there. Keep more pixels .* drop_last=on",
    ),
    "numpy's draws": (
        "torch.zeros(width)",
        "torch.tensor(np.random.rand(width)).float()",
        "seed decides",
        "draw from torch alone, not from numpy",
    ),
    "a seed of its own": (
        "super().__init__()",
        "super().__init__()\n        torch.manual_seed(3)",
        "seed decides",
        "another seed gives the same weights: call no manual_seed",
    ),
    "noise": (
        "+ self.shift",
        "+ self.shift + np.random.rand()",
        "seed decides",
        "its state is in the checkpoint",
    ),
    "the batch's mean": (
        "x.mean((2, 3)) + self.shift",
        "x.mean((2, 3)) + self.shift - x.mean((0, 2, 3))",
        "does not depend on its batch",
        "depend on the others of its batch: use running statistics",
    ),
    "a hidden tensor": (
        "nn.Parameter(torch.zeros(width))",
        "nn.Parameter(torch.ones(width)); self.scale = torch.rand(width)",
        "its state brings it back",
        r"register_buffer\(\)",
    ),
    "a value read": (
        "return x.mean((2, 3))",
        "x = x if x.max() > 0 else -x\n        return x.mean((2, 3))",
        "read on the host",
        r"forward\(\) needs values of tensors on the host .* use torch.where",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_backbone_is_told_where_and_how_to_mend_it(own_package: Path, fault: str) -> None:
    old, new, what, advice = WRONG[fault]
    assert old in RIGHT
    text = RIGHT.replace(old, new)
    if fault == "a hidden tensor":
        text = text.replace("+ self.shift", "+ self.shift * self.scale")
    if fault == "a size that fails":
        text = text.replace("3, padding=1", "4")
    found = [f for f in checked(own_package, text, what) if what in f.what]
    assert [f.state for f in found] == ["wrong"]
    assert "backbones/mine.py" in found[0].advice
    assert re.search(advice, found[0].advice, re.DOTALL), found[0].advice


def test_dropout_is_no_fault(own_package: Path) -> None:
    """Its draws come from torch, whose state is in the checkpoint."""
    torch.manual_seed(0)
    text = RIGHT.replace("+ self.shift", "+ nn.functional.dropout(self.shift, 0.5, self.training)")
    assert all(f.state == "ok" for f in checked(own_package, text))
