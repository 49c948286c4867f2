"""Losses against the formulas as loops, against autograd, and at the places where they break."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_losses import (
    NoHostReads,
    loss_floors,
    slow_cosine_regression,
    slow_dot_regression,
)
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas import frames, losses

torch.set_num_threads(1)
FEW = settings(max_examples=30, deadline=None)
centers_lists = st.lists(st.integers(1, 5), min_size=2, max_size=5)
angles = st.floats(0, math.pi / 2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(size: int, dim: int, n_classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    g = seeded(seed)
    h = torch.randn(size, dim, generator=g, dtype=torch.float64)
    return h, torch.randint(0, n_classes, (size,), generator=g)


# --- cosine regression ----------------------------------------------------------------------------


@given(centers_lists, angles, st.floats(0, 2), st.sampled_from(["sum", "mean"]), st.integers(0, 50))
@FEW
def test_both_forms_equal_the_formula_as_a_loop(
    f: list[int], theta: float, lam: float, reduce: str, seed: int
) -> None:
    dim = sum(f) + len(f) + 2
    h, labels = batch(9, dim, len(f), seed)
    centers, _ = frames.multi_center_frame(f, dim, theta, seeded(seed), torch.float64)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    classes = frames.center_classes(f)
    slow = slow_cosine_regression(h, labels, centers, classes, theta, lam, reduce)
    plain = losses.cosine_regression(h, labels, centers, classes, theta, lam, reduce)
    fast = losses.frame_regression(h, labels, basis, len(f), classes, theta, lam, reduce)
    assert plain.shape == fast.shape == ()
    assert float(plain) == pytest.approx(slow, rel=1e-10)
    assert float(fast) == pytest.approx(slow, rel=1e-10)


def test_both_forms_have_the_same_gradient() -> None:
    f, theta = [1, 4, 2], 0.3
    h, labels = batch(8, 12, 3)
    h.requires_grad_()
    classes = frames.center_classes(f)
    centers, _ = frames.multi_center_frame(f, 12, theta, seeded(), torch.float64)
    basis = frames.multi_center_basis(f, 12, seeded(), torch.float64)
    plain = losses.cosine_regression(h, labels, centers, classes, theta, 0.1)
    fast = losses.frame_regression(h, labels, basis, 3, classes, theta, 0.1)
    one, other = (torch.autograd.grad(loss, h)[0] for loss in (plain, fast))
    assert torch.allclose(one, other, rtol=1e-10, atol=1e-14)


def test_centers_may_come_in_any_order() -> None:
    f, theta = [2, 3, 1], 0.5
    h, labels = batch(7, 9, 3)
    centers, _ = frames.multi_center_frame(f, 9, theta, seeded(), torch.float64)
    classes = frames.center_classes(f)
    order = torch.randperm(6, generator=seeded(1))
    sorted_ = losses.cosine_regression(h, labels, centers, classes, theta, 0.1)
    mixed = losses.cosine_regression(h, labels, centers[order], classes[order], theta, 0.1)
    assert float(mixed) == pytest.approx(float(sorted_))


def test_axes_are_the_basis_of_the_identity() -> None:
    f, dim = [2, 3, 1], 11
    h, labels = batch(7, dim, 3)
    classes = frames.center_classes(f)
    identity = torch.eye(dim, dtype=torch.float64)[: frames.needed_dim(f)]
    on_axes = losses.frame_regression(h, labels, None, 3, classes, 0.2, 0.1)
    on_identity = losses.frame_regression(h, labels, identity, 3, classes, 0.2, 0.1)
    assert float(on_axes) == pytest.approx(float(on_identity), rel=1e-12)


def test_a_rotation_turns_any_frame_into_the_axes() -> None:
    f = [2, 1]
    basis = frames.multi_center_basis(f, 5, seeded(), torch.float64)  # (K + F, d) is square here
    h, labels = batch(6, 5, 2)
    classes = frames.center_classes(f)
    random = losses.frame_regression(h, labels, basis, 2, classes, 0.2, 0.1)
    axes = losses.frame_regression(h @ basis.T, labels, None, 2, classes, 0.2, 0.1)
    assert float(random) == pytest.approx(float(axes), rel=1e-12)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_gradients_equal_finite_differences(reduce: str) -> None:
    f = [1, 3]
    h, labels = batch(4, 7, 2)
    classes = frames.center_classes(f)
    centers, _ = frames.multi_center_frame(f, 7, 0.3, seeded(), torch.float64)
    basis = frames.multi_center_basis(f, 7, seeded(), torch.float64)
    h.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: losses.cosine_regression(x, labels, centers, classes, 0.3, 0.1, reduce), h
    )
    assert torch.autograd.gradcheck(
        lambda x: losses.frame_regression(x, labels, basis, 2, classes, 0.3, 0.1, reduce), h
    )


@pytest.mark.parametrize("length", [0.01, 0.5, 1.0, 3.0])
def test_equation_35_is_right_with_one_power_of_the_length(length: float) -> None:
    """d Cos / dh = -(2/|h|) (1 - a) (w - a h/|h|), a = <w, h/|h|>; printed with |h|^-2 (A24)."""
    w = torch.nn.functional.normalize(
        torch.randn(6, generator=seeded(1), dtype=torch.float64), dim=0
    )
    h = torch.randn(6, generator=seeded(2), dtype=torch.float64)
    h = (h / h.norm() * length).requires_grad_()
    # One center of one class at theta = pi/2: the weight is 1, and lam = 0 leaves Cos(w, h) alone.
    labels, classes = torch.zeros(1, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    loss = losses.cosine_regression(h[None], labels, w[None], classes, math.pi / 2, 0)
    (gradient,) = torch.autograd.grad(loss, h)
    direction = h.detach() / length
    a = w @ direction
    right = -(2 / length) * (1 - a) * (w - a * direction)
    printed = right / length
    assert torch.allclose(gradient, right, rtol=1e-9)
    assert torch.allclose(gradient, printed, rtol=1e-9) == (length == 1.0)


@given(st.floats(0.01, 100))
@FEW
def test_without_lambda_only_the_direction_counts(scale: float) -> None:
    h, labels = batch(5, 9, 3)
    centers, _ = frames.multi_center_frame([2, 3, 1], 9, 0.2, seeded(), torch.float64)
    classes = frames.center_classes([2, 3, 1])
    loss = losses.cosine_regression(h, labels, centers, classes, 0.2, 0)
    scaled = losses.cosine_regression(h * scale, labels, centers, classes, 0.2, 0)
    assert float(scaled) == pytest.approx(float(loss), rel=1e-9)


def test_at_collapse_the_loss_is_at_its_floor() -> None:
    f, theta, lam = [1, 2, 7], 0.2, 6e-4
    centers, _ = frames.multi_center_frame(f, 13, theta, seeded(), torch.float64)
    basis = frames.multi_center_basis(f, 13, seeded(), torch.float64)
    targets = frames.mean_center_coordinates(f, theta) @ basis
    classes, floors = frames.center_classes(f), loss_floors(f, theta)
    for k in range(3):
        label = torch.tensor([k])
        at = losses.cosine_regression(targets[k : k + 1], label, centers, classes, theta, lam)
        assert float(at) == pytest.approx(floors[k], abs=1e-14)


@given(angles, st.integers(1, 6), st.integers(0, 1000), st.floats(1e-3, 1))
@FEW
def test_no_feature_is_below_the_floor(theta: float, f: int, seed: int, step: float) -> None:
    """Near the optimum and away from it."""
    frame = [f, 2]
    dim = f + 5
    basis = frames.multi_center_basis(frame, dim, seeded(), torch.float64)
    target = (frames.mean_center_coordinates(frame, theta) @ basis)[:1]
    h = target + step * torch.randn(20, dim, generator=seeded(seed), dtype=torch.float64)
    classes, label = frames.center_classes(frame), torch.zeros(1, dtype=torch.long)
    floor = loss_floors(frame, theta)[0]
    for row in h:
        loss = losses.frame_regression(row[None], label, basis, 2, classes, theta, 0)
        assert float(loss) >= floor - 1e-12


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1e-7, 1e-3])
def test_short_features_have_finite_losses_and_gradients(scale: float) -> None:
    f = [2, 3]
    centers, classifier = frames.multi_center_frame(f, 9, 0.2, seeded())
    basis, classes = frames.multi_center_basis(f, 9, seeded()), frames.center_classes(f)
    h = scale * torch.randn(4, 9, generator=seeded(1))
    labels = torch.tensor([0, 1, 1, 0])
    loss_functions: tuple[Callable[[Tensor], Tensor], ...] = (
        lambda x: losses.cosine_regression(x, labels, centers, classes, 0.2, 6e-4),
        lambda x: losses.frame_regression(x, labels, basis, 2, classes, 0.2, 6e-4),
        lambda x: losses.dot_regression(x, labels, classifier),
    )
    for loss_of in loss_functions:
        x = h.clone().requires_grad_()
        loss = loss_of(x)
        loss.backward()
        assert torch.isfinite(loss)
        assert x.grad is not None
        assert torch.isfinite(x.grad).all()
        assert float(x.grad.norm()) <= 1e7  # a few times 1/EPS


def test_half_precision_features_are_computed_with_in_float32() -> None:
    h, labels = batch(6, 9, 2)
    centers, classifier = frames.multi_center_frame([2, 3], 9, 0.2, seeded())
    classes = frames.center_classes([2, 3])
    rounded = h.bfloat16()
    half = losses.cosine_regression(rounded, labels, centers, classes, 0.2, 0.1)
    full = losses.cosine_regression(rounded.float(), labels, centers, classes, 0.2, 0.1)
    assert half.dtype == torch.float32
    assert torch.equal(half, full)
    assert losses.dot_regression(rounded, labels, classifier).dtype == torch.float32


def test_an_unknown_reduction_is_refused() -> None:
    h, labels = batch(3, 9, 2)
    centers, _ = frames.multi_center_frame([2, 3], 9, 0.2, seeded(), torch.float64)
    with pytest.raises(UsageError, match="'sum' or 'mean'"):
        losses.cosine_regression(h, labels, centers, frames.center_classes([2, 3]), 0.2, 0, "max")


# --- dot regression -------------------------------------------------------------------------------


@given(st.integers(1, 20), st.integers(2, 7), st.booleans(), st.integers(0, 100))
@FEW
def test_dot_regression_equals_the_formula_as_a_loop(
    size: int, n_classes: int, scaling: bool, seed: int
) -> None:
    h, labels = batch(size, 8, n_classes, seed)
    etf = frames.simplex_etf(n_classes, 8, seeded(seed), torch.float64)
    loss = losses.dot_regression(h, labels, etf, scaling)
    assert float(loss) == pytest.approx(slow_dot_regression(h, labels, etf, scaling), rel=1e-10)


def test_dot_regression_gradient_equals_finite_differences() -> None:
    h, labels = batch(5, 6, 3)
    etf = frames.simplex_etf(3, 6, seeded(), torch.float64)
    h.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: losses.dot_regression(x, labels, etf), h)


def test_dot_regression_is_zero_on_the_classifier_alone() -> None:
    etf = frames.simplex_etf(4, 6, seeded(), torch.float64)
    labels = torch.arange(4)
    assert float(losses.dot_regression(3.0 * etf, labels, etf)) == pytest.approx(0, abs=1e-20)
    assert float(losses.dot_regression(etf.roll(1, 0), labels, etf)) > 0.1


def test_batch_scaling_gives_each_present_class_the_same_say() -> None:
    """scale^2 is B / (present * n_k), so n_k images of equal loss add the same for every k."""
    labels = torch.tensor([0] * 6 + [2] * 2 + [4])
    etf = frames.simplex_etf(5, 6, seeded(), torch.float64)
    per_class = []
    for k in (0, 2, 4):
        h = etf[labels].clone()
        h[labels == k] *= -1
        per_class.append(float(losses.dot_regression(h, labels, etf)))
    assert per_class == pytest.approx([per_class[0]] * 3)


# --- no synchronisation ---------------------------------------------------------------------------


def test_class_sizes_count_labels() -> None:
    labels = torch.tensor([2, 0, 2, 2])
    assert losses.class_sizes(labels, 4).tolist() == [1, 0, 3, 0]


def test_no_loss_reads_a_value_on_the_host() -> None:
    h, labels = batch(6, 9, 2)
    f = [2, 3]
    centers, classifier = frames.multi_center_frame(f, 9, 0.2, seeded(), torch.float64)
    basis, classes = frames.multi_center_basis(f, 9, seeded()), frames.center_classes(f)
    h.requires_grad_()
    with NoHostReads():
        for loss in (
            losses.cosine_regression(h, labels, centers, classes, 0.2, 0.1),
            losses.frame_regression(h, labels, basis, 2, classes, 0.2, 0.1),
            losses.frame_regression(h, labels, None, 2, classes, 0.2, 0.1),
            losses.dot_regression(h, labels, classifier),
        ):
            loss.backward()
    with pytest.raises(AssertionError, match="reads values"), NoHostReads():
        torch.bincount(labels)
