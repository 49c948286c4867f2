"""Augmentation and Mixup as whole-batch tensor operations, the same on a CPU and a GPU."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor

from ncmc.methods import Labels
from ncmc.plan.recipes import Recipe


@dataclass(frozen=True)
class Normalise:
    """(x / 255 - mean) / std as one multiplication and one addition; uint8 NHWC to float NCHW."""

    scale: Float32[Tensor, " C"]
    shift: Float32[Tensor, " C"]

    @classmethod
    def of(cls, recipe: Recipe, device: torch.device) -> "Normalise":
        """The recipe's mean and std, as published for pixel values in 0..1."""
        mean, std = torch.tensor(recipe.mean), torch.tensor(recipe.std)
        return cls((1 / (255 * std)).to(device), (-mean / std).to(device))

    def __call__(self, images: UInt8[Tensor, "B H W C"]) -> Float32[Tensor, "B C H W"]:
        """(B, H, W, C) uint8 -> (B, C, H, W) float32, channels last in memory."""
        return torch.addcmul(self.shift, images.float(), self.scale).permute(0, 3, 1, 2)


def crop_flip(
    images: UInt8[Tensor, "B H W C"],
    offset: Int64[Tensor, "B 2"],
    flip: Bool[Tensor, " B"],
    padding: int,
) -> UInt8[Tensor, "B H W C"]:
    """Random crop of zero-padded images, then mirroring: (B, H, W, C) uint8 -> the same shape.

    The raw pixels are padded with 0, before normalising, each image with its own offset (A6).
    """
    size, width, channels = images.shape[1:]
    padded = images.new_zeros(len(images), size + 2 * padding, width + 2 * padding, channels)
    padded[:, padding : padding + size, padding : padding + width] = images
    # (B, 2p+1, 2p+1, H, W, C): every possible crop as a view, one of which is copied out
    windows = padded.unfold(1, size, 1).unfold(2, width, 1).permute(0, 1, 2, 4, 5, 3)
    rows = torch.arange(len(images), device=images.device)
    crops = windows[rows, offset[:, 0], offset[:, 1]]
    return torch.where(flip[:, None, None, None], crops.flip(2), crops)


def mix(
    images: Float[Tensor, "B C H W"],
    labels: Int64[Tensor, " B"],
    partner: Int64[Tensor, " B"],
    weight: Float[Tensor, ""],
) -> tuple[Float[Tensor, "B C H W"], Labels]:
    """Mixup (Zhang et al. 2018): weight * x + (1 - weight) * x[partner], and both labels."""
    mixed = torch.lerp(images[partner], images, weight)
    return mixed, Labels(labels, labels[partner], weight)
