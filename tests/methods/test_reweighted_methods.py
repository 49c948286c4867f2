"""BALANCED-SOFTMAX, LA, ARB, CB-CE, FOCAL, LDAM, LDAM-DRW: what is special about each."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from slow_losses import (
    slow_arb,
    slow_class_balanced_weights,
    slow_cross_entropy,
    slow_focal,
    slow_ldam,
    slow_logit_adjusted,
)
from small_models import COUNTS, Flat, batch, build
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.methods import Method, focal
from ncmc.methods.arb import ARB
from ncmc.methods.balanced_softmax import BALANCED_SOFTMAX
from ncmc.methods.cb_ce import CB_CE
from ncmc.methods.ce import CE
from ncmc.methods.focal import FOCAL
from ncmc.methods.la import LA
from ncmc.methods.ldam import LDAM
from ncmc.methods.ldam_drw import LDAM_DRW

torch.set_num_threads(1)


def features(method: Method, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features (12, d) of a method in float64, and their labels."""
    images, labels = batch(seed=seed, mixed=False)
    return method.double().features(images.double()).detach(), labels.first


def logits(method: Method, h: Tensor) -> Tensor:
    return method.raw_scores(h).detach()


# --- the loss of each is its formula --------------------------------------------------------------


def test_balanced_softmax_weighs_the_softmax_by_the_training_sizes() -> None:
    method = build(BALANCED_SOFTMAX)
    h, labels = features(method)
    slow = slow_arb(logits(method, h), labels, COUNTS)
    assert method.criterion(h, labels).item() == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_la_adds_the_scaled_log_prior(strength: float) -> None:
    method = build(LA, strength=strength)
    h, labels = features(method)
    slow = slow_logit_adjusted(logits(method, h), labels, COUNTS, strength)
    assert method.criterion(h, labels).item() == pytest.approx(slow, rel=1e-9)


def test_arb_counts_the_classes_of_the_batch() -> None:
    method = build(ARB)
    h, labels = features(method)
    counts = [int((labels == k).sum()) for k in range(4)]
    slow = slow_arb(logits(method, h), labels, counts)
    assert method.criterion(h, labels).item() == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("average", ["images", "weights"])
def test_cb_ce_is_the_weighted_cross_entropy(average: str) -> None:
    method = build(CB_CE, beta=0.9, average=average)
    h, labels = features(method)
    weights = slow_class_balanced_weights(COUNTS, 0.9)
    each = slow_cross_entropy(logits(method, h), labels)
    own = [weights[k] for k in labels.tolist()]
    total = sum(w * loss for w, loss in zip(own, each, strict=True))
    slow = total / (12 if average == "images" else sum(own))
    assert method.criterion(h, labels).item() == pytest.approx(slow, rel=1e-6)  # float32 weights


def test_focal_is_its_formula_and_its_form_can_be_chosen() -> None:
    method = build(FOCAL, focusing=1.5)
    h, labels = features(method)
    slow = slow_focal(logits(method, h), labels, 1.5)
    assert method.criterion(h, labels).item() == pytest.approx(slow, rel=1e-9)
    binary = build(FOCAL, focusing=1.5, form="sigmoid").double().criterion(h, labels)
    assert torch.equal(binary, focal.sigmoid_focal(logits(method, h), labels, 1.5))


def test_ldam_takes_the_margin_off_the_cosine_with_the_own_class() -> None:
    method = build(LDAM)
    h, labels = features(method)
    slow = slow_ldam(logits(method, h), labels, COUNTS, 30.0)
    assert method.criterion(h, labels).item() == pytest.approx(sum(slow) / 12, rel=1e-6)


def test_ldam_drw_weighs_the_classes_in_its_second_stage_alone() -> None:
    method = build(LDAM_DRW, beta=0.9)
    h, labels = features(method)
    each = slow_ldam(logits(method, h), labels, COUNTS, 30.0)
    weights = slow_class_balanced_weights(COUNTS, 0.9)
    own = [weights[k] for k in labels.tolist()]
    method.enter(0)
    assert method.criterion(h, labels).item() == pytest.approx(sum(each) / 12, rel=1e-6)
    method.enter(1)
    weighted = sum(w * loss for w, loss in zip(own, each, strict=True)) / sum(own)
    assert method.criterion(h, labels).item() == pytest.approx(weighted, rel=1e-6)


# --- oracles: where two methods are one -----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "twin", "of_twin"),
    [
        (LA, {"strength": 0.0}, CE, {}),
        (LA, {}, BALANCED_SOFTMAX, {}),
        (ARB, {"counts": "global"}, BALANCED_SOFTMAX, {}),
        (CB_CE, {"beta": 0.0}, CE, {}),
        (CB_CE, {"beta": 0.0, "average": "weights"}, CE, {}),
        (FOCAL, {"focusing": 0.0}, CE, {}),
    ],
)
def test_two_methods_that_are_one_have_one_loss_and_gradient(
    kind: type[CE], options: dict[str, Any], twin: type[CE], of_twin: dict[str, Any]
) -> None:
    images, labels = batch()
    found = []
    for each, given in ((kind, options), (twin, of_twin)):
        method = build(each, **given).double()
        loss = method.loss(images.double(), labels)
        gradients = torch.autograd.grad(loss, list(method.parameters()))
        found.append([loss.detach(), *gradients])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_equal_classes_make_every_loss_of_the_linear_classifier_cross_entropy() -> None:
    images, labels = batch()
    plain = build(CE).loss(images, labels).item()
    for kind in (BALANCED_SOFTMAX, LA, CB_CE):
        torch.manual_seed(0)
        method = kind(Flat(), [7] * 4, kind.Options(), torch.Generator().manual_seed(0))
        assert method.loss(images, labels).item() == pytest.approx(plain, rel=1e-6)


