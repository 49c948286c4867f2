"""`ncmc check method` on files that are wrong in one way each: it says where, and how to mend it."""

import re
from pathlib import Path
from unittest import mock

import pytest
from conftest import here

from ncmc.errors import CheckResult
from ncmc.training.own_code import method
from ncmc.training.own_code.subject import MethodSubject

RIGHT = '''"""MINE: softmax regression with label smoothing and a cosine head."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ncmc.formulas.losses import unit
from ncmc.methods import Method, Stage  # noqa: F401
from ncmc.methods._checks import check_choice, check_number
from ncmc.methods._layers import linear


class MINE(Method):
    @dataclass(frozen=True)
    class Options(Method.Options):
        smoothing: float = 0.1
        reduce: str = "mean"

        def __post_init__(self):
            check_number("smoothing", self.smoothing, 0)
            check_choice("reduce", self.reduce, ("mean", "sum"))

    def __init__(self, backbone, counts, options, generator):
        super().__init__(backbone, counts, options, generator)
        self.linear = linear(backbone.out_features, self.n_classes, generator, zero_bias=True)
        frame = torch.randn(self.n_classes, backbone.out_features, generator=generator)
        self.register_buffer("frame", unit(frame))
        self.weights = [1 / n for n in self.counts]
        self.bn = torch.nn.Identity()

    def head(self, x):
        return self.bn(x)

    def criterion(self, h, labels):
        scores = self.raw_scores(h)
        loss = F.cross_entropy(scores, labels, label_smoothing=self.options.smoothing)
        return loss

    def raw_scores(self, h):
        return self.linear(h) + h @ self.frame.T

    def targets(self):
        return self.frame

    def classifier(self):
        return self.linear.weight
'''


def checked(package: Path, text: str, what: str = "") -> list[CheckResult]:
    """What the checks find: those that others need, and those that are named so."""
    (package / "methods" / "mine.py").write_text(text)
    needed = list(method.CHECKS)[: method.NEEDED]
    chosen = {name: c for name, c in method.CHECKS.items() if name in needed or what in name}
    with mock.patch.object(method, "CHECKS", chosen):
        return method.check(MethodSubject(here(), "MINE"))


def test_a_right_method_passes_every_check(own_package: Path) -> None:
    findings = checked(own_package, RIGHT)
    assert [f.what for f in findings] == list(method.CHECKS)
    assert all(f.state == "ok" for f in findings), [f for f in findings if f.state != "ok"]


