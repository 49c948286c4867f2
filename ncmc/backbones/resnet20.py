"""ResNet-20 for small images (He et al. 2016, Sec. 4.2), shortcuts by zero-padding (option A)."""

from ncmc.backbones import Backbone
from ncmc.backbones._resnet import cifar_resnet


def build(
    image_size: int, channels: int = 3, *, width: int = 16, init: str = "kaiming"
) -> Backbone:
    """20 layers; 4 `width` features.

    init: assumption A22, see ncmc.backbones._init.
    """
    return cifar_resnet(3, image_size, channels, width, init)
