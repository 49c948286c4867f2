"""ResNet-50 (He et al. 2016), in its form for small images unless said otherwise (A11)."""

from torch import nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise
from ncmc.backbones._resnet import Bottleneck, ResNet, stem3x3
from ncmc.errors import UsageError

BLOCKS = (3, 4, 6, 3)


def build(
    image_size: int,
    channels: int = 3,
    *,
    stem: str = "cifar",
    last_width: int = 512,
    init: str = "kaiming",
) -> Backbone:
    """2048 features. stem "cifar": 3x3, no max-pool; "imagenet": 7x7 with stride 2, and max-pool.

    last_width: channels of the 3x3 convolutions in the three bottlenecks of the last stage; their
    outputs, the features, are four times as many. 1024 (4096 features) is what SETF's code trains
    on ImageNet-LT: that stage alone is twice as wide, unlike in a Wide ResNet.
    init: assumption A22, see ncmc.backbones._init.
    """
    check(image_size, channels, smallest=8, last_width=last_width)
    stages: list[nn.Module] = []
    inputs = 64
    widths = (64, 128, 256, last_width)
    for stage, (planes, blocks) in enumerate(zip(widths, BLOCKS, strict=True)):
        outputs = planes * Bottleneck.expansion
        first = Bottleneck(inputs, planes, stride=1 if stage == 0 else 2)
        others = [Bottleneck(outputs, planes, stride=1) for _ in range(blocks - 1)]
        stages.append(nn.Sequential(first, *others))
        inputs = outputs
    model = ResNet(_stem(stem, channels), stages, out_features=inputs)
    initialise(model, init, released="fan_out")
    return model


def _stem(name: str, channels: int) -> nn.Sequential:
    if name == "cifar":
        return stem3x3(channels, 64)
    if name == "imagenet":
        return nn.Sequential(
            nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
    raise UsageError(f"stem is {name!r}; allowed: 'cifar' or 'imagenet'.")
