"""P and AL-PULL: what they share with CAL and AL, and where they differ."""

import math
from typing import Any

import pytest
import torch
from slow_losses import slow_code_regression
from small_models import COUNTS, Flat, batch, build
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas import frames, losses
from ncmc.methods._fixed_frame import FixedFrame
from ncmc.methods.al import AL
from ncmc.methods.al_pull import AL_PULL
from ncmc.methods.cal import CAL
from ncmc.methods.p import P
from papers.ncmc.theory.fixed import closed_form, feature_norms
from papers.ncmc.theory.problem import Problem

torch.set_num_threads(1)
LABELS = torch.repeat_interleave(torch.arange(4), torch.tensor(COUNTS))


def centers(method: FixedFrame) -> tuple[Tensor, Tensor]:
    """The centers (F, d), formed, and their classes."""
    basis = torch.eye(method.dim) if method.basis is None else method.basis
    v = basis[4 : 4 + len(method.center_class)]
    own = basis[:4][method.center_class]
    return math.cos(method.theta) * v + math.sin(method.theta) * own, method.center_class


# --- P --------------------------------------------------------------------------------------------


def test_p_has_the_frame_the_counts_and_the_decision_rule_of_cal() -> None:
    for changed in ({}, {"order": "descending"}, {"f_counts": "printed"}):
        options: dict[str, Any] = {"f": 3, "normalise": "l2", **changed}
        p, cal = build(P, **options), build(CAL, **options)
        assert p.centers_per_class == cal.centers_per_class
        assert p.state_dict().keys() == cal.state_dict().keys()
        for a, b in zip(p.state_dict().values(), cal.state_dict().values(), strict=True):
            assert torch.equal(a, b)
        images, _ = batch(5)
        assert torch.equal(p.eval().predict(images), cal.eval().predict(images))


@pytest.mark.parametrize("axes", [False, True])
@pytest.mark.parametrize("norm_term", ["mean", "sum"])
def test_loss_p_is_equation_22_for_a_batch(axes: bool, norm_term: str) -> None:
    method = build(P, f=3, lambda_h=0.3, axes=axes, norm_term=norm_term)
    images, labels = batch(mixed=False)
    h = method.features(images).detach()
    n, total = (
        sum(COUNTS),
        sum(f * m for f, m in zip(method.centers_per_class, COUNTS, strict=True)),
    )
    fit = n / total * slow_code_regression(h, labels.first, *centers(method))
    norms = sum(float(row @ row) for row in h) / len(h)
    slow = fit + 0.3 / 2 * norms * (n if norm_term == "sum" else 1)
    assert method.criterion(h, labels.first).item() == pytest.approx(slow, rel=1e-5)


@pytest.mark.parametrize(("norm_term", "share"), [("mean", 1 / sum(COUNTS)), ("sum", 1)])
@pytest.mark.parametrize("lambda_h", [0.0, 5e-4, 0.5])
def test_with_the_training_set_as_its_batch_p_has_the_minimum_of_corollary_3_7(
    norm_term: str, share: float, lambda_h: float
) -> None:
    """The gradient vanishes at the theory's features, and those have the lengths it says."""
    method = build(P, f=3, lambda_h=lambda_h, norm_term=norm_term).double()
    decay = share * lambda_h or 1e-9  # 0: the features of least norm, for an inverse
    f = tuple(method.centers_per_class)
    p = Problem(tuple(COUNTS), f, 0.2, 0.0, decay)
    h = closed_form(p, centers(method)[0].double()).requires_grad_()
    loss = method.criterion(h, p.labels)
    (gradient,) = torch.autograd.grad(loss, h)
    assert gradient.abs().max() < 1e-7 / sum(COUNTS)  # the frame itself is of float32
    found = torch.stack([h[p.labels == k].mean(0).norm() for k in range(4)])
    torch.testing.assert_close(found.detach(), feature_norms(p), rtol=1e-5, atol=0)


@pytest.mark.parametrize(("lambda_h", "free"), [(0.0, True), (5e-4, False)])
def test_only_the_norm_term_sees_what_lies_orthogonal_to_the_centers(
    lambda_h: float, free: bool
) -> None:
    """Without it the loss has no unique minimum, while the scores see that part."""
    method = build(P, f=3, lambda_h=lambda_h).double()
    rows, _ = centers(method)
    h = method.targets().double()
    u = method.classifier()[:1].double()
    u = u - u @ rows.double().T @ torch.linalg.pinv(rows.double().T)  # off the span of the centers
    labels = torch.arange(4)
    gap = method.criterion(h + 3 * u, labels) - method.criterion(h, labels)
    assert (gap.abs().item() < 1e-6) == free
    assert (method.raw_scores(h + 3 * u).argmax(1) == 0).all()


