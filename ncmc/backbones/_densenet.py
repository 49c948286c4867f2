"""DenseNet-BC for small images (Huang et al. 2017): three dense blocks of bottleneck layers."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise
from ncmc.backbones._norm import Moments, moments, norm_relu
from ncmc.errors import UsageError

EPS = 1e-5  # of every normalisation here, PyTorch's default: known moments need it


class Channels(NamedTuple):
    """A feature map (B, C, H, W) and its channels' batch moments, known from when they came."""

    x: Tensor
    moments: Moments | None


class DenseLayer(nn.Module):
    """BN, ReLU, 1x1 to 4 growth channels, BN, ReLU, 3x3 to growth channels, after the input."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, old: Channels) -> Channels:
        new = self.conv1(norm_relu(old.x, self.bn1, old.moments))
        new = self.conv2(norm_relu(new, self.bn2))
        return _joined(old, new)  # (B, inputs + growth, H, W)


class Transition(nn.Module):
    """BN, ReLU, 1x1 to fewer channels, and the mean over 2x2 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, old: Channels) -> Channels:
        x = F.avg_pool2d(self.conv(norm_relu(old.x, self.bn, old.moments)), 2)
        return _fresh(x)


class DenseNet(Backbone):
    """3x3 convolution, three dense blocks with transitions between them, global mean."""

    def __init__(self, layers: int, channels: int, growth: int, reduction: float) -> None:
        super().__init__()
        width = 2 * growth
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        parts: list[nn.Module] = []
        for block in range(3):
            parts += [DenseLayer(width + i * growth, growth) for i in range(layers)]
            width += layers * growth
            if block < 2:
                parts.append(Transition(width, int(width * reduction)))
                width = int(width * reduction)
        self.parts = nn.Sequential(*parts)
        self.bn = nn.BatchNorm2d(width)
        self.out_features = width

    def forward(self, images: Tensor) -> Tensor:
        last = self.parts(_fresh(self.stem(images)))
        out = norm_relu(last.x, self.bn, last.moments)
        return out.mean((2, 3))  # (B, C, H, W) -> (B, C)


def _fresh(x: Tensor) -> Channels:
    needed = x.requires_grad and x.device.type == "cpu"  # where norm_relu makes use of them
    return Channels(x, moments(x, EPS) if needed else None)


def _joined(old: Channels, x: Tensor) -> Channels:
    """The old channels, then the new ones."""
    both = torch.cat([old.x, x], 1)
    if old.moments is None:
        return Channels(both, None)
    new = moments(x, EPS)
    return Channels(
        both,
        Moments(*(torch.cat(pair) for pair in zip(old.moments, new, strict=True))),
    )


def densenet_bc(
    depth: int, image_size: int, channels: int, growth: int, reduction: float, init: str
) -> Backbone:
    """DenseNet-BC of `depth` = 6 n + 4 layers, n bottleneck layers in each of three blocks."""
    check(image_size, channels, smallest=4, growth=growth)
    if not 0 < reduction <= 1:
        raise UsageError(f"reduction is {reduction}; allowed: above 0, at most 1.")
    # Depth 150 is no 6 n + 4: the common implementation rounds down, to 148 layers.
    model = DenseNet((depth - 4) // 6, channels, growth, reduction)
    initialise(model, init, released="fan_out")
    return model
