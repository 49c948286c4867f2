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

from ncmc.methods import Stage
from ncmc.plan.recipes import Recipe

PLAIN = Stage()  # of a training that has but one


class Draws(NamedTuple):
    """The part of an epoch's draws that makes one batch of B images: each as in EpochPlan."""

    order: Int64[Tensor, " B"]
    offset: Int64[Tensor, "B 2"]
    flip: Bool[Tensor, " B"]
    partner: Int64[Tensor, " B"]
    mixup_weight: Float32[Tensor, ""]
    crop_seed: Int64[Tensor, " B"]

    def to(self, device: torch.device) -> "Draws":
        """The same draws on a device."""
        same = self.order.device == device
        return self if same else Draws(*(values.to(device) for values in self))


@dataclass(frozen=True)
class EpochPlan:
    """All random draws of one epoch, in the order of training: N rows, each a view of an image."""

    batch: int  # rows of a batch
    order: Int64[Tensor, " N"]  # the images
    offset: Int64[Tensor, "N 2"]  # upper left corner of the crop in the padded image, pixels
    flip: Bool[Tensor, " N"]  # mirrored left to right
    partner: Int64[Tensor, " N"]  # place, within the same batch, of the image mixed in
    mixup_weight: Float32[Tensor, " steps"]  # a batch's Mixup share of the image itself
    crop_seed: Int64[Tensor, " N"]  # what an image's random part is drawn from (resized_crop_flip)

    def to(self, device: torch.device) -> "EpochPlan":
        """The same plan on a device: one copy per epoch instead of one per step."""
        draws = (getattr(self, f.name).to(device) for f in fields(self) if f.name != "batch")
        return EpochPlan(self.batch, *draws)

    def at(self, step: int) -> Draws:
        """The draws of batch number `step`, counted from 0."""
        part = slice(step * self.batch, (step + 1) * self.batch)
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


def plan_epoch(
    labels: Int64[Tensor, " images"], recipe: Recipe, seed: int, epoch: int, stage: Stage = PLAIN
) -> EpochPlan:
    """The draws of one epoch (counted from 1). Mixup: one weight a batch from Beta(a, a) (A19).

    `labels`: those of the training images. The views of an image are neighbours, in one batch.
    """
    order_rng, crop_rng, mix_rng, seed_rng = (
        np.random.default_rng([seed, epoch, s]) for s in range(4)
    )
    order = np.repeat(_order(labels, order_rng, stage), stage.views)
    rows, batch = len(order), recipe.batch_size * stage.views
    steps = steps_per_epoch(len(labels), recipe)
    partner = np.empty(rows, np.int64)
    for start in range(0, rows, batch):
        part = partner[start : start + batch]
        part[:] = mix_rng.permutation(len(part))
    alpha = recipe.mixup_alpha
    return EpochPlan(
        batch=batch,
        order=torch.from_numpy(order),
        offset=torch.from_numpy(crop_rng.integers(0, 2 * recipe.padding + 1, (rows, 2))),
        flip=torch.from_numpy(crop_rng.random(rows) < 0.5),
        partner=torch.from_numpy(partner),
        mixup_weight=torch.from_numpy(mix_rng.beta(alpha, alpha, steps).astype(np.float32)),
        crop_seed=torch.from_numpy(seed_rng.integers(0, 2**63, rows)),
    )


def _order(labels: Tensor, rng: np.random.Generator, stage: Stage) -> np.ndarray:
    """A permutation of the images; or as many, each of a class drawn evenly from those with images."""
    if stage.sampling == "images":
        return rng.permutation(len(labels))
    of_class = labels.cpu().numpy()
    by_class = np.argsort(of_class, kind="stable")
    _, starts, counts = np.unique(of_class[by_class], return_index=True, return_counts=True)
    chosen = rng.integers(0, len(counts), len(labels))
    places = starts[chosen] + (rng.random(len(labels)) * counts[chosen]).astype(np.int64)
    return by_class[places]
