"""Methods: what the contract promises for their options too, then what is special about each."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from slow_losses import (
    NoHostReads,
    classifier_cosines,
    collapse_of,
    loss_floors,
    slow_cosine_regression,
    slow_dot_regression,
)
from small_models import COUNTS, Flat, batch, build
from torch import Tensor, nn

from ncmc.backbones import Backbone, resnet8
from ncmc.errors import UsageError
from ncmc.formulas import frames, losses
from ncmc.methods import Labels, Method
from ncmc.methods._layers import BatchNorm, RunningNorm
from ncmc.methods.al import AL
from ncmc.methods.al_pull import AL_PULL
from ncmc.methods.arb import ARB
from ncmc.methods.balanced_softmax import BALANCED_SOFTMAX
from ncmc.methods.cal import CAL
from ncmc.methods.cb_ce import CB_CE
from ncmc.methods.ce import CE
from ncmc.methods.ce_frozen import CE_FROZEN
from ncmc.methods.focal import FOCAL
from ncmc.methods.la import LA
from ncmc.methods.ldam import LDAM
from ncmc.methods.ldam_drw import LDAM_DRW
from ncmc.methods.p import P
from ncmc.methods.rbl import RBL
from ncmc.methods.setf import SETF

torch.set_num_threads(1)
Variant = tuple[type[Method], dict[str, Any]]
VARIANTS: list[Variant] = [
    (CE, {}),
    (CE_FROZEN, {}),
    (SETF, {}),
    (SETF, {"batch_scaling": False}),
    (AL, {"f": 1, "f_counts": "printed"}),
    (AL, {"f": 3}),
    (AL, {"f": 3, "reduce": "mean"}),
    (CAL, {"f": 3}),
    (CAL, {"f": 3, "order": "descending", "f_counts": "printed"}),
    (CAL, {"f": 3, "theta": 0}),
    (CAL, {"f": 3, "theta": math.pi / 2}),
    (CAL, {"f": 3, "linear": "needed"}),
    (CAL, {"f": 3, "linear": "never"}),
    (CAL, {"f": 3, "prediction_bn": "affine"}),
    (CAL, {"f": 3, "prediction_bn": "none"}),
    (CAL, {"f": 3, "normalise": "l2"}),
    (CAL, {"f": 3, "normalise": "l2_bn"}),
    (CAL, {"f": 3, "axes": True}),
    (AL_PULL, {"f": 3}),
    (AL_PULL, {"f": 3, "reduce": "mean", "axes": True}),
    (P, {"f": 3}),
    (P, {"f": 3, "axes": True}),
    (P, {"f": 3, "lambda_h": 0.0}),
    (P, {"f": 3, "norm_term": "sum"}),
    (BALANCED_SOFTMAX, {}),
    (LA, {}),
    (ARB, {}),
    (ARB, {"counts": "global", "clamp": False}),
    (CB_CE, {}),
    (CB_CE, {"average": "weights"}),
    (FOCAL, {}),
    (FOCAL, {"form": "sigmoid"}),
    (LDAM, {}),
    (LDAM_DRW, {}),
    (RBL, {}),
    (RBL, {"rotation": "exponential", "etf": "released"}),
]


def over(variants: Sequence[Variant]) -> pytest.MarkDecorator:
    """Run a test once for each (method, options)."""
    ids = [",".join([k.__name__, *(f"{a}={b}" for a, b in o.items())]) for k, o in variants]
    return pytest.mark.parametrize(("kind", "options"), variants, ids=ids)


every_variant = over(VARIANTS)


# --- the contract, for every method ---------------------------------------------------------------


@every_variant
@pytest.mark.parametrize("mixed", [True, False])
def test_the_loss_reaches_every_trainable_parameter(
    kind: type[Method], options: dict[str, Any], mixed: bool
) -> None:
    method = build(kind, **options)
    images, labels = batch(mixed=mixed)
    loss = method(images, labels)
    loss.backward()
    assert loss.shape == ()
    assert torch.isfinite(loss)
    for name, parameter in method.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            if not name.endswith("bias"):  # a bias in front of a batch normalisation has no effect
                assert parameter.grad.abs().sum() > 1e-6, name


@every_variant
def test_shapes_are_those_of_the_contract(kind: type[Method], options: dict[str, Any]) -> None:
    method = build(kind, **options).eval()
    images, _ = batch(5)
    h = method.features(images)
    k_classes, dim = len(COUNTS), h.shape[1]
    assert h.shape == (5, dim)
    assert method.scores(h).shape == method.raw_scores(h).shape == (5, k_classes)
    assert torch.equal(method.predict(images), method.scores(h))
    assert method.classifier().shape == (k_classes, dim)
    targets = method.targets()
    if targets is not None:
        assert targets.shape == (k_classes, dim)
        assert torch.allclose(targets.norm(dim=1), torch.ones(k_classes), atol=1e-6)
    collapse_of(h, torch.arange(5) % k_classes, targets, method.classifier(), k_classes)


@every_variant
def test_a_saved_method_predicts_the_same_in_a_new_one(
    kind: type[Method], options: dict[str, Any]
) -> None:
    method = build(kind, **options)
    method.loss(*batch())
    other = build(kind, seed=5, **options)
    other.load_state_dict(method.state_dict())
    images, _ = batch(5)
    assert torch.equal(method.eval().predict(images), other.eval().predict(images))


@every_variant
def test_the_methods_own_layers_come_from_its_generator(
    kind: type[Method], options: dict[str, Any]
) -> None:
    """So that methods of one seed share their backbone's weights."""
    body = Flat()
    before = torch.get_rng_state()
    kind(body, COUNTS, kind.Options(**options), torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)


