"""DenseNet-BC for small images (Huang et al. 2017): three dense blocks of bottleneck layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise
from ncmc.errors import UsageError


class DenseLayer(nn.Module):
    """BN, ReLU, 1x1 to 4 growth channels, BN, ReLU, 3x3 to growth channels, after the input."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(F.relu(self.bn1(x), inplace=True))
        new = self.conv2(F.relu(self.bn2(new), inplace=True))
        return torch.cat([x, new], 1)  # (B, inputs + growth, H, W)


class Transition(nn.Module):
    """BN, ReLU, 1x1 to fewer channels, and the mean over 2x2 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.bn(x), inplace=True)), 2)


class DenseNet(Backbone):
    """3x3 convolution, three dense blocks with transitions between them, global mean."""

    def __init__(self, layers: int, channels: int, growth: int, reduction: float) -> None:
        super().__init__()
        width = 2 * growth
        parts: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
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
        out = F.relu(self.bn(self.parts(images)), inplace=True)
        return out.mean((2, 3))  # (B, C, H, W) -> (B, C)


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
