"""Logit adjustment, class-balanced weights, LDAM and focal: loops, oracles, invariances."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_losses import (
    NoHostReads,
    slow_arb,
    slow_class_balanced_weights,
    slow_cross_entropy,
    slow_focal,
    slow_ldam,
    slow_logit_adjusted,
)
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas import losses, rebalanced
from ncmc.methods import focal

torch.set_num_threads(1)
FEW = settings(max_examples=30, deadline=None)
counts_lists = st.lists(st.integers(1, 5000), min_size=2, max_size=6)
seeds = st.integers(0, 50)
COUNTS = [60, 20, 5, 1]


def batch(size: int, n_classes: int, seed: int = 0, scale: float = 3) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(size, n_classes, generator=g, dtype=torch.float64)
    return logits, torch.randint(0, n_classes, (size,), generator=g)


def cosines(size: int, n_classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    logits, labels = batch(size, n_classes, seed)
    return logits.tanh(), labels


Loss = Callable[[Tensor, Tensor, list[int]], Tensor]


def logit_adjusted(z: Tensor, labels: Tensor, counts: list[int]) -> Tensor:
    return rebalanced.logit_adjusted(z, labels, torch.tensor(counts), 0.7)


def class_balanced(z: Tensor, labels: Tensor, counts: list[int]) -> Tensor:
    each = F.cross_entropy(losses.in_full(z), labels, reduction="none")
    return rebalanced.weighted_mean(each, labels, rebalanced.class_balanced_weights(counts, 0.99))


def ldam(z: Tensor, labels: Tensor, counts: list[int]) -> Tensor:
    return rebalanced.ldam(z, labels, rebalanced.ldam_margins(counts, 0.5), 5.0).mean()


def softmax_focal(z: Tensor, labels: Tensor, counts: list[int]) -> Tensor:
    return focal.focal(z, labels, 2.0)


def sigmoid_focal(z: Tensor, labels: Tensor, counts: list[int]) -> Tensor:
    return focal.sigmoid_focal(z, labels, 2.0)


every_loss = pytest.mark.parametrize(
    "loss", [logit_adjusted, class_balanced, ldam, softmax_focal, sigmoid_focal]
)


# --- for every loss -------------------------------------------------------------------------------


@every_loss
def test_gradients_equal_finite_differences(loss: Loss) -> None:
    z, labels = batch(5, 4)
    assert torch.autograd.gradcheck(lambda x: loss(x, labels, COUNTS), z.requires_grad_())


@every_loss
@given(seed=seeds, order=st.permutations(range(4)))
@FEW
def test_the_names_of_the_classes_do_not_count(loss: Loss, seed: int, order: list[int]) -> None:
    """Logits, labels and counts permuted together."""
    z, labels = batch(7, 4, seed)
    renamed = torch.tensor([order.index(k) for k in labels.tolist()])
    plain = loss(z, labels, COUNTS)
    permuted = loss(z[:, order], renamed, [COUNTS[k] for k in order])
    assert float(permuted) == pytest.approx(float(plain), rel=1e-12)


@every_loss
def test_half_precision_is_computed_with_in_float32(loss: Loss) -> None:
    z, labels = batch(6, 4)
    rounded = z.bfloat16()
    assert torch.equal(loss(rounded, labels, COUNTS), loss(rounded.float(), labels, COUNTS))


@every_loss
def test_no_loss_reads_a_value_on_the_host(loss: Loss) -> None:
    z, labels = batch(6, 4)
    z.requires_grad_()
    with NoHostReads():
        loss(z, labels, COUNTS).backward()


@every_loss
@pytest.mark.parametrize("scale", [0.0, 1e3])
def test_losses_and_gradients_are_finite_at_any_logit(loss: Loss, scale: float) -> None:
    z, labels = batch(6, 4, scale=scale)
    z = z.float().requires_grad_()
    found = loss(z, labels, COUNTS)
    found.backward()
    assert z.grad is not None
    assert torch.isfinite(found)
    assert torch.isfinite(z.grad).all()


# --- logit adjustment, Balanced Softmax, ARB ------------------------------------------------------


@given(counts_lists, st.floats(0, 3), seeds)
@FEW
def test_logit_adjustment_equals_the_formula_as_a_loop(
    counts: list[int], strength: float, seed: int
) -> None:
    z, labels = batch(6, len(counts), seed)
    found = rebalanced.logit_adjusted(z, labels, torch.tensor(counts), strength)
    slow = slow_logit_adjusted(z, labels, counts, strength)
    assert float(found) == pytest.approx(slow, rel=1e-9, abs=1e-12)


@given(counts_lists, seeds)
@FEW
def test_the_arb_loss_with_fixed_counts_is_balanced_softmax(counts: list[int], seed: int) -> None:
    z, labels = batch(6, len(counts), seed)
    balanced_softmax = rebalanced.logit_adjusted(z, labels, torch.tensor(counts))
    assert float(balanced_softmax) == pytest.approx(slow_arb(z, labels, counts), rel=1e-9)


@given(counts_lists, seeds)
@FEW
def test_logit_adjustment_of_strength_0_is_cross_entropy(counts: list[int], seed: int) -> None:
    z, labels = batch(6, len(counts), seed)
    found = rebalanced.logit_adjusted(z, labels, torch.tensor(counts), 0.0)
    assert torch.equal(found, F.cross_entropy(z, labels))
    none = torch.zeros(len(counts), dtype=torch.int64)
    assert torch.equal(rebalanced.logit_adjusted(z, labels, none, 0.0), found)


@given(st.integers(1, 100), seeds)
@FEW
def test_equal_counts_change_nothing(count: int, seed: int) -> None:
    z, labels = batch(6, 5, seed)
    found = rebalanced.logit_adjusted(z, labels, torch.full((5,), count))
    assert float(found) == pytest.approx(float(F.cross_entropy(z, labels)), rel=1e-12)


@given(counts_lists, st.integers(2, 9), seeds)
@FEW
def test_only_the_ratios_of_counts_matter(counts: list[int], times: int, seed: int) -> None:
    z, labels = batch(6, len(counts), seed)
    found = rebalanced.logit_adjusted(z, labels, torch.tensor(counts), 1.3)
    more = rebalanced.logit_adjusted(z, labels, times * torch.tensor(counts), 1.3)
    assert float(more) == pytest.approx(float(found), rel=1e-9, abs=1e-12)


def test_a_class_that_is_absent_leaves_the_sum_and_gets_no_gradient() -> None:
    z, _ = batch(6, 4)
    labels = torch.tensor([0, 0, 3, 3, 3, 0])
    z.requires_grad_()
    found = rebalanced.logit_adjusted(z, labels, losses.class_sizes(labels, 4))
    found.backward()
    slow = slow_arb(z.detach(), labels, [3, 0, 0, 3])
    assert found.item() == pytest.approx(slow, rel=1e-12)
    assert z.grad is not None
    assert not z.grad[:, 1:3].any()
    assert z.grad[:, [0, 3]].all()


# --- class-balanced weights -----------------------------------------------------------------------


@given(st.lists(st.integers(1, 300), min_size=2, max_size=6), st.floats(0, 0.9999))
@FEW
def test_class_balanced_weights_are_one_over_the_effective_number(
    counts: list[int], beta: float
) -> None:
    found = rebalanced.class_balanced_weights(counts, beta)
    assert found.tolist() == pytest.approx(slow_class_balanced_weights(counts, beta), rel=1e-9)
    assert float(found.sum()) == pytest.approx(len(counts))


def test_class_balanced_weights_at_both_ends_of_beta() -> None:
    assert rebalanced.class_balanced_weights([50, 7, 1], 0).tolist() == [1, 1, 1]
    near_one = rebalanced.class_balanced_weights([50, 7, 1], 1 - 1e-12)
    assert (near_one * torch.tensor([50, 7, 1])).std() < 1e-8  # 1/n


@pytest.mark.parametrize("beta", [1, -0.1, math.nan])
def test_a_senseless_beta_is_refused(beta: float) -> None:
    with pytest.raises(UsageError, match="beta is"):
        rebalanced.class_balanced_weights([3, 2], beta)


def test_a_class_without_images_is_refused_by_its_number() -> None:
    with pytest.raises(UsageError, match="class 1 has 0 training images"):
        rebalanced.class_balanced_weights([3, 0], 0.9)
    with pytest.raises(UsageError, match="class 1 has 0 training images"):
        rebalanced.ldam_margins([3, 0], 0.5)


@given(counts_lists, st.floats(0, 0.9999), seeds)
@FEW
def test_the_weighted_mean_is_that_of_torchs_cross_entropy(
    counts: list[int], beta: float, seed: int
) -> None:
    z, labels = batch(9, len(counts), seed)
    weights = rebalanced.class_balanced_weights(counts, beta)
    each = F.cross_entropy(z, labels, reduction="none")
    found = rebalanced.weighted_mean(each, labels, weights)
    assert float(found) == pytest.approx(float(F.cross_entropy(z, labels, weights)), rel=1e-9)


@given(st.integers(1, 5000), st.floats(0, 0.9999), seeds)
@FEW
def test_equal_counts_weigh_nothing(count: int, beta: float, seed: int) -> None:
    z, labels = batch(6, 4, seed)
    weights = rebalanced.class_balanced_weights([count] * 4, beta)
    each = F.cross_entropy(z, labels, reduction="none")
    found = rebalanced.weighted_mean(each, labels, weights)
    assert float(found) == pytest.approx(float(each.mean()), rel=1e-12)


# --- LDAM -----------------------------------------------------------------------------------------


@given(counts_lists, st.floats(1, 30), seeds)
@FEW
def test_ldam_equals_the_formula_as_a_loop(counts: list[int], scale: float, seed: int) -> None:
    z, labels = cosines(6, len(counts), seed)
    found = rebalanced.ldam(z, labels, rebalanced.ldam_margins(counts, 0.5), scale)
    slow = slow_ldam(z, labels, counts, scale)
    assert found.tolist() == pytest.approx(slow, rel=1e-7, abs=1e-12)


def test_margins_grow_as_the_fourth_root_of_rarity() -> None:
    found = rebalanced.ldam_margins([16 * 81, 81, 16, 1], 0.5)
    assert found.tolist() == pytest.approx([0.5 / 6, 0.5 / 3, 0.5 / 2, 0.5])


@given(seeds)
@FEW
def test_ldam_without_margin_is_cross_entropy(seed: int) -> None:
    z, labels = cosines(6, 4, seed)
    found = rebalanced.ldam(z, labels, rebalanced.ldam_margins(COUNTS, 0.0), 30.0)
    assert torch.equal(found, F.cross_entropy(30 * z, labels, reduction="none"))


# --- focal ----------------------------------------------------------------------------------------


@given(st.floats(0, 5), seeds)
@FEW
def test_the_focal_loss_equals_the_formula_as_a_loop(gamma: float, seed: int) -> None:
    z, labels = batch(6, 4, seed)
    found = focal.focal(z, labels, gamma)
    assert float(found) == pytest.approx(slow_focal(z, labels, gamma), rel=1e-7)


@given(seeds)
@FEW
def test_the_focal_loss_of_gamma_0_is_cross_entropy(seed: int) -> None:
    z, labels = batch(6, 4, seed)
    plain = sum(slow_cross_entropy(z, labels)) / 6
    assert float(focal.focal(z, labels, 0.0)) == pytest.approx(plain, rel=1e-9)
    assert float(focal.focal(z, labels, 0.0)) == pytest.approx(
        float(F.cross_entropy(z, labels)), rel=1e-12
    )


@given(st.floats(0, 5), seeds)
@FEW
def test_the_sigmoid_form_is_torchvisions(gamma: float, seed: int) -> None:
    from torchvision.ops import sigmoid_focal_loss

    z, labels = batch(6, 4, seed)
    theirs = sigmoid_focal_loss(z, F.one_hot(labels, 4).double(), alpha=-1, gamma=gamma)
    assert float(focal.sigmoid_focal(z, labels, gamma)) == pytest.approx(
        float(theirs.sum() / 6), rel=1e-7
    )