@every_variant
def test_a_batch_of_one_trains(kind: type[Method], options: dict[str, Any]) -> None:
    method = build(kind, **options)
    loss = method.loss(*batch(1))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(value).all() for value in method.state_dict().values())


@every_variant
def test_heads_and_losses_are_float32_under_autocast(
    kind: type[Method], options: dict[str, Any]
) -> None:
    """Only the backbone may round: with its output held, autocast changes nothing."""
    method = build(kind, backbone=Rounded(), **options)
    images, labels = batch()
    plain = method.loss(images, labels)
    plain_scores = method.eval().predict(images)
    again = build(kind, backbone=Rounded(), **options)
    with torch.autocast("cpu", torch.bfloat16):
        cast = again.loss(images, labels)
        cast_scores = again.eval().predict(images)
    assert cast.dtype == cast_scores.dtype == torch.float32
    assert torch.equal(plain, cast)
    assert torch.equal(plain_scores, cast_scores)


class Rounded(Backbone):
    """Gives bfloat16 features, as a network under autocast does, and has no parameters."""

    out_features = 16

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1).bfloat16()


@every_variant
def test_a_step_reads_no_value_on_the_host(kind: type[Method], options: dict[str, Any]) -> None:
    method = build(kind, **options)
    images, labels = batch()
    with NoHostReads():
        method.loss(images, labels).backward()


@over([(CAL, {"f": 3}), (CAL, {"f": 3, "axes": True})])
@pytest.mark.usefixtures("unchecked")
def test_a_step_is_one_graph_for_the_compiler(kind: type[Method], options: dict[str, Any]) -> None:
    method = build(kind, **options)
    images, labels = batch()
    torch.compiler.reset()  # it compiles one function for a few classes only
    compiled = torch.compile(method.loss, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(images, labels), method.loss(images, labels))


@every_variant
def test_methods_work_in_float64(kind: type[Method], options: dict[str, Any]) -> None:
    method = build(kind, **options).double()
    images, labels = batch()
    assert isinstance(labels.weight, Tensor)
    loss = method.loss(images.double(), labels._replace(weight=labels.weight.double()))
    assert loss.dtype == torch.float64
    assert method.predict(images.double()).dtype == torch.float64