def test_the_decision_rule_is_that_of_ce() -> None:
    """The sizes of the classes shift the loss; a balanced test set needs no shift."""
    images, _ = batch()
    plain = build(CE).eval().predict(images)
    for kind in (BALANCED_SOFTMAX, LA, ARB, CB_CE, FOCAL):
        assert torch.equal(build(kind).eval().predict(images), plain)


# --- what is special ------------------------------------------------------------------------------


def test_arb_takes_the_counts_before_mixup_for_both_labels() -> None:
    """Mixup's second labels are a permutation of the first: the counts of either are the same."""
    method = build(ARB)
    images, labels = batch()
    assert labels.second is not None
    h = method.features(images).detach()
    counts = [int((labels.first == k).sum()) for k in range(4)]
    first, second = (
        slow_arb(logits(method, h), each, counts) for each in (labels.first, labels.second)
    )
    assert method.loss(images, labels).item() == pytest.approx(0.3 * first + 0.7 * second, rel=1e-5)


def test_a_class_that_a_batch_lacks_is_left_out_of_arbs_softmax() -> None:
    method = build(ARB)
    h, _ = features(method)
    labels = torch.tensor([0, 2] * 6)
    method.criterion(h, labels).backward()
    assert method.linear.weight.grad is not None
    assert not method.linear.weight.grad[[1, 3]].any()
    assert method.linear.weight.grad[[0, 2]].all(dim=1).all()


def test_arbs_clamp_cuts_logits_off_at_30() -> None:
    images, labels = batch(mixed=False)
    losses = []
    for clamp in (True, False):
        method = build(ARB, clamp=clamp)
        method.linear.weight.data *= 1000
        h = method.features(images).detach()
        losses.append(method.criterion(h, labels.first).item())
        shown = logits(method, h).clamp(-30, 30) if clamp else logits(method, h)
        counts = torch.bincount(labels.first, minlength=4)
        slow = F.cross_entropy(shown + counts.log(), labels.first)
        assert losses[-1] == pytest.approx(slow.item(), rel=1e-5)
    assert losses[0] < losses[1]


def test_ldam_scores_ignore_the_lengths_of_features_and_rows() -> None:
    method = build(LDAM)
    h, labels = features(method)
    before = logits(method, h), method.criterion(h, labels)
    method.weight.data *= torch.tensor([[2.0], [0.1], [7.0], [1.0]])
    torch.testing.assert_close(logits(method, 3.0 * h), before[0])
    torch.testing.assert_close(method.criterion(3.0 * h, labels), before[1])
    assert before[0].abs().max() <= 1


def test_turning_features_and_classifier_together_changes_no_ldam_score() -> None:
    method = build(LDAM)
    h, _ = features(method)
    before = logits(method, h)
    turn = torch.linalg.qr(torch.randn(13, 13, dtype=torch.float64)).Q
    method.weight.data = method.weight.data @ turn
    torch.testing.assert_close(logits(method, h @ turn), before)


def test_ldams_margins_are_largest_for_the_rarest_class() -> None:
    margins = build(LDAM).margins
    assert margins.tolist() == pytest.approx([0.5 * (n / 3) ** -0.25 for n in COUNTS])
    assert margins.argmax() == 3


def test_the_stages_of_ldam_drw_are_160_and_40_of_200_epochs() -> None:
    assert [200 * stage.share for stage in build(LDAM_DRW).stages] == pytest.approx([160, 40])
    assert [stage.share for stage in build(LDAM_DRW, defer=0.5).stages] == [0.5, 0.5]


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (LA, {"strength": -1}),
        (LA, {"strength": math.nan}),
        (ARB, {"counts": "epoch"}),
        (ARB, {"clamp": 30}),
        (CB_CE, {"beta": 1}),
        (CB_CE, {"beta": -0.1}),
        (CB_CE, {"average": "mean"}),
        (FOCAL, {"focusing": -1}),
        (FOCAL, {"form": "binary"}),
        (LDAM, {"margin": -0.5}),
        (LDAM, {"scale": "30"}),
        (LDAM_DRW, {"defer": 1}),
        (LDAM_DRW, {"defer": -0.1}),
        (LDAM_DRW, {"beta": 1.0}),
    ],
)
def test_bad_values_are_refused_by_name(kind: type[Method], options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(UsageError, match=f"{name} is"):
        kind.Options(**options)


@pytest.mark.parametrize("kind", [CB_CE, LDAM, LDAM_DRW])
def test_a_class_without_training_images_is_refused(kind: type[Method]) -> None:
    with pytest.raises(UsageError, match="class 2 has 0 training images"):
        kind(Flat(), [5, 3, 0], kind.Options(), torch.Generator())


def test_defaults_are_those_that_their_authors_used() -> None:
    assert LA.Options().strength == 1
    assert (ARB.Options().counts, ARB.Options().clamp) == ("batch", True)
    assert (CB_CE.Options().beta, CB_CE.Options().average) == (0.9999, "images")
    assert (FOCAL.Options().focusing, FOCAL.Options().form) == (2, "softmax")
    options = LDAM_DRW.Options()
    assert (options.margin, options.scale, options.defer, options.beta) == (0.5, 30, 0.8, 0.9999)
