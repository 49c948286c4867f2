"""Every random draw of an epoch, made on the host before the epoch starts.

A pure function of (seed, epoch): a resumed run draws what the uninterrupted one drew, and no
generator needs saving.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from ncmc.methods import Stage
from ncmc.plan.recipes import Recipe

PLAIN = Stage()  # of a training that has but one


class Draws(NamedTuple):
    """Random draws of B views of images in the order of training: a batch's, or a whole epoch's."""

    order: Int64[Tensor, " B"]  # the images
    offset: Int64[Tensor, "B 2"]  # upper left corner of the crop in the padded image, pixels
    flip: Bool[Tensor, " B"]  # mirrored left to right
    partner: Int64[Tensor, " B"]  # place, within the same batch, of the image mixed in
    mixup_weight: Float32[Tensor, "*steps"]  # a batch's Mixup share of the image itself
    crop_seed: Int64[Tensor, " B"]  # what an image's random part is drawn from (resized_crop_flip)

    def to(self, device: torch.device) -> "Draws":
        """The same draws on a device."""
        same = self.order.device == device
        return self if same else Draws(*(values.to(device) for values in self))


@dataclass(frozen=True)
class EpochPlan:
    """All random draws of one epoch, and how they fall into batches."""

    batch: int  # views per batch
    draws: Draws  # with a Mixup share per step

    def to(self, device: torch.device) -> "EpochPlan":
        """The same plan on a device: one copy per epoch instead of one per step."""
        return EpochPlan(self.batch, self.draws.to(device))

    def at(self, step: int) -> Draws:
        """The draws of batch number `step`, counted from 0."""
        part = slice(step * self.batch, (step + 1) * self.batch)
        rows = {name: values[part] for name, values in self.draws._asdict().items()}
        return Draws(**rows | {"mixup_weight": self.draws.mixup_weight[step]})


def steps_per_epoch(n_images: int, recipe: Recipe) -> int:
    """Batches per epoch; the last, incomplete one counts unless the recipe drops it (A21)."""
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
    draws = Draws(
        order=torch.from_numpy(order),
        offset=torch.from_numpy(crop_rng.integers(0, 2 * recipe.padding + 1, (rows, 2))),
        flip=torch.from_numpy(crop_rng.random(rows) < 0.5),
        partner=torch.from_numpy(partner),
        mixup_weight=torch.from_numpy(mix_rng.beta(alpha, alpha, steps).astype(np.float32)),
        crop_seed=torch.from_numpy(seed_rng.integers(0, 2**63, rows)),
    )
    return EpochPlan(batch, draws)


def _order(labels: Tensor, rng: np.random.Generator, stage: Stage) -> np.ndarray:
    """A permutation of the images; or as many, each of a class drawn evenly from those with images."""
    if stage.sampling == "images":
        return rng.permutation(len(labels))
    of_class = labels.cpu().numpy()
    by_class = np.argsort(of_class, kind="stable")
    _, starts, counts = np.unique(of_class[by_class], return_index=True, return_counts=True)
    classes = rng.integers(0, len(counts), len(labels))
    places = starts[classes] + (rng.random(len(labels)) * counts[classes]).astype(np.int64)
    return by_class[places]