@pytest.mark.slow
# Without options it is a check of the contract, on free features; theta = 0 is at chance (C14).
@over([v for v in VARIANTS if v[1] and v[1].get("theta") != 0])
def test_a_small_resnet_learns_one_batch(kind: type[Method], options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    method = build(kind, backbone=resnet8.build(8, 1, width=4), **options)
    images = torch.randn(24, 1, 8, 8)
    labels = torch.arange(24) % 4
    trained = [p for p in method.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1, momentum=0.9)
    first = None
    for _ in range(40):
        loss = method(images, Labels(labels))
        first = float(loss.detach()) if first is None else first
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = float((method.eval().predict(images).argmax(1) == labels).double().mean())
    assert first is not None
    assert float(loss.detach()) < first
    assert right > 0.5  # chance is 0.25


# --- labels ---------------------------------------------------------------------------------------


def test_mixed_labels_weigh_the_two_losses() -> None:
    labels = Labels(torch.tensor([1.0]), torch.tensor([5.0]), torch.tensor(0.25))
    assert float(labels.mix(lambda y: y.sum())) == 0.25 * 1 + 0.75 * 5
    assert float(Labels(torch.tensor([1.0])).mix(lambda y: y.sum())) == 1.0


# --- CE -------------------------------------------------------------------------------------------


def test_ce_is_cross_entropy_on_linear_scores() -> None:
    method = build(CE)
    images, labels = batch(mixed=False)
    h = method.features(images)
    scores = h @ method.classifier().T + method.linear.bias
    log_share = scores - scores.exp().sum(1, keepdim=True).log()
    slow = -sum(log_share[i, k] for i, k in enumerate(labels.first)) / len(h)
    assert isinstance(slow, Tensor)
    assert method.loss(images, labels).item() == pytest.approx(slow.item(), rel=1e-5)


def test_only_ce_trains_its_classifier() -> None:
    frozen, free = build(CE_FROZEN), build(CE)
    assert torch.equal(frozen.classifier(), free.classifier())
    assert free.linear.weight.requires_grad
    assert not any(p.requires_grad for p in frozen.linear.parameters())


# --- SETF -----------------------------------------------------------------------------------------


def test_setf_features_are_batch_normalised_unit_vectors() -> None:
    method = build(SETF)
    images, labels = batch(mixed=False)
    x = method.backbone(images)
    standard = (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()
    expected = standard / standard.norm(dim=1, keepdim=True)
    h = method.features(images)
    assert torch.allclose(h, expected, atol=1e-5)
    for scaling in (True, False):
        slow = slow_dot_regression(h.detach(), labels.first, method.classifier(), scaling)
        found = build(SETF, batch_scaling=scaling).criterion(h, labels.first)
        assert found.item() == pytest.approx(slow, rel=1e-5)


def test_setf_predicts_with_the_unscaled_simplex() -> None:
    method = build(SETF).eval()
    h = method.targets()
    assert method.scores(h).argmax(1).tolist() == [0, 1, 2, 3]
    assert torch.allclose(method.scores(h).diagonal(), torch.ones(4))


def test_setf_says_how_many_features_it_needs() -> None:
    with pytest.raises(UsageError, match="at least 3"):
        build(SETF, backbone=Flat(2))


# --- AL and CAL -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("f_counts", "mean", "dim"), [("released", 3, 16), ("printed", 4, 20)])
def test_f_counts_the_classifier_as_released_and_the_centers_alone_as_printed(
    f_counts: str, mean: int, dim: int
) -> None:
    """A25, at f = 4 and 4 classes: f*K or (f+1)K dimensions, f - 1 or f centers a class."""
    al, cal = (build(kind, f=4, f_counts=f_counts) for kind in (AL, CAL))
    assert al.centers_per_class == [mean] * 4
    assert cal.centers_per_class == frames.class_aware_counts(COUNTS, 4, f_counts=f_counts)
    assert sum(cal.centers_per_class) == mean * 4
    for method in (al, cal):
        assert method.dim == dim
        assert method.basis is not None
        assert method.basis.shape == (dim, dim)
        assert method.classifier().shape == (4, dim)


def test_released_counts_are_the_default_and_end_on_the_rarest_class() -> None:
    """By hand, n = 40, 20, 8, 3 and f = 5: int(12 n / 71) + 1 = 7, 4, 2, 1, and 2 more."""
    assert build(CAL, f=5).centers_per_class == [1, 2, 5, 8]


def test_the_order_of_the_strategy_can_be_switched() -> None:
    assert build(CAL, f=5, order="descending").centers_per_class == [2, 3, 4, 7]


def test_cifar100_with_f_20_fits_into_2048_features_as_released_alone() -> None:
    """A13 arises only where f counts the centers alone."""
    counts = [5] * 100
    for f_counts, dim in (("released", 2048), ("printed", 2100)):
        options = CAL.Options(f_counts=f_counts, axes=True)
        assert CAL(Flat(2048), counts, options, torch.Generator()).dim == dim


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("axes", [False, True])
def test_the_loss_is_the_formula_as_a_loop(reduce: str, axes: bool) -> None:
    method = build(CAL, f=3, reduce=reduce, axes=axes, lam=0.1)
    images, labels = batch(mixed=False)
    h = method.features(images).detach()
    f = torch.tensor(method.centers_per_class)
    dim = h.shape[1]
    basis = torch.eye(dim)[: 4 + sum(f)] if axes else method.basis
    assert basis is not None
    classes = frames.center_classes(f.tolist())
    centers = math.cos(0.2) * basis[4:] + math.sin(0.2) * basis[:4][classes]
    slow = slow_cosine_regression(h, labels.first, centers, classes, 0.2, 0.1, reduce)
    assert method.criterion(h, labels.first).item() == pytest.approx(slow, rel=1e-5)


def test_targets_are_the_mean_centers() -> None:
    for axes in (False, True):
        method = build(CAL, f=3, axes=axes)
        basis = torch.eye(method.dim)[:12] if axes else method.basis
        assert basis is not None
        classes = frames.center_classes(method.centers_per_class)
        centers = math.cos(0.2) * basis[4:] + math.sin(0.2) * basis[:4][classes]
        for k in range(4):
            mean = centers[classes == k].mean(0)
            assert torch.allclose(method.targets()[k], mean / mean.norm(), atol=1e-6)
            assert torch.allclose(method.classifier()[k], basis[k])


def test_collapsed_features_are_at_the_floor_of_loss_and_variability() -> None:
    method = build(CAL, f=3)
    labels = torch.arange(4)
    floors = loss_floors(method.centers_per_class, 0.2)
    loss = method.criterion(method.targets(), labels)
    assert loss.item() == pytest.approx(sum(floors) / 4, rel=1e-5)
    found = collapse_of(method.targets(), labels, method.targets(), method.classifier(), 4)
    expected = 1 - sum(classifier_cosines(method.centers_per_class, 0.2)) / 4
    assert found["variability"] == pytest.approx(expected, rel=1e-5)
    assert found["variability"] == pytest.approx(found["variability_floor"])


def test_collapsed_features_are_predicted_right() -> None:
    for kind in (AL, CAL):
        method = build(kind, f=3)
        assert method.raw_scores(method.targets()).argmax(1).tolist() == [0, 1, 2, 3]


def test_the_frame_is_fixed() -> None:
    method = build(CAL, f=3)
    assert "basis" in dict(method.named_buffers())
    assert not any("basis" in name for name, _ in method.named_parameters())


@pytest.mark.parametrize(
    ("width", "linear", "dim", "has_linear"),
    [
        (11, "always", 12, True),  # f*K = 12
        (40, "always", 40, True),
        (11, "needed", 12, True),
        (40, "needed", 40, False),
        (40, "never", 40, False),
    ],
)
def test_the_extra_layer_is_as_wide_as_the_frame_needs(
    width: int, linear: str, dim: int, has_linear: bool
) -> None:
    method = build(CAL, backbone=Flat(width), f=3, linear=linear)
    assert method.dim == dim
    assert isinstance(method.linear, nn.Linear) == has_linear
    if has_linear:
        assert isinstance(method.linear, nn.Linear)
        assert method.linear.weight.shape == (dim, width)
        assert method.linear.bias.shape == (dim,)


def test_without_the_extra_layer_the_needed_width_is_named() -> None:
    with pytest.raises(UsageError, match=r"13 features; f = 4 and 4 classes need 16"):
        build(CAL, f=4, linear="never")


def test_the_extra_layer_starts_kaiming_normal() -> None:
    method = build(AL, backbone=Flat(200), f=49)
    assert isinstance(method.linear, nn.Linear)
    weight = method.linear.weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 200), rel=0.02)
    assert not method.linear.bias.any()


