"""Methods on the smallest backbone there is, and batches for them."""

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.methods import Labels, Method

M = TypeVar("M", bound=Method)
COUNTS = [40, 20, 8, 3]


class Flat(Backbone):
    """A linear layer on pixels."""

    def __init__(self, out_features: int = 13) -> None:
        super().__init__()
        self.out_features = out_features
        self.linear = nn.Linear(16, out_features)

    def forward(self, images: Tensor) -> Tensor:
        h: Tensor = self.linear(images.flatten(1))
        return h


def build(kind: type[M], seed: int = 0, backbone: Backbone | None = None, **options: Any) -> M:
    """A method for four classes, untrained."""
    torch.manual_seed(seed)
    body = Flat() if backbone is None else backbone
    return kind(body, COUNTS, kind.Options(**options), torch.Generator().manual_seed(seed))


def batch(size: int = 12, seed: int = 0, mixed: bool = True) -> tuple[Tensor, Labels]:
    """Images of 4 x 4 pixels, and labels with or without Mixup's second ones."""
    g = torch.Generator().manual_seed(seed)
    images = torch.randn(size, 1, 4, 4, generator=g)
    first = torch.randint(0, len(COUNTS), (size,), generator=g)
    if not mixed:
        return images, Labels(first)
    return images, Labels(first, first.flip(0), torch.tensor(0.3))
