"""VGG11 with batch normalisation (Simonyan & Zisserman 2015, Table 1, A), in its form for small images.

The paper names VGG11 (Figure 5) and says no more. This is the form that CIFAR is usually trained
with: the eight convolutions, normalised, and in place of the two layers of 4,096 units and their
dropout the mean over the pixels that are left, 512 features.
"""

from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise

STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))  # channels; a stage ends by halving


class VGG(Backbone):
    """Stages of 3x3 convolutions, each stage followed by max-pooling; global mean."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for stage in STAGES:
            for outputs in stage:
                layers += [
                    nn.Conv2d(inputs, outputs, 3, padding=1),
                    nn.BatchNorm2d(outputs),
                    nn.ReLU(inplace=True),
                ]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        self.out_features = inputs

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).mean((2, 3))  # (B, C, H, W) -> (B, C); at 32 pixels H = W = 1


def build(image_size: int, channels: int = 3, *, init: str = "kaiming") -> Backbone:
    """512 features; images of 32 pixels or more, which the five poolings halve.

    init: assumption A22, see ncmc.backbones._init; "kaiming" is fan-out, as in torchvision's VGG.
    """
    check(image_size, channels, smallest=32)
    model = VGG(channels)
    initialise(model, init, released="fan_out")
    return model