def test_the_decision_rule_standardises_with_running_statistics() -> None:
    """argmax <BN(h)/|BN(h)|, w_k> (App. F.1), BN from what training saw (A14)."""
    method = build(CAL, f=3)
    mean, var = torch.zeros(method.dim), torch.ones(method.dim)
    for seed in range(3):
        images, labels = batch(seed=seed)
        h = method.features(images).detach()
        method.loss(images, labels)
        mean = 0.9 * mean + 0.1 * h.mean(0)
        var = 0.9 * var + 0.1 * h.var(0)
    method.eval()
    h = method.features(batch(5)[0])
    standard = (h - mean) / (var + 1e-5).sqrt()
    expected = standard / standard.norm(dim=1, keepdim=True) @ method.classifier().T
    raw = h / h.norm(dim=1, keepdim=True) @ method.classifier().T
    assert torch.allclose(method.scores(h), expected, atol=1e-5)
    assert torch.allclose(method.raw_scores(h), raw, atol=1e-6)
    assert not torch.allclose(expected, raw, atol=1e-3)


def test_the_prediction_norm_changes_neither_loss_nor_gradient() -> None:
    def gradients(prediction_bn: str) -> tuple[Tensor, ...]:
        method = build(CAL, f=3, prediction_bn=prediction_bn)
        for seed in range(2):
            loss = method.loss(*batch(seed=seed))
        return torch.autograd.grad(loss, list(method.parameters()))

    for a, b in zip(gradients("frozen"), gradients("none"), strict=True):
        assert torch.equal(a, b)


