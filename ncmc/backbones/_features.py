"""No network: features that come from elsewhere, so that a method can be used on them alone."""

from torch import Tensor

from ncmc.backbones import Backbone


class Features(Backbone):
    """Gives the features that it gets: "images" of one pixel, (B, out_features, 1, 1)."""

    def __init__(self, out_features: int) -> None:
        super().__init__()
        self.out_features = out_features

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)  # (B, d, 1, 1) -> (B, d)
