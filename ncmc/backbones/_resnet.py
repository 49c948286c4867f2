"""ResNet blocks (He et al. 2016): the CIFAR family (basic blocks) and ResNet-50 (bottlenecks)."""

import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the image size at stride 1."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class ZeroPadShortcut(nn.Module):
    """Option A of He et al.: every `stride`-th pixel, new channels zero; no parameters.

    The reference code family (ResNet-32 of MiSLAS and SETF) uses it.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (outputs - inputs) // 2
        self.after = outputs - inputs - self.before

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv3x3(outputs, outputs), nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else ZeroPadShortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(x), inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 (which holds the stride) and 1x1 convolutions, four times as wide at the end."""

    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = planes * self.expansion
        self.conv1, self.bn1 = nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes, stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = F.relu(self.bn2(self.conv2(out)), inplace=True)
        out = self.bn3(self.conv3(out))
        return F.relu(out + self.shortcut(x), inplace=True)


class ResNet(Backbone):
    """Stem, stages (the first keeps the image size, each later one halves it), global mean."""

    def __init__(self, stem: nn.Module, stages: list[nn.Module], out_features: int) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.Sequential(*stages)
        self.out_features = out_features

    def forward(self, images: Tensor) -> Tensor:
        return self.stages(self.stem(images)).mean((2, 3))  # (B, C, H, W) -> (B, C)


def stem3x3(channels: int, width: int) -> nn.Sequential:
    """The stem for small images: no stride, no pooling."""
    return nn.Sequential(conv3x3(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def cifar_resnet(blocks: int, image_size: int, channels: int, width: int, init: str) -> Backbone:
    """A CIFAR ResNet of 6 * blocks + 2 layers: three stages of `blocks` basic blocks, `width`,
    2 `width` and 4 `width` channels wide; 4 `width` features."""
    check(image_size, channels, smallest=4, width=width)
    stages: list[nn.Module] = []
    inputs = width
    for stage in range(3):
        outputs = width * 2**stage
        strides = [1 if stage == 0 else 2] + [1] * (blocks - 1)
        layers = [
            BasicBlock(inputs if i == 0 else outputs, outputs, s) for i, s in enumerate(strides)
        ]
        stages.append(nn.Sequential(*layers))
        inputs = outputs
    model = ResNet(stem3x3(channels, width), stages, out_features=4 * width)
    initialise(model, init, released="fan_in")
    return model