def test_predicting_and_evaluating_leave_the_statistics_alone() -> None:
    method = build(CAL, f=3)
    before = {k: v.clone() for k, v in method.state_dict().items()}
    images, labels = batch()
    method.predict(images)
    method.eval()
    method.loss(images, labels)
    assert all(torch.equal(v, before[k]) for k, v in method.state_dict().items())
    method.train()
    method.loss(images, labels)
    assert isinstance(method.bn, RunningNorm)
    assert method.bn.running_mean is not None
    assert not torch.equal(method.bn.running_mean, before["bn.running_mean"])


def test_an_affine_norm_lies_in_the_path_of_the_loss() -> None:
    method = build(CAL, f=3, prediction_bn="affine")
    h = method.features(batch()[0])
    assert torch.allclose(h.mean(0), torch.zeros(method.dim), atol=1e-5)
    assert torch.equal(method.scores(h), method.raw_scores(h))


def test_normalisation_comes_before_the_extra_layer() -> None:
    images, _ = batch()
    method = build(CAL, f=3, normalise="l2").eval()
    x = method.backbone(images)
    expected = method.linear(x / x.norm(dim=1, keepdim=True))
    assert torch.allclose(method.features(images), expected, atol=1e-6)
    method = build(CAL, f=3, normalise="l2_bn")
    seen: list[Tensor] = []
    method.linear.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    method.features(images)
    assert torch.allclose(seen[0].mean(0), torch.zeros(13), atol=1e-5)
    assert torch.allclose(seen[0].var(0, correction=0), torch.ones(13), atol=2e-2)


