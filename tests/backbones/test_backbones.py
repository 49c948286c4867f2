"""Backbones: published sizes, output shapes, and the same numbers as torchvision's own networks."""

from types import ModuleType

import pytest
import torch
from torch import nn

from ncmc.backbones import (
    Backbone,
    densenet150,
    lenet,
    resnet8,
    resnet20,
    resnet32,
    resnet50,
    vgg11,
)
from ncmc.backbones._densenet import densenet_bc
from ncmc.backbones._resnet import BasicBlock, ResNet, ZeroPadShortcut
from ncmc.errors import UsageError

torch.set_num_threads(1)
SMALL = [resnet8, resnet20, resnet32]
ALL = [*SMALL, resnet50, densenet150, vgg11, lenet]


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def with_classifier(model: Backbone, n_classes: int) -> int:
    """Parameters including a linear classifier, as they are published."""
    return size(model) + (model.out_features + 1) * n_classes


def meta(module: ModuleType, *args: int, **options: int | str) -> Backbone:
    """The backbone without memory: shapes cost nothing on the meta device."""
    with torch.device("meta"):
        model: Backbone = module.build(*args, **options)
    return model


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_resnet_sizes_are_the_published_ones() -> None:
    """He et al. 2016: ResNet-20 0.27 M, ResNet-32 0.46 M (exactly 464,154 with option A)."""
    assert with_classifier(meta(resnet20, 32), 10) == 269_722
    assert with_classifier(meta(resnet32, 32), 10) == 464_154
    assert size(meta(resnet50, 224, stem="imagenet")) == 25_557_032 - 2049 * 1000
    assert size(meta(resnet50, 32)) == pytest.approx(23.5e6, rel=1e-3)


@pytest.mark.slow
def test_the_wide_last_stage_of_resnet50_is_twice_as_wide_and_nothing_else_is() -> None:
    """Counted by hand from bottlenecks of width w: 1x1, 3x3, 1x1, and a shortcut in the first."""

    def last_stage(w: int) -> int:
        first = 1024 * w + 9 * w * w + 4 * w * w + 1024 * 4 * w  # 1024 channels come in
        others = 2 * (4 * w * w + 9 * w * w + 4 * w * w)
        norms = 2 * (3 * (w + w + 4 * w) + 4 * w)
        return first + others + norms

    usual = meta(resnet50, 224, stem="imagenet")
    wide = meta(resnet50, 224, stem="imagenet", last_width=1024)
    assert wide.out_features == 4096
    assert size(wide) - size(usual) == last_stage(1024) - last_stage(512)
    assert isinstance(wide, ResNet)
    assert isinstance(usual, ResNet)
    assert size(wide.stages[:3]) == size(usual.stages[:3])


@pytest.mark.slow
def test_vgg11_is_torchvisions_convolutions_with_512_features() -> None:
    """With a linear classifier of 10 classes 9,231,114 parameters, the usual VGG11 of CIFAR-10."""
    from torchvision import models

    model = meta(vgg11, 32)
    assert size(model) == size(models.vgg11_bn().features) == 9_225_984
    assert model.out_features == 512
    assert with_classifier(model, 10) == 9_231_114


def test_lenet_has_the_61706_parameters_of_lenet_5() -> None:
    """Layer by layer: 156 + 2,416 + 48,120 + 10,164, and 850 of the classifier of 10 classes."""
    assert with_classifier(meta(lenet, 32, 1), 10) == 156 + 2416 + 48_120 + 10_164 + 850 == 61_706
    assert with_classifier(meta(lenet, 32), 10) == 62_006
    assert meta(lenet, 28, 1).get_parameter("fc1.weight").shape == (120, 16 * 4 * 4)
    assert meta(lenet, 32).out_features == 84


@pytest.mark.parametrize(
    ("depth", "growth", "published"), [(100, 12, 0.8e6), (250, 24, 15.3e6), (190, 40, 25.6e6)]
)
def test_densenet_sizes_are_the_published_ones(depth: int, growth: int, published: float) -> None:
    """Huang et al. 2017, Table 2: DenseNet-BC on CIFAR-10, in millions with one digit."""
    with torch.device("meta"):
        model = densenet_bc(depth, 32, 3, growth, 0.5, "kaiming")
    assert round(with_classifier(model, 10) / 1e6, 1) * 1e6 == published


def test_densenet150_has_24_layers_a_block_and_510_features() -> None:
    """24 + 24 * 12 = 312, halved + 288 = 444, halved + 288 = 510, as in the reference code."""
    model = meta(densenet150, 32)
    assert model.out_features == 510
    assert meta(densenet150, 32, growth=32).out_features == 1360
    assert size(model) == 1_509_780
    assert sum(type(part).__name__ == "DenseLayer" for part in model.modules()) == 3 * 24


