"""A method in somebody else's training loop: the same numbers as in ours, and clear refusals."""

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import CHECKOUT
from torch import nn

from ncmc import OnFeatures
from ncmc.errors import UsageError
from ncmc.methods import Labels, cal
from ncmc.plan import catalog
from ncmc.training.on_features import Features

COUNTS = [9, 5, 2]


def features_and_labels(n: int = 8, width: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, width, generator=generator), torch.arange(n) % 3


@pytest.mark.parametrize("name", catalog.names("method"))
def test_every_method_has_a_loss_and_scores_on_features(name: str) -> None:
    x, y = features_and_labels()
    x.requires_grad_()
    method = OnFeatures(name, 12, COUNTS)
    method.enter(len(method.method.stages) - 1)
    views = method.method.stages[-1].views
    loss = method.loss(x.repeat_interleave(views, 0), y.repeat_interleave(views))
    assert loss.ndim == 0
    assert loss.isfinite()
    loss.backward()
    assert method.eval().scores(x).shape == (8, 3)


def test_loss_and_scores_are_those_of_the_method() -> None:
    x, y = features_and_labels()
    ours = OnFeatures("CAL", 12, COUNTS, seed=3, f=3, theta=0.4)
    options = cal.CAL.Options(f=3, theta=0.4)
    theirs = cal.CAL(Features(12), COUNTS, options, torch.Generator().manual_seed(3))
    h = theirs.head(x)
    assert torch.equal(ours.loss(x, y), theirs.criterion(h, y))
    assert torch.equal(ours(x, y), theirs.criterion(h, y))
    theirs.observe(h.detach())
    theirs.observe(h.detach())  # as two calls of the loss have done
    assert torch.equal(ours.eval().scores(x), theirs.eval().scores(theirs.head(x)))


def test_a_rule_that_is_fitted_is_the_nearest_class_mean() -> None:
    x, y = features_and_labels(60)
    rule = OnFeatures("NCM", 12, COUNTS).eval()
    rule.fit(x, y)
    means = torch.stack([x[y == k].mean(0) for k in range(3)])
    expected = nn.functional.cosine_similarity(x[:, None], means[None], dim=2)
    torch.testing.assert_close(rule.scores(x), expected)


def test_mixup_is_that_of_the_harness() -> None:
    x, y = features_and_labels()
    method = OnFeatures("SETF", 12, COUNTS).eval()
    mixed = method.loss(x, Labels(y, y.flip(0), 0.25))
    expected = 0.25 * method.loss(x, y) + 0.75 * method.loss(x, y.flip(0))
    torch.testing.assert_close(mixed, expected)


def test_the_seed_decides_the_frame_and_its_state_brings_it_back() -> None:
    x, _ = features_and_labels()
    first, again, other = (OnFeatures("CAL", 12, COUNTS, seed=s).eval() for s in (0, 0, 1))
    assert torch.equal(first.scores(x), again.scores(x))
    assert not torch.equal(first.scores(x), other.scores(x))
    other.load_state_dict(first.state_dict())
    assert torch.equal(first.scores(x), other.scores(x))


