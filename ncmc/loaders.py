"""Batches, augmentation and Mixup as whole-batch tensor operations, the same on a CPU and a GPU.

Every random draw of an epoch is a pure function of (seed, epoch), made on the host before the epoch
starts: a resumed run draws what the uninterrupted one drew, and no generator needs saving.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ncmc.methods import Labels
from ncmc.recipes import Recipe


class Draws(NamedTuple):
    """The part of an epoch's draws that makes one batch of B images: shapes as in EpochPlan."""

    order: Tensor  # (B,)
    offset: Tensor  # (B, 2)
    flip: Tensor  # (B,)
    partner: Tensor  # (B,)
    weight: Tensor  # 0-d


@dataclass(frozen=True)
class EpochPlan:
    """All random draws of one epoch over N images, in the order of training."""

    order: Tensor  # (N,) int64: a permutation of the images
    offset: Tensor  # (N, 2) int64: upper left corner of the crop in the padded image, pixels
    flip: Tensor  # (N,) bool: mirrored left to right
    partner: Tensor  # (N,) int64: place, within the same batch, of the image mixed in
    weight: Tensor  # (steps,) float32: a batch's Mixup share of the image itself

    def to(self, device: torch.device) -> "EpochPlan":
        """The same plan on a device: one copy an epoch instead of one a step."""
        return EpochPlan(*(getattr(self, f.name).to(device) for f in fields(self)))

    def at(self, step: int, batch_size: int) -> Draws:
        """The draws of batch number `step`, counted from 0."""
        part = slice(step * batch_size, (step + 1) * batch_size)
        return Draws(
            self.order[part],
            self.offset[part],
            self.flip[part],
            self.partner[part],
            self.weight[step],
        )


def steps_per_epoch(n_images: int, recipe: Recipe) -> int:
    """Batches an epoch; the last, incomplete one counts unless the recipe drops it (A21)."""
    whole, rest = divmod(n_images, recipe.batch_size)
    return whole + (1 if rest and not recipe.drop_last else 0)


def plan_epoch(n_images: int, recipe: Recipe, seed: int, epoch: int) -> EpochPlan:
    """The draws of one epoch (counted from 1). Mixup: one weight a batch from Beta(a, a) (A19)."""
    order_rng, crop_rng, mix_rng = (np.random.default_rng([seed, epoch, s]) for s in range(3))
    steps = steps_per_epoch(n_images, recipe)
    partner = np.empty(n_images, np.int64)
    for start in range(0, n_images, recipe.batch_size):
        batch = partner[start : start + recipe.batch_size]
        batch[:] = mix_rng.permutation(len(batch))
    alpha = recipe.mixup_alpha
    return EpochPlan(
        order=torch.from_numpy(order_rng.permutation(n_images)),
        offset=torch.from_numpy(crop_rng.integers(0, 2 * recipe.padding + 1, (n_images, 2))),
        flip=torch.from_numpy(crop_rng.random(n_images) < 0.5),
        partner=torch.from_numpy(partner),
        weight=torch.from_numpy(mix_rng.beta(alpha, alpha, steps).astype(np.float32)),
    )


@dataclass(frozen=True)
class Normalise:
    """(x / 255 - mean) / std as one multiplication and one addition; uint8 NHWC to float NCHW."""

    scale: Tensor  # (C,)
    shift: Tensor  # (C,)

    @classmethod
    def of(cls, recipe: Recipe, device: torch.device) -> "Normalise":
        """The recipe's mean and std, as published for pixel values in 0..1."""
        mean, std = torch.tensor(recipe.mean), torch.tensor(recipe.std)
        return cls((1 / (255 * std)).to(device), (-mean / std).to(device))

    def __call__(self, images: Tensor) -> Tensor:
        """(B, H, W, C) uint8 -> (B, C, H, W) float32, channels last in memory."""
        return torch.addcmul(self.shift, images.float(), self.scale).permute(0, 3, 1, 2)


def crop_flip(images: Tensor, offset: Tensor, flip: Tensor, padding: int) -> Tensor:
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


def mix(images: Tensor, labels: Tensor, partner: Tensor, weight: Tensor) -> tuple[Tensor, Labels]:
    """Mixup (Zhang et al. 2018): weight * x + (1 - weight) * x[partner], and both labels."""
    mixed = torch.lerp(images[partner], images, weight)
    return mixed, Labels(labels, labels[partner], weight)


class Resident:
    """A training set that stays in memory, on the device that trains."""

    def __init__(self, images: Tensor, labels: Tensor, recipe: Recipe, device: torch.device):
        """`images` (N, H, W, C) uint8, `labels` (N,) int64."""
        self.images = images.to(device)
        self.labels = labels.to(device)
        self.recipe = recipe
        self.normalise = Normalise.of(recipe, device)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, draws: Draws) -> tuple[Tensor, Labels]:
        """(B, C, H, W) float32 images and their labels: augmented, normalised, mixed."""
        images, labels = self.images[draws.order], self.labels[draws.order]
        if self.recipe.augment == "crop_flip":
            images = crop_flip(images, draws.offset, draws.flip, self.recipe.padding)
        floats = self.normalise(images)
        if not self.recipe.mixup:
            return floats, Labels(labels)
        return mix(floats, labels, draws.partner, draws.weight)
