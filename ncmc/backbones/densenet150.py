"""DenseNet-150 (Huang et al. 2017): DenseNet-BC, three blocks of 24 bottleneck layers."""

from ncmc.backbones import Backbone
from ncmc.backbones._densenet import densenet_bc


def build(
    image_size: int,
    channels: int = 3,
    *,
    growth: int = 12,
    reduction: float = 0.5,
    init: str = "kaiming",
) -> Backbone:
    """510 features at growth 12 (CIFAR), 1360 at growth 32 (SVHN, STL-10); spec, Experiments.

    init: assumption A22, see ncmc.backbones._init.
    """
    return densenet_bc(150, image_size, channels, growth, reduction, init)
