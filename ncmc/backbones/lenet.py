"""LeNet-5 (LeCun et al. 1998), in its form of today: ReLU, max-pooling, full connections.

The paper names LeNet (Figure 5) and says no more. The original has squashed tanh units, pooling with
weights, a second convolution that sees part of its channels, and grey images of 32 pixels; what is
called LeNet-5 since has ReLU and max-pooling, and takes as many channels as the images have.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.backbones._init import check, initialise


class LeNet(Backbone):
    """Two 5x5 convolutions of 6 and 16 channels, each pooled; layers of 120 and 84 units."""

    def __init__(self, image_size: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        side = _after(_after(image_size))
        self.fc1 = nn.Linear(16 * side * side, 120)
        self.fc2 = nn.Linear(120, 84)
        self.out_features = 84

    def forward(self, images: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))


def build(image_size: int, channels: int = 3, *, init: str = "kaiming") -> Backbone:
    """84 features; images of 16 pixels or more, all of the size that it is built for.

    init: assumption A22, see ncmc.backbones._init; "kaiming" is fan-in.
    """
    check(image_size, channels, smallest=16)
    model = LeNet(image_size, channels)
    initialise(model, init, released="fan_in")
    return model


def _after(side: int) -> int:
    """Pixels per side after an unpadded 5x5 convolution and pooling by two."""
    return (side - 4) // 2