def test_collapsed_features_have_a_gradient_along_themselves_alone() -> None:
    """Their direction is where it should be, whatever their length (Cor. 3.7)."""
    method = build(P, f=3, lambda_h=5e-4)
    h = (0.7 * method.targets()).requires_grad_()
    (gradient,) = torch.autograd.grad(method.criterion(h, torch.arange(4)), h)
    along = losses.unit(gradient) * method.targets()
    torch.testing.assert_close(along.sum(1).abs(), torch.ones(4))


def test_a_feature_norm_of_weight_0_is_no_term() -> None:
    images, labels = batch(mixed=False)
    plain, weighted = build(P, f=3, lambda_h=0.0), build(P, f=3, lambda_h=0.1)
    h = plain.features(images).detach()
    gap = weighted.criterion(h, labels.first) - plain.criterion(h, labels.first)
    norms = h.square().sum(1).mean().item()
    assert gap.item() == pytest.approx(0.05 * norms, rel=1e-4)


# --- AL-PULL --------------------------------------------------------------------------------------


def start_gradient(method: FixedFrame, k: int) -> Tensor:
    """The size of the loss's gradient at a unit feature orthogonal to every center of the frame."""
    h = torch.zeros(1, method.dim)
    h[0, -1] = 1
    (gradient,) = torch.autograd.grad(method.criterion(h.requires_grad_(), torch.tensor([k])), h)
    return gradient.norm()


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("theta", [0.0, 0.2, 1.0, math.pi / 2])
def test_al_pull_starts_with_the_gradients_of_cal(theta: float, reduce: str) -> None:
    given: dict[str, Any] = {"f": 4, "theta": theta, "reduce": reduce, "axes": True}
    pull, cal = (build(kind, backbone=Flat(40), **given) for kind in (AL_PULL, CAL))
    for k in range(4):
        torch.testing.assert_close(start_gradient(pull, k), start_gradient(cal, k))


def test_al_pull_is_al_with_the_classes_weighed() -> None:
    images, labels = batch(mixed=False)
    pull, al = build(AL_PULL, f=4, lam=0), build(AL, f=4, lam=0)
    h = al.features(images).detach()
    s2 = math.sin(0.2) ** 2
    f_cal = frames.class_aware_counts(COUNTS, 4, "ascending", "released")
    for k in range(4):
        rows = labels.first == k
        ratio = (1 - s2 + f_cal[k] * s2) / (1 - s2 + 3 * s2)
        mine, theirs = (m.criterion(h[rows], labels.first[rows]).item() for m in (pull, al))
        assert mine == pytest.approx(ratio * theirs, rel=1e-5)


def test_al_pull_weighs_the_rarest_class_the_most_but_not_its_length() -> None:
    method = build(AL_PULL, f=4)
    assert method.weights.argmax() == 3
    h = 2 * method.targets()
    without = build(AL_PULL, f=4, lam=0)
    gap = method.criterion(h, torch.arange(4)) - without.criterion(h, torch.arange(4))
    assert gap.item() == pytest.approx(6e-4, rel=1e-3)


def test_for_equal_classes_al_pull_is_al() -> None:
    images, labels = batch()
    found = []
    for kind in (AL, AL_PULL):
        torch.manual_seed(0)
        method = kind(Flat(), [9] * 4, kind.Options(f=4), torch.Generator().manual_seed(0))
        found.append(method.loss(images, labels).item())
    assert found[0] == pytest.approx(found[1], rel=1e-6)


# --- the oracle of CAL with a single center -------------------------------------------------------


@pytest.mark.parametrize("kind", [AL, CAL])
def test_one_center_at_a_right_angle_is_cosine_regression_onto_the_classifier(
    kind: type[AL] | type[CAL],
) -> None:
    """f_k = 1 and theta = pi/2: the weight is 1 and w_1^(k) is w_k."""
    method = build(kind, f=2, theta=math.pi / 2, lam=0)
    assert method.centers_per_class == [1] * 4
    images, labels = batch(mixed=False)
    h = method.features(images).detach()
    cosines = torch.nn.functional.cosine_similarity(h, method.classifier()[labels.first])
    plain = (cosines - 1).square().mean()
    assert method.criterion(h, labels.first).item() == pytest.approx(plain.item(), rel=1e-5)


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (P, {"lambda_h": -1e-4}),
        (P, {"lambda_h": "off"}),
        (P, {"norm_term": "batch"}),
        (P, {"order": "up"}),
        (P, {"f": 1}),
        (AL_PULL, {"order": "up"}),
        (AL_PULL, {"f": 1}),
    ],
)
def test_bad_values_are_refused_by_name(kind: type[FixedFrame], options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(UsageError, match=f"{name} is"):
        kind.Options(**options)


def test_p_has_no_option_of_the_cosine_loss() -> None:
    assert not set(P.Options.__dataclass_fields__) & {"lam", "reduce"}


def test_defaults_of_p() -> None:
    p = P.Options()
    assert (p.lambda_h, p.norm_term, p.normalise, p.f) == (5e-4, "mean", "l2", 20)