def test_al_with_a_right_angle_ignores_the_number_of_centers() -> None:
    """theta = pi/2: the frame is the classifier, more centers are one center as often (C13)."""
    h = torch.randn(6, 20, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(6) % 4
    one = build(AL, backbone=Flat(20), f=2, theta=math.pi / 2, linear="never", axes=True, lam=0)
    four = build(AL, backbone=Flat(20), f=5, theta=math.pi / 2, linear="never", axes=True, lam=0)
    single = one.criterion(h, labels).item()
    assert four.criterion(h, labels).item() == pytest.approx(4 * single, rel=1e-5)


def test_a_thousand_classes_on_axes_need_no_matrix() -> None:
    """f = 20 and K = 1000: the dense frame would be 20,000 x 20,000."""
    counts = [1000] * 500 + [10] * 500
    options = CAL.Options(f=20, axes=True)
    method = CAL(Flat(4), counts, options, torch.Generator().manual_seed(0))
    assert method.basis is None
    assert method.dim == 20_000
    assert max(b.numel() for b in method.buffers()) <= 20_000
    images, _ = batch(3)
    loss = method.loss(images, Labels(torch.tensor([0, 500, 999])))
    loss.backward()
    assert torch.isfinite(loss)
    assert method.predict(images).shape == (3, 1000)


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (AL, {"f": 0}),
        (AL, {"f": 1}),  # as released no center is left
        (AL, {"f": 2.5}),
        (AL, {"f": True}),
        (CAL, {"f": 1}),
        (CAL, {"theta": -0.1}),
        (CAL, {"theta": 2}),
        (CAL, {"theta": math.nan}),
        (CAL, {"theta": "wide"}),
        (CAL, {"lam": -1}),
        (CAL, {"lam": math.inf}),
        (CAL, {"order": "up"}),
        (CAL, {"f_counts": "rows"}),
        (CAL, {"reduce": "max"}),
        (CAL, {"linear": "on"}),
        (CAL, {"prediction_bn": "off"}),
        (CAL, {"normalise": "l1"}),
        (CAL, {"axes": 1}),
        (SETF, {"batch_scaling": 1}),
    ],
)
def test_bad_values_are_refused_by_name(kind: type[Method], options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(UsageError, match=f"{name} is"):
        kind.Options(**options)


def test_defaults_are_those_of_the_paper() -> None:
    assert dataclasses.asdict(CAL.Options()) == {
        "f": 20,
        "f_counts": "released",
        "theta": 0.2,
        "lam": 6e-4,
        "reduce": "sum",
        "linear": "always",
        "prediction_bn": "frozen",
        "normalise": "none",
        "axes": False,
        "order": "ascending",
    }
    assert {*dataclasses.asdict(CAL.Options())} - {*dataclasses.asdict(AL.Options())} == {"order"}


def test_options_of_another_method_are_refused() -> None:
    with pytest.raises(UsageError, match=r"CAL\.Options"):
        CAL(Flat(), COUNTS, AL.Options(), torch.Generator())


# --- layers ---------------------------------------------------------------------------------------


def test_the_safe_norm_equals_pytorchs_on_whole_batches() -> None:
    ours, theirs = BatchNorm(5), nn.BatchNorm1d(5)
    for size in (7, 2):
        h = torch.randn(size, 5)
        assert torch.equal(ours(h), theirs(h))
    assert ours.running_mean is not None
    before = ours.running_mean.clone()
    alone = torch.randn(1, 5)
    assert torch.equal(ours(alone), theirs.eval()(alone))  # running statistics, left as they are
    assert torch.equal(ours.running_mean, before)


def test_running_norm_equals_pytorchs_statistics() -> None:
    ours, theirs = RunningNorm(5), nn.BatchNorm1d(5, affine=False)
    for size in (9, 4):
        h = torch.randn(size, 5)
        ours.observe(h)
        theirs(h)
    ours.observe(torch.randn(1, 5))
    h = torch.randn(3, 5)
    assert torch.equal(ours(h), theirs.eval()(h))


def test_unit_rows_have_length_one() -> None:
    h = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(losses.unit(h).norm(dim=1), torch.ones(5))