def test_the_methods_own_loss_and_a_global_draw_leave_each_other_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    OnFeatures("CAL", 12, COUNTS)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("CALL", 12, COUNTS), {}, "unknown method 'CALL'. Did you mean 'CAL'"),
        (("CAL", 12, COUNTS), {"ff": 3}, "unknown option of CAL 'ff'"),
        (("CAL", 12, COUNTS), {"f": 2.5}, "f is 2.5; allowed: a whole number"),
        (("CAL", 0, COUNTS), {}, "width is 0"),
        (("CAL", 12, [5]), {}, r"counts are \[5\]; allowed: .* 2 or more classes"),
        (("CAL", 12, [5, 0]), {}, r"counts are \[5, 0\]"),
        (("CAL", 12, [5.0, 2.7]), {}, "counts is 5.0; allowed: a whole number"),
        (("CE", 12, torch.tensor([0.8, 0.2])), {}, "counts is tensor.*a whole number"),
        (("CE", 12.5, COUNTS), {}, "width is 12.5; allowed: a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        OnFeatures(*arguments, **options)


def test_counts_may_be_whole_numbers_of_any_kind() -> None:
    x, y = features_and_labels()
    kinds: list[Any] = [np.array(COUNTS, np.uint8), torch.tensor(COUNTS), tuple(COUNTS)]
    for counts in kinds:
        assert OnFeatures("LDAM", 12, counts).loss(x, y) == OnFeatures("LDAM", 12, COUNTS).loss(
            x, y
        )


@pytest.mark.parametrize("name", ["CAL", "CE", "SETF", "NCM", "RBL"])
@pytest.mark.parametrize(
    "kind", [torch.float64, torch.int64, torch.uint8, torch.bool, torch.complex64]
)
def test_features_of_another_type_than_the_method_computes_in_are_refused(
    name: str, kind: torch.dtype
) -> None:
    x, y = features_and_labels()
    method = OnFeatures(name, 12, COUNTS)
    said = f"features are {kind} and this method is in torch.float32; allowed: features in half"
    with pytest.raises(ValueError, match=said):
        method.loss(x.to(kind), y)
    with pytest.raises(ValueError, match=said):
        method.scores(x.to(kind))
    with pytest.raises(ValueError, match=said):
        method.fit(x.to(kind), y)


@pytest.mark.parametrize("name", catalog.names("method"))
def test_features_may_be_in_half_precision_or_both_in_double(name: str) -> None:
    x, y = features_and_labels()
    method = OnFeatures(name, 12, COUNTS)
    for kind in (torch.bfloat16, torch.float16):
        half = x.to(kind)
        assert torch.equal(method.scores(half), method.scores(half.float()))
        assert method.loss(half, y).dtype == torch.float32
    assert method.double().loss(x.double(), y).dtype == torch.float64
    with pytest.raises(ValueError, match="float32 and this method is in torch.float64"):
        method.loss(x, y)
    with pytest.raises(ValueError, match="this method is in torch.bfloat16"):
        method.bfloat16().loss(x, y)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_features_that_are_not_finite_are_refused_with_their_rows(value: float) -> None:
    x, y = features_and_labels()
    x[2, 1] = x[5] = value
    method = OnFeatures("CAL", 12, COUNTS)
    said = r"features are nan or infinite; allowed: finite numbers\. \(rows 2, 5 of 8\)"
    for call in (lambda: method.loss(x, y), lambda: method.scores(x), lambda: method.fit(x, y)):
        with pytest.raises(ValueError, match=said):
            call()


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan"), torch.tensor(2.0)])
def test_a_share_of_mixup_outside_of_0_to_1_is_refused(weight: Any) -> None:
    x, y = features_and_labels()
    with pytest.raises(ValueError, match="weight of Mixup is .*; allowed: a number from 0 to 1"):
        OnFeatures("CE", 12, COUNTS).loss(x, Labels(y, y.flip(0), weight))


def test_features_of_another_width_are_refused() -> None:
    x, y = features_and_labels()
    method = OnFeatures("CE", 11, COUNTS)
    with pytest.raises(UsageError, match=r"features are of shape \(8, 12\); allowed: \(B, 11\)"):
        method.loss(x, y)
    with pytest.raises(UsageError, match=r"allowed: \(B, 11\)"):
        method.scores(x[0])


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, 1, 2, 3], r"labels run from 0 to 3; allowed: 4 whole numbers, .* from 0 to 2\."),
        ([0, -1, 2, 1], "labels run from -1 to 2"),
        ([0], r"labels are of shape \(1,\) and torch.int64"),
        ([[0, 1, 2, 1]], r"labels are of shape \(1, 4\)"),
        ([0.0, 1.0, 2.0, 1.0], "and torch.float32"),
    ],
)
@pytest.mark.parametrize("name", ["CAL", "CE", "NCM"])
def test_labels_that_name_no_class_or_fit_no_feature_are_refused(
    name: str, labels: Any, said: str
) -> None:
    x, y = features_and_labels(4)
    method, wrong = OnFeatures(name, 12, COUNTS), torch.tensor(labels)
    for given in (wrong, Labels(y, wrong, 0.5)):
        with pytest.raises(UsageError, match=said):
            method.loss(x, given)
    with pytest.raises(UsageError, match=said):
        method.fit(x, wrong)


@pytest.mark.parametrize("name", catalog.names("method"))
def test_labels_may_be_whole_numbers_of_any_kind(name: str) -> None:
    """Of as many rows as classes: torch would take labels of uint8 for a mask then."""
    features, labels = torch.randn(3, 64), torch.tensor([1, 2, 1])
    kinds = torch.int64, torch.int32, torch.uint8
    found = [OnFeatures(name, 64, [10, 5, 2]).loss(features, labels.to(kind)) for kind in kinds]
    assert found[0].item() == found[1].item() == found[2].item()


def test_an_empty_batch_is_refused() -> None:
    x, y = features_and_labels(4)
    with pytest.raises(UsageError, match=r"features are of shape \(0, 12\); allowed: \(B, 12\)"):
        OnFeatures("CAL", 12, COUNTS).loss(x[:0], y[:0])


def test_the_page_has_a_training_loop_of_under_20_lines_and_learns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (CHECKOUT / "docs" / "your-own.md").read_text()
    section = page.partition("\n## Our loss in your own training loop\n")[2]
    (program,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(program.splitlines()) < 20
    file = tmp_path / "loop.py"
    file.write_text(program)
    torch.manual_seed(0)
    runpy.run_path(str(file))
    (said,) = re.findall(r"accuracy ([\d.]+)%", capsys.readouterr().out)
    assert float(said) > 70
