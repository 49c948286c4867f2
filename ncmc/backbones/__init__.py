"""Backbones: images (B, C, H, W) -> features (B, out_features), without a classifier.

One file a backbone: `build(image_size, channels=3, *, ...) -> Backbone`, its options as keyword
arguments with defaults. Files with a leading underscore are shared parts.
"""

from torch import nn


class Backbone(nn.Module):
    """A network that says how many features it gives."""

    out_features: int