WRONG = {
    "another class name": ("class MINE", "class OTHER", "has a class", "has no class MINE"),
    "no word of what it is": (
        '"""MINE: softmax regression with label smoothing and a cosine head."""\n',
        "",
        "has a class",
        r'begin it with """MINE: in one line."""',
    ),
    "no Python": ("def head(self, x):", "def head(self, x)", "has a class", "line 32: SyntaxError"),
    "Options no dataclass": (
        "    @dataclass(frozen=True)\n",
        "",
        "has a class",
        r"planning reads \['reduce', 'smoothing'\] .* @dataclass\(frozen=True\)",
    ),
    "an option without a default": (
        'reduce: str = "mean"',
        "smoothing: float\n        reduce: str = None",
        "has a default",
        "Options: reduce has no default",
    ),
    "an option of the recipe": (
        'reduce: str = "mean"',
        'momentum: float = 0.5\n        reduce: str = "mean"',
        "has a default",
        "Options: momentum is a key of the recipe",
    ),
    "a loss a sample": ("return loss", "return loss.repeat(2)", "shapes", "a single number"),
    "scores the wrong way round": (
        "def targets",
        "def scores(self, h):\n        return self.raw_scores(h).T\n\n    def targets",
        "shapes",
        r": scores\(\) is of shape \(3, 2\); it must be a tensor of shape \(2, 3\)",
    ),
    "targets of another length": (
        "return self.frame\n",
        "return 2 * self.frame\n",
        "shapes",
        r"targets\(\) are not of length 1: divide",
    ),
    "any number": (
        'check_number("smoothing", self.smoothing, 0)',
        "pass",
        "refused in words",
        "smoothing=nan is taken. Refuse it in __post_init__",
    ),
    "any word": (
        'check_choice("reduce", self.reduce, ("mean", "sum"))',
        "pass",
        "refused in words",
        "reduce=no-such-choice is taken",
    ),
    "a rare class": (
        "1 / n for",
        "1 / (n - 1) for",
        "finite in every stage",
        r"line 29: ZeroDivisionError: with counts \[100, 10, 1\]",
    ),
    "an infinite loss": (
        "return loss",
        "return loss - h.relu().min(1).values.log().mean()",
        "finite in every stage",
        "is not finite: look for a division by zero",
    ),
    "a sum over the batch": (
        "return loss",
        "return loss * len(h)",
        "a mean over the batch",
        r"with each image 4 times in the batch the gradient is 4.0 times as long. Return the mean",
    ),
    "a sum over the batch, and a decay": (
        "return loss",
        "return loss * len(h) / 128 + 1e-3 * self.linear.weight.square().sum()",
        "a mean over the batch",
        r"its loss grows with the batch size",
    ),
    "a part that is held constant": (
        "scores = self.raw_scores(h)",
        "scores = self.raw_scores(h) / self.linear.weight.norm().detach()",
        "differences in float64",
        r"gradient with respect to linear.weight is not that of the loss. Look for detach\(\)",
    ),
    "no gradient for the backbone": (
        "scores = self.raw_scores(h)",
        "scores = self.raw_scores(h.detach())",
        "every parameter is trained",
        "no gradient reaches the backbone in stage 0",
    ),
    "an idle parameter": (
        "self.weights = ",
        "self.idle = torch.nn.Parameter(torch.ones(3))\n        self.weights = ",
        "every parameter is trained",
        r"idle gets no gradient .*register_buffer",
    ),
    "the wrong sign": (
        "return loss",
        "return -loss.clamp_max(9)",
        "find the classes",
        r"Look at the sign of criterion\(\)",
    ),
    "two classes mistaken": (
        "def targets",
        "def scores(self, h):\n        return self.raw_scores(h)[:, [0, 2, 1]]"
        " if self.n_classes == 3 else self.raw_scores(h)\n\n    def targets",
        "find the classes",
        "find the class of 56% of them; .* and at the order of the classes",
    ),
    "a batch normalisation for many": (
        "torch.nn.Identity()",
        "torch.nn.BatchNorm1d(backbone.out_features)",
        "one image trains",
        "BatchNorm of ncmc/methods/_layers.py",
    ),
    "Mixup forgotten": (
        "def targets",
        "def loss(self, images, labels):\n"
        "        return self.criterion(self.features(images), labels.first)\n\n    def targets",
        "Mixup mixes",
        r"use labels.mix; a stage without Mixup is Stage\(mixup=False\)",
    ),
    "a frame from elsewhere": (
        ", generator=generator)",
        ")",
        "its generator decides",
        "frame does not come from `generator`: pass it",
    ),
    "the same draw for each seed": (
        "zero_bias=True)",
        "zero_bias=True)\n        generator.manual_seed(0)\n"
        "        self.linear = linear(backbone.out_features, self.n_classes, generator, "
        "zero_bias=True)",
        "its generator decides",
        "linear.weight is the same for every seed",
    ),
    "a state of its own": (
        'self.register_buffer("frame", unit(frame))',
        "self.frame = unit(frame)",
        "state brings it back",
        r"register_buffer\(\)",
    ),
    "a look that changes": (
        "return self.linear(h)",
        "self.frame.mul_(1.0001)\n        return self.linear(h)",
        "evaluation changes nothing",
        r"predict\(\) changes frame",
    ),
    "a look at the batch": (
        "return self.linear(h)",
        "return self.linear(h - h.mean(0))",
        "evaluation changes nothing",
        "depend on the others of its batch",
    ),
    "a value read": (
        "return loss",
        "return loss if loss.item() > 0 else 2 * loss",
        "read on the host",
        r"stage 0 needs values of tensors on the host",
    ),
    "a condition": (
        "return loss",
        "return loss if loss > 0 else 2 * loss",
        "host",
        "by a condition",
    ),
    "a mask": (
        "return loss",
        "return loss + h[h > 0].sum()",
        "read on the host",
        "where elements are chosen by a mask",
    ),
    "cosines that it does not name": (
        "return self.linear(h) + h @ self.frame.T",
        "return unit(h) @ unit(self.linear.weight).T",
        "are cosines",
        "its scores stay small .* add `scores_are_cosines = True`",
    ),
    "cosines that are none": (
        "class MINE(Method):\n",
        "class MINE(Method):\n    scores_are_cosines = True\n",
        "are cosines",
        "its scores grow .* take out",
    ),
    "a constant that does not move": (
        'self.register_buffer("frame", unit(frame))',
        "self.frame = unit(frame)",
        "on a GPU every tensor is there",
        r"the loss of stage 0 meets a tensor that stays on the CPU .* register_buffer\(\)",
    ),
    "a new tensor on the CPU": (
        "scores = self.raw_scores(h)",
        "scores = self.raw_scores(h) + torch.zeros(self.n_classes)",
        "on a GPU every tensor is there",
        "make new tensors where the old ones are: device=h.device",
    ),
    "a rule for a model that there is not": (
        "class MINE(Method):\n",
        'class MINE(Method):\n    trained_as = "NONE"\n',
        "trained model",
        "trained_as is 'NONE', which has no file",
    ),
    "a rule for another model": (
        "class MINE(Method):\n",
        'class MINE(Method):\n    trained_as = "CE"\n',
        "trained model",
        "its state is not that of CE, .*: frame. Make what .* persistent=False",
    ),
    "a frozen backbone that moves": (
        "def targets",
        "stages = (Stage(freeze_backbone=True),)\n\n    def train(self, mode=True):\n"
        "        return torch.nn.Module.train(self, mode)\n\n    def targets",
        "every parameter is trained",
        "stage 0 freezes the backbone, but its loss changes backbone.*evaluation mode",
    ),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_method_is_told_where_and_how_to_mend_it(own_package: Path, fault: str) -> None:
    old, new, what, advice = WRONG[fault]
    assert old in RIGHT
    text = RIGHT.replace(old, new)
    found = [f for f in checked(own_package, text, what) if what in f.what]
    assert [f.state for f in found] == ["wrong"]
    assert "ncmc/methods/mine.py" in found[0].advice
    assert re.search(advice, found[0].advice, re.DOTALL), found[0].advice


def test_a_part_that_is_held_constant_on_purpose_is_no_fault(own_package: Path) -> None:
    old, new, *_ = WRONG["a part that is held constant"]
    text = RIGHT.replace(old, new).replace(
        "class MINE(Method):\n", "class MINE(Method):\n    holds_constant = True\n"
    )
    assert all(f.state == "ok" for f in checked(own_package, text))


def test_after_a_loss_that_is_not_finite_nothing_else_is_asked(own_package: Path) -> None:
    findings = checked(own_package, RIGHT.replace("return loss", 'return loss * float("nan")'))
    assert [f.state for f in findings if f.state != "skipped"] == ["ok", "ok", "ok", "wrong"]
    assert "the loss of a batch of 6 is not finite" in findings[3].advice
