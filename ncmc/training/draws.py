"""Every random draw of an epoch, made on the host before the epoch starts.

A pure function of (seed, epoch): a resumed run draws what the uninterrupted one drew, and no
generator needs saving.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from ncmc.plan.recipes import Recipe


class Draws(NamedTuple):
    """The part of an epoch's draws that makes one batch of B images: each as in EpochPlan."""

    order: Int64[Tensor, " B"]
    offset: Int64[Tensor, "B 2"]
    flip: Bool[Tensor, " B"]
    partner: Int64[Tensor, " B"]
    mixup_weight: Float32[Tensor, ""]
    crop_seed: Int64[Tensor, " B"]

    def take(self, rows: slice | Int64[Tensor, " rows"]) -> "Draws":
        """Those of some images of the batch, by their places in it."""
        images = {
            f: getattr(self, f)[rows] for f in ("order", "offset", "flip", "partner", "crop_seed")
        }
        return Draws(**images, mixup_weight=self.mixup_weight)

    def to(self, device: torch.device) -> "Draws":
        """The same draws on a device."""
        same = self.order.device == device
        return self if same else Draws(*(values.to(device) for values in self))


@dataclass(frozen=True)
class EpochPlan:
    """All random draws of one epoch over N images, in the order of training."""

    order: Int64[Tensor, " N"]  # a permutation of the images
    offset: Int64[Tensor, "N 2"]  # upper left corner of the crop in the padded image, pixels
    flip: Bool[Tensor, " N"]  # mirrored left to right
    partner: Int64[Tensor, " N"]  # place, within the same batch, of the image mixed in
    mixup_weight: Float32[Tensor, " steps"]  # a batch's Mixup share of the image itself
    crop_seed: Int64[Tensor, " N"]  # what an image's random part is drawn from (resized_crop_flip)

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
            self.mixup_weight[step],
            self.crop_seed[part],
        )


def steps_per_epoch(n_images: int, recipe: Recipe) -> int:
    """Batches an epoch; the last, incomplete one counts unless the recipe drops it (A21)."""
    whole, rest = divmod(n_images, recipe.batch_size)
    return whole + (1 if rest and not recipe.drop_last else 0)


def plan_epoch(n_images: int, recipe: Recipe, seed: int, epoch: int) -> EpochPlan:
    """The draws of one epoch (counted from 1). Mixup: one weight a batch from Beta(a, a) (A19)."""
    order_rng, crop_rng, mix_rng, seed_rng = (
        np.random.default_rng([seed, epoch, s]) for s in range(4)
    )
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
        mixup_weight=torch.from_numpy(mix_rng.beta(alpha, alpha, steps).astype(np.float32)),
        crop_seed=torch.from_numpy(seed_rng.integers(0, 2**63, n_images)),
    )