def test_densenet150_size_equals_the_count_by_hand() -> None:
    def by_hand(growth: int) -> int:
        width, total = 2 * growth, 27 * 2 * growth
        for block in range(3):
            for _ in range(24):  # BN, 1x1 to 4 growth, BN, 3x3 to growth
                total += 2 * width + width * 4 * growth + 8 * growth + 36 * growth * growth
                width += growth
            if block < 2:
                total += 2 * width + width * (width // 2)
                width //= 2
        return total + 2 * width

    assert size(meta(densenet150, 32)) == by_hand(12)
    assert size(meta(densenet150, 96, growth=32)) == by_hand(32)


def test_width_scales_features() -> None:
    assert meta(resnet32, 32).out_features == 64
    assert meta(resnet32, 32, width=32).out_features == 128
    assert meta(resnet50, 32).out_features == 2048


# --- shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "image_size"),
    [(m, s) for m in ALL for s in (32, 96)]
    + [(m, 8) for m in (*SMALL, resnet50, densenet150)]
    + [(m, 224) for m in (resnet50, densenet150, vgg11, lenet)]
    + [(lenet, 16), (lenet, 28), (vgg11, 33)],
)
def test_every_image_size_gives_one_feature_row_an_image(
    module: ModuleType, image_size: int
) -> None:
    model = meta(module, image_size).eval()
    images = torch.empty(2, 3, image_size, image_size, device="meta")
    assert model(images).shape == (2, model.out_features)


def test_the_imagenet_stem_gives_one_feature_row_an_image() -> None:
    model = meta(resnet50, 224, stem="imagenet")
    assert model(torch.empty(2, 3, 224, 224, device="meta")).shape == (2, 2048)


@pytest.mark.parametrize("module", SMALL)
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_parameter_of_a_small_net_gets_a_gradient(
    module: ModuleType, channels_last: bool
) -> None:
    torch.manual_seed(0)
    model = module.build(8, 1, width=4)
    images = torch.randn(4, 1, 8, 8)
    if channels_last:
        model, images = (x.to(memory_format=torch.channels_last) for x in (model, images))
    model(images).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize(
    ("module", "size", "options"),
    [
        (densenet150, 16, {"growth": 2}),
        (resnet50, 16, {}),
        (resnet50, 16, {"last_width": 64}),
        (vgg11, 32, {}),
        (lenet, 32, {}),
    ],
)
def test_a_training_step_of_a_large_net_is_finite(
    module: ModuleType, size: int, options: dict[str, object]
) -> None:
    torch.manual_seed(0)
    model = module.build(size, 3, **options)
    h = model(torch.randn(2, 3, size, size))
    assert torch.isfinite(h).all()
    h.sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


