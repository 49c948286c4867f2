"""Loss P and weighted cosine regression: loops, finite differences, oracles, invariances."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_losses import NoHostReads, slow_code_regression
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas import frames, losses, regression
from papers.ncmc.theory.problem import Problem, loss_p

torch.set_num_threads(1)
FEW = settings(max_examples=30, deadline=None)
centers_lists = st.lists(st.integers(1, 5), min_size=2, max_size=5)
angles = st.floats(0, math.pi / 2)
seeds = st.integers(0, 50)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(size: int, dim: int, n_classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    h = torch.randn(size, dim, generator=seeded(seed), dtype=torch.float64)
    return h, torch.randint(0, n_classes, (size,), generator=seeded(seed + 1))


def cosines(f: list[int], theta: float) -> Tensor:
    return frames.mean_center_cosines(f, theta)


# --- products with the centers --------------------------------------------------------------------


@given(centers_lists, angles, seeds)
@FEW
def test_products_are_those_with_the_centers_formed(f: list[int], theta: float, seed: int) -> None:
    dim = sum(f) + len(f) + 2
    x, _ = batch(4, dim, len(f), seed)
    centers, _ = frames.multi_center_frame(f, dim, theta, seeded(seed), torch.float64)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    found = regression.center_products(x, basis, len(f), frames.center_classes(f), theta)
    torch.testing.assert_close(found, x @ centers.T, rtol=0, atol=1e-12)


def test_axes_are_the_basis_of_the_identity() -> None:
    f, dim = [2, 3, 1], 11
    x, _ = batch(4, dim, 3)
    classes = frames.center_classes(f)
    identity = torch.eye(dim, dtype=torch.float64)[: frames.needed_dim(f)]
    on_axes = regression.center_products(x, None, 3, classes, 0.3)
    assert torch.equal(on_axes, regression.center_products(x, identity, 3, classes, 0.3))


# --- loss P ---------------------------------------------------------------------------------------


@given(centers_lists, angles, seeds)
@FEW
def test_code_regression_equals_the_formula_as_a_loop(
    f: list[int], theta: float, seed: int
) -> None:
    dim = sum(f) + len(f) + 2
    h, labels = batch(5, dim, len(f), seed)
    centers, _ = frames.multi_center_frame(f, dim, theta, seeded(seed), torch.float64)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    classes = frames.center_classes(f)
    found = regression.code_regression(h, labels, basis, len(f), classes, theta)
    assert float(found) == pytest.approx(slow_code_regression(h, labels, centers, classes))


def test_the_whole_training_set_as_one_batch_gives_the_theorys_loss_p() -> None:
    """Eq. 22: the theory has the sum over all samples, divided by S."""
    p = Problem((5, 3, 1), (1, 2, 4), 0.4, 0.0, 0.0)
    f, n = list(p.centers), len(p.labels)
    centers, classifier = frames.multi_center_frame(f, 11, 0.4, seeded(3), torch.float64)
    basis = frames.multi_center_basis(f, 11, seeded(3), torch.float64)
    h, _ = batch(n, 11, 3)
    mean = regression.code_regression(h, p.labels, basis, 3, frames.center_classes(f), 0.4)
    theirs = loss_p(p, h, centers, classifier)
    assert float(mean * n / p.total) == pytest.approx(float(theirs), rel=1e-12)


# --- weighted cosine regression -------------------------------------------------------------------


@given(centers_lists, angles, st.floats(0, 2), seeds)
@FEW
def test_with_the_printed_weights_it_is_the_loss_as_trained(
    f: list[int], theta: float, lam: float, seed: int
) -> None:
    dim = sum(f) + len(f) + 2
    h, labels = batch(6, dim, len(f), seed)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    classes = frames.center_classes(f)
    trained = losses.frame_regression(h, labels, basis, len(f), classes, theta, lam)
    weights = cosines(f, theta)
    found = regression.weighted_cosine_regression(h, labels, basis, classes, weights, theta, lam)
    assert float(found) == pytest.approx(float(trained), rel=1e-10, abs=1e-14)


def test_a_weight_multiplies_its_class_alone() -> None:
    f = [2, 3]
    h, _ = batch(4, 8, 2)
    basis, classes = frames.multi_center_basis(f, 8, seeded()), frames.center_classes(f)

    def loss(label: int, *weights: float) -> float:
        labels = torch.full((4,), label)
        given = torch.tensor(weights, dtype=torch.float64)
        return float(
            regression.weighted_cosine_regression(h, labels, basis, classes, given, 0.2, 0)
        )

    assert loss(0, 3, 1) == pytest.approx(3 * loss(0, 1, 1))
    assert loss(1, 3, 1) == loss(1, 1, 1)


# --- both -----------------------------------------------------------------------------------------


def test_gradients_equal_finite_differences() -> None:
    f = [1, 3]
    h, labels = batch(4, 7, 2)
    classes = frames.center_classes(f)
    basis = frames.multi_center_basis(f, 7, seeded(), torch.float64)
    weights = torch.tensor([0.3, 2.0], dtype=torch.float64)
    h.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: regression.code_regression(x, labels, basis, 2, classes, 0.3), h
    )
    assert torch.autograd.gradcheck(
        lambda x: regression.weighted_cosine_regression(
            x, labels, basis, classes, weights, 0.3, 0.1
        ),
        h,
    )


@given(centers_lists, angles, seeds)
@FEW
def test_turning_features_and_frame_together_changes_nothing(
    f: list[int], theta: float, seed: int
) -> None:
    dim = sum(f) + len(f) + 1
    h, labels = batch(5, dim, len(f), seed)
    basis = frames.multi_center_basis(f, dim, seeded(seed), torch.float64)
    turn = frames.orthonormal_rows(dim, dim, seeded(seed + 7), torch.float64)
    classes, weights = frames.center_classes(f), cosines(f, theta)
    for x, rows in ((h, basis), (h @ turn, basis @ turn)):
        p = regression.code_regression(x, labels, rows, len(f), classes, theta)
        c = regression.weighted_cosine_regression(x, labels, rows, classes, weights, theta, 0.1)
        if x is h:
            before = float(p), float(c)
    assert (float(p), float(c)) == pytest.approx(before, rel=1e-9)


@given(st.floats(0.01, 100), seeds)
@FEW
def test_without_lambda_the_length_of_a_feature_does_not_count(scale: float, seed: int) -> None:
    f = [2, 3, 1]
    h, labels = batch(5, 9, 3, seed)
    basis = frames.multi_center_basis(f, 9, seeded(), torch.float64)
    classes, weights = frames.center_classes(f), cosines(f, 0.2)
    found = [
        float(regression.weighted_cosine_regression(x, labels, basis, classes, weights, 0.2, 0))
        for x in (h, scale * h)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-9)


def test_no_loss_reads_a_value_on_the_host() -> None:
    f = [2, 3]
    h, labels = batch(6, 9, 2)
    basis, classes = frames.multi_center_basis(f, 9, seeded()), frames.center_classes(f)
    weights = torch.ones(2)
    h.requires_grad_()
    with NoHostReads():
        for rows in (basis, None):
            regression.code_regression(h, labels, rows, 2, classes, 0.2).backward()
            regression.weighted_cosine_regression(
                h, labels, rows, classes, weights, 0.2, 0.1
            ).backward()


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-3])
def test_short_features_have_finite_losses_and_gradients(scale: float) -> None:
    f = [2, 3]
    h, labels = batch(6, 9, 2)
    basis, classes = frames.multi_center_basis(f, 9, seeded()), frames.center_classes(f)
    x = (scale * h).float().requires_grad_()
    loss = regression.code_regression(x, labels, basis, 2, classes, 0.2)
    loss = loss + regression.weighted_cosine_regression(
        x, labels, basis, classes, torch.ones(2), 0.2, 0.1
    )
    loss.backward()
    assert x.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(x.grad).all()


# --- pulls ----------------------------------------------------------------------------------------


@given(centers_lists, angles, st.sampled_from(["sum", "mean"]))
@FEW
def test_the_pull_is_half_the_gradient_of_a_feature_orthogonal_to_its_centers(
    f: list[int], theta: float, reduce: str
) -> None:
    dim = sum(f) + len(f) + 1  # one dimension is left, orthogonal to all centers
    whole = frames.orthonormal_rows(dim, dim, seeded(), torch.float64)
    basis, classes = whole[:-1], frames.center_classes(f)
    found = regression.pulls(torch.tensor(f), theta, reduce)
    for k in range(len(f)):
        h = whole[-1:].clone().requires_grad_()
        label = torch.tensor([k])
        loss = losses.frame_regression(h, label, basis, len(f), classes, theta, 0, reduce)
        (gradient,) = torch.autograd.grad(loss, h)
        assert float(gradient.norm() / 2) == pytest.approx(float(found[k]), rel=1e-9)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(UsageError, match="'sum' or 'mean'"):
        regression.pulls(torch.tensor([2]), 0.2, "max")
