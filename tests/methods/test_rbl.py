"""RBL: a fixed structure, turned by a matrix with orthonormal columns that is learned."""

import pytest
import torch
import torch.nn.functional as F
from small_models import Flat, batch, build
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas import frames
from ncmc.methods.rbl import RBL, Cayley, structure

torch.set_num_threads(1)
every_rotation = pytest.mark.parametrize("rotation", ["cayley", "exponential"])
every_etf = pytest.mark.parametrize("etf", ["simplex", "released"])


def train(method: RBL, steps: int, decay: float = 5e-4) -> None:
    optimizer = torch.optim.SGD(method.parameters(), lr=0.1, momentum=0.9, weight_decay=decay)
    for seed in range(steps):
        optimizer.zero_grad()
        method.loss(*batch(seed=seed)).backward()
        optimizer.step()


def gram(method: RBL) -> Tensor:
    rows = method.classifier().detach()
    return rows @ rows.T


# --- the structure --------------------------------------------------------------------------------


def test_a_layer_of_256_features_with_bias_lies_between_network_and_rotation() -> None:
    method = build(RBL)
    images, _ = batch()
    weight, bias = method.project.weight, method.project.bias
    torch.testing.assert_close(method.features(images), method.backbone(images) @ weight.T + bias)
    assert method.classifier().shape == (4, 256)
    assert build(RBL, projection=0).classifier().shape == (4, 13)


def test_the_simplex_is_that_of_setf() -> None:
    etf = frames.simplex_etf(4, 13, torch.Generator(), torch.float64)
    torch.testing.assert_close(gram(build(RBL).double()), etf @ etf.T, rtol=0, atol=1e-6)


def test_the_released_structure_has_the_angles_of_its_columns() -> None:
    columns = (torch.eye(13) - torch.ones(13, 13) / 13)[:, :4]
    method = build(RBL, etf="released", projection=13)
    torch.testing.assert_close(gram(method), columns.T @ columns)


def test_with_as_many_features_as_classes_the_released_structure_is_the_simplex() -> None:
    simplex, released = structure(5, 5, "simplex"), structure(5, 5, "released")
    torch.testing.assert_close(F.normalize(released), F.normalize(simplex))


@every_rotation
@every_etf
def test_training_turns_the_structure_and_keeps_it(rotation: str, etf: str) -> None:
    method = build(RBL, rotation=rotation, etf=etf, projection=13)
    angles, rows = gram(method), method.classifier().detach()
    train(method, 50)
    assert (method.classifier() - rows).norm() > 0.1
    torch.testing.assert_close(gram(method), angles, rtol=0, atol=1e-5)


# --- the matrix -----------------------------------------------------------------------------------


def test_the_cayley_transform_is_the_one_with_a_large_inverse() -> None:
    layer = Cayley(9, 3, torch.Generator().manual_seed(0)).double()
    layer.tangent.data = torch.randn(9, 3, dtype=torch.float64, generator=torch.Generator())
    q, x = layer.start, layer.tangent.detach()
    a, eye = x @ q.T - q @ x.T, torch.eye(9, dtype=torch.float64)
    expected = torch.linalg.inv(eye - a / 2) @ (eye + a / 2) @ q
    torch.testing.assert_close(layer().detach(), expected, rtol=0, atol=1e-12)


def test_its_gradient_equals_finite_differences() -> None:
    layer = Cayley(6, 2, torch.Generator().manual_seed(0)).double()
    x = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)

    def product(tangent: Tensor) -> Tensor:
        out: Tensor = torch.func.functional_call(layer, {"tangent": tangent}, ())
        return out

    assert torch.autograd.gradcheck(product, x)


def test_both_rotations_step_downhill_alike_from_the_start() -> None:
    """To first order each is a rotation of the start: one small step lowers the loss as the other.

    The exponential turns (d, d) coordinates, of which only K columns are seen.
    """
    images, labels = batch(mixed=False)
    gains = []
    for rotation in ("cayley", "exponential"):
        method = build(RBL, rotation=rotation, projection=13).double()
        h = method.features(images.double()).detach()
        before = method.criterion(h, labels.first)
        own = [p for p in method.rotation.parameters() if p.requires_grad]
        (gradient,) = torch.autograd.grad(before, own)
        own[0].data -= 1e-3 * gradient
        gains.append(float((before - method.criterion(h, labels.first)).detach()))
    assert min(gains) > 0


def test_weight_decay_draws_the_matrix_back_to_its_start() -> None:
    method = build(RBL)
    train(method, 20)
    assert isinstance(method.rotation, Cayley)
    method.rotation.tangent.data.zero_()
    torch.testing.assert_close(method.rotation(), method.rotation.start)


@every_rotation
def test_a_turned_method_comes_back_from_its_state(rotation: str) -> None:
    method = build(RBL, rotation=rotation, projection=13)
    train(method, 5)
    other = build(RBL, seed=9, rotation=rotation, projection=13)
    other.load_state_dict(method.state_dict())
    images, _ = batch()
    assert torch.equal(other.predict(images), method.predict(images))


# --- loss and scores ------------------------------------------------------------------------------


def test_the_loss_is_cross_entropy_on_products_with_the_classifier() -> None:
    method = build(RBL)
    images, labels = batch(mixed=False)
    h = method.features(images)
    plain = F.cross_entropy(h @ method.classifier().T, labels.first)
    assert method.loss(images, labels).item() == pytest.approx(plain.item(), rel=1e-6)


def test_features_at_their_targets_are_predicted_right() -> None:
    for etf in ("simplex", "released"):
        method = build(RBL, etf=etf)
        assert method.raw_scores(method.targets()).argmax(1).tolist() == [0, 1, 2, 3]


def test_a_turn_of_the_features_can_be_undone_by_the_matrix() -> None:
    """So no direction of the features is worse than another for the loss that can be reached."""
    method = build(RBL, projection=0).double()
    images, labels = batch(mixed=False)
    h = method.features(images.double()).detach()
    before = method.criterion(h, labels.first)
    turn = torch.linalg.qr(torch.randn(13, 13, dtype=torch.float64)).Q
    assert isinstance(method.rotation, Cayley)
    method.rotation.start = turn.T @ method.rotation.start
    torch.testing.assert_close(method.criterion(h @ turn, labels.first), before)


def test_too_few_features_and_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="gives 3 features, so that RBL has 3; it needs .* 4"):
        build(RBL, backbone=Flat(3), projection=0)
    with pytest.raises(UsageError, match="projection is 3 and .* Set projection to 4 or more"):
        build(RBL, projection=3)
    with pytest.raises(UsageError, match="etf is"):
        RBL.Options(etf="square")
    with pytest.raises(UsageError, match="rotation is"):
        RBL.Options(rotation="householder")