# --- the same numbers as torchvision: imported where needed, it brings sympy and torch._dynamo ----


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Copy every parameter and buffer; both modules list them in the order of the forward pass."""
    values = source.state_dict().values()
    own = target.state_dict()
    assert [v.shape for v in own.values()] == [v.shape for v in values]
    target.load_state_dict(dict(zip(own, values, strict=True)))


@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
def test_resnet50_computes_what_torchvisions_does(stem: str) -> None:
    from torchvision import models

    torch.manual_seed(0)
    theirs = models.resnet50()
    theirs.fc = nn.Identity()
    if stem == "cifar":
        theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        theirs.maxpool = nn.Identity()
    ours = resnet50.build(32, stem=stem)
    copy_in_order(theirs, ours)
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(ours.eval()(images), theirs.eval()(images), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("image_size", [32, 64])
def test_vgg11_computes_what_torchvisions_does(image_size: int) -> None:
    from torchvision import models

    torch.manual_seed(0)
    theirs = models.vgg11_bn().features
    ours = vgg11.build(image_size)
    copy_in_order(theirs, ours)
    images = torch.randn(2, 3, image_size, image_size)
    with torch.no_grad():
        expected = theirs.eval()(images).flatten(2).mean(2)
        assert torch.allclose(ours.eval()(images), expected, atol=1e-5)


def test_lenet_is_its_four_layers_written_out() -> None:
    torch.manual_seed(0)
    model = lenet.build(28, 1)
    images = torch.randn(2, 1, 28, 28)
    p = dict(model.named_parameters())
    x = nn.functional.conv2d(images, p["conv1.weight"], p["conv1.bias"]).clamp_min(0)
    x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))  # the largest of each 2x2 pixels
    x = nn.functional.conv2d(x, p["conv2.weight"], p["conv2.bias"]).clamp_min(0)
    x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5)).reshape(2, -1)
    x = (x @ p["fc1.weight"].T + p["fc1.bias"]).clamp_min(0)
    x = (x @ p["fc2.weight"].T + p["fc2.bias"]).clamp_min(0)
    assert torch.allclose(model(images), x, atol=1e-6)


def test_densenet150_computes_what_torchvisions_blocks_do() -> None:
    from benchmarks import plain

    torch.manual_seed(0)
    theirs = plain.densenet150(3, growth=6)
    ours = densenet150.build(16, growth=6)
    copy_in_order(theirs, ours)
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(ours.eval()(images), theirs.eval()(images), atol=1e-5)


def test_resnet8_is_three_residual_blocks_written_out() -> None:
    torch.manual_seed(0)
    model = resnet8.build(8, 1, width=4).eval()
    images = torch.randn(3, 1, 8, 8)
    assert isinstance(model, ResNet)
    assert isinstance(model.stem, nn.Sequential)
    x = torch.relu(model.stem[1](model.stem[0](images)))
    for stage, blocks in enumerate(model.stages):
        assert isinstance(blocks, nn.Sequential)
        (block,) = blocks
        assert isinstance(block, BasicBlock)
        branch = block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))
        if stage:  # option A: every second pixel, new channels zero on both sides
            skip = torch.zeros_like(branch)
            planes = x.shape[1]
            skip[:, planes // 2 : planes // 2 + planes] = x[:, :, ::2, ::2]
            x = skip
        x = torch.relu(branch + x)
    with torch.no_grad():
        assert torch.allclose(model(images), x.flatten(2).mean(2), atol=1e-6)


def test_the_zero_padded_shortcut_has_no_parameters() -> None:
    shortcut = ZeroPadShortcut(3, 7, 2)
    out = shortcut(torch.ones(1, 3, 5, 5))
    assert size(shortcut) == 0
    assert out.shape == (1, 7, 3, 3)
    assert out.sum((0, 2, 3)).tolist() == [0, 0, 9, 9, 9, 0, 0]


# --- initialisation and bad options ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "mode"),
    [(resnet20, "fan_in"), (densenet150, "fan_out"), (vgg11, "fan_out"), (lenet, "fan_in")],
)
def test_convolutions_start_as_the_code_family_has_them(module: ModuleType, mode: str) -> None:
    torch.manual_seed(0)
    model = module.build(32)
    for conv in (m for m in model.modules() if isinstance(m, nn.Conv2d)):
        outputs, inputs, height, width = conv.weight.shape
        fan = (inputs if mode == "fan_in" else outputs) * height * width
        if conv.weight.numel() > 2000:
            assert conv.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.1)
    for bn in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        assert bool((bn.weight == 1).all() and (bn.bias == 0).all())


@pytest.mark.parametrize("module", [vgg11, lenet])
def test_biases_start_at_zero_and_linear_layers_as_convolutions_do(module: ModuleType) -> None:
    for init, mode in (("kaiming", "fan_in"), ("fan_out", "fan_out")):
        torch.manual_seed(0)
        for layer in module.build(32, init=init).modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                assert layer.bias is not None
                assert not layer.bias.any()
            if isinstance(layer, nn.Linear):
                fan = layer.in_features if mode == "fan_in" else layer.out_features
                assert layer.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.05)
    own = module.build(32, init="torch")
    assert all(p.any() for name, p in own.named_parameters() if name.startswith(("conv1", "fc")))


def test_the_global_generator_decides_the_weights() -> None:
    def weights(seed: int, init: str = "kaiming") -> torch.Tensor:
        torch.manual_seed(seed)
        return resnet8.build(8, init=init).get_parameter("stem.0.weight")

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
    assert not torch.equal(weights(1), weights(1, "torch"))
    assert not torch.equal(weights(1), weights(1, "fan_out"))
    assert torch.equal(weights(1), weights(1, "fan_in"))


@pytest.mark.parametrize(
    ("module", "arguments", "options", "named"),
    [
        (resnet8, (8,), {"init": "xavier"}, "fan_in"),
        (resnet8, (8,), {"width": 0}, "width"),
        (resnet8, (8,), {"width": 1.5}, "width"),
        (resnet8, (8, 0), {}, "channels"),
        (resnet20, (2,), {}, "image_size"),
        (resnet50, (32,), {"stem": "vgg"}, "imagenet"),
        (densenet150, (32,), {"growth": 0}, "growth"),
        (densenet150, (32,), {"reduction": 0}, "reduction"),
        (densenet150, (32,), {"reduction": 1.5}, "reduction"),
        (densenet150, (2,), {}, "image_size"),
        (resnet50, (32,), {"last_width": 0}, "last_width"),
        (vgg11, (31,), {}, "image_size is 31 pixels; .* 32 or more"),
        (vgg11, (32,), {"init": "he"}, "init"),
        (lenet, (15,), {}, "image_size is 15 pixels; .* 16 or more"),
        (lenet, (32, 0), {}, "channels"),
    ],
)
def test_bad_options_are_refused_by_name(
    module: ModuleType, arguments: tuple[int, ...], options: dict[str, object], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        module.build(*arguments, **options)
