"""Batches, augmentation and Mixup as whole-batch tensor operations, the same on a CPU and a GPU.

Every random draw of an epoch is a pure function of (seed, epoch), made on the host before the epoch
starts: a resumed run draws what the uninterrupted one drew, and no generator needs saving.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ncmc.data import image_stream
from ncmc.errors import UsageError
from ncmc.methods import Labels
from ncmc.plan.recipes import Recipe
from ncmc.training.processes import ALONE, Team

AHEAD = 2  # batches that are read before they are asked for
ALL = slice(None)


class Draws(NamedTuple):
    """The part of an epoch's draws that makes one batch of B images: shapes as in EpochPlan."""

    order: Tensor  # (B,)
    offset: Tensor  # (B, 2)
    flip: Tensor  # (B,)
    partner: Tensor  # (B,)
    weight: Tensor  # 0-d
    part: Tensor  # (B,)

    def take(self, rows: slice | Tensor) -> "Draws":
        """Those of some images of the batch, by their places in it."""
        images = {f: getattr(self, f)[rows] for f in ("order", "offset", "flip", "partner", "part")}
        return Draws(**images, weight=self.weight)

    def to(self, device: torch.device) -> "Draws":
        """The same draws on a device."""
        same = self.order.device == device
        return self if same else Draws(*(values.to(device) for values in self))


@dataclass(frozen=True)
class EpochPlan:
    """All random draws of one epoch over N images, in the order of training."""

    order: Tensor  # (N,) int64: a permutation of the images
    offset: Tensor  # (N, 2) int64: upper left corner of the crop in the padded image, pixels
    flip: Tensor  # (N,) bool: mirrored left to right
    partner: Tensor  # (N,) int64: place, within the same batch, of the image mixed in
    weight: Tensor  # (steps,) float32: a batch's Mixup share of the image itself
    part: Tensor  # (N,) int64: what an image's random part is drawn from (resized_crop_flip)

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
            self.part[part],
        )


def steps_per_epoch(n_images: int, recipe: Recipe) -> int:
    """Batches an epoch; the last, incomplete one counts unless the recipe drops it (A21)."""
    whole, rest = divmod(n_images, recipe.batch_size)
    return whole + (1 if rest and not recipe.drop_last else 0)


def plan_epoch(n_images: int, recipe: Recipe, seed: int, epoch: int) -> EpochPlan:
    """The draws of one epoch (counted from 1). Mixup: one weight a batch from Beta(a, a) (A19)."""
    order_rng, crop_rng, mix_rng, part_rng = (
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
        weight=torch.from_numpy(mix_rng.beta(alpha, alpha, steps).astype(np.float32)),
        part=torch.from_numpy(part_rng.integers(0, 2**63, n_images)),
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


class TrainingSet:
    """Batches of a training set by their draws alone, wherever the images are."""

    resident: bool  # no file is read, and nothing waited for, in `batch`

    def __init__(self, labels: Tensor, recipe: Recipe, device: torch.device) -> None:
        """`labels` (N,) int64."""
        self.labels = labels.to(device)
        self.recipe = recipe
        self.normalise = Normalise.of(recipe, device)

    def __len__(self) -> int:
        return len(self.labels)

    def follow(self, plan: EpochPlan, step: int, team: Team = ALONE) -> EpochPlan:
        """An epoch begins, or goes on, at `step`: its plan, where the batches will be made."""
        return plan.to(self.labels.device)

    def batch(self, draws: Draws, rows: slice = ALL) -> tuple[Tensor, Labels]:
        """(B, C, H, W) float32 images and their labels: augmented, normalised, mixed.

        `rows`: of these images of the batch alone; their partners may be any.
        """
        own, others = self._raw(draws, rows)
        draws = draws.to(own.device)
        mine = draws if rows == ALL else draws.take(rows)
        floats, labels = self._floats(own, mine), self.labels[mine.order]
        if others is None:
            return floats, Labels(labels)
        if rows == ALL:
            return mix(floats, labels, draws.partner, draws.weight)
        theirs = draws.take(mine.partner)
        mixed = torch.lerp(self._floats(others, theirs), floats, draws.weight)
        return mixed, Labels(labels, self.labels[theirs.order], draws.weight)

    def _raw(self, draws: Draws, rows: slice) -> tuple[Tensor, Tensor | None]:
        """uint8 (B, H, W, C) images of `rows`, and of their partners, if the recipe mixes.

        The partners are not looked at for all rows: they are the images themselves then.
        """
        raise NotImplementedError

    def _floats(self, images: Tensor, draws: Draws) -> Tensor:
        if self.recipe.augment == "crop_flip":
            images = crop_flip(images, draws.offset, draws.flip, self.recipe.padding)
        return self.normalise(images)


class Resident(TrainingSet):
    """A training set that stays in memory, on the device that trains."""

    resident = True

    def __init__(self, images: Tensor, labels: Tensor, recipe: Recipe, device: torch.device):
        """`images` (N, H, W, C) uint8, `labels` (N,) int64."""
        if recipe.augment == "resized_crop_flip":
            raise _no_parts()
        super().__init__(labels, recipe, device)
        self.images = images.to(device)

    def _raw(self, draws: Draws, rows: slice) -> tuple[Tensor, Tensor | None]:
        own = self.images[draws.order[rows]]
        if not self.recipe.mixup:
            return own, None
        return own, own if rows == ALL else self.images[draws.order[draws.partner[rows]]]


def _no_parts() -> UsageError:
    return UsageError(
        "augment=resized_crop_flip takes parts of whole image files, and these images are arrays "
        "of one size; allowed for them: crop_flip, none."
    )


@dataclass(frozen=True)
class Stored:
    """Images that stay on disk: some of an array's or of a set of image files."""

    images: Any  # (N, H, W, C) uint8: a memory-mapped array, or ncmc.data.image_stream.Streamed
    indices: np.ndarray  # (n,) int64: which of them, in which order
    workers: int  # threads that read

    @property
    def in_files(self) -> bool:
        """Whether each is a file of its own."""
        return isinstance(self.images, image_stream.Streamed)

    def read(
        self, wanted: Sequence[np.ndarray], parts: Sequence[np.ndarray] | None = None
    ) -> Iterator[Tensor]:
        """For each array of places (B,) the images (B, H, W, C), uint8; read ahead on threads.

        `parts`: for each place what a random part of the image, mirrored or not, is drawn from.
        """
        places = self.indices[np.concatenate([np.zeros(0, np.int64), *wanted])]
        seeds = None if parts is None else np.concatenate(parts)

        def one(i: int) -> np.ndarray:
            if not self.in_files:
                return self.images[places[i]]
            if seeds is None:
                return self.images.centre(int(places[i]))
            return self.images.random(int(places[i]), np.random.default_rng(int(seeds[i])))

        sizes = [len(batch) for batch in wanted]
        shape = tuple(self.images.shape[1:])
        for batch in image_stream.filled(one, sizes, shape, self.workers, AHEAD):
            yield torch.from_numpy(batch)


class Streamed(TrainingSet):
    """A training set that is read while it is used, a few batches ahead."""

    resident = False

    def __init__(
        self, images: Stored, labels: Tensor, recipe: Recipe, device: torch.device
    ) -> None:
        """`labels` (N,) int64, of the images in their order."""
        self.whole_files = recipe.augment == "resized_crop_flip"
        if self.whole_files and not images.in_files:
            raise _no_parts()
        super().__init__(labels, recipe, device)
        self.images = images
        self.team = ALONE
        self.coming: Iterator[tuple[Tensor, Tensor]] = iter(())

    def follow(self, plan: EpochPlan, step: int, team: Team = ALONE) -> EpochPlan:
        """The plan stays on the host; this process's rows of its batches from `step` on are read."""
        self.team = team
        steps = range(step, len(plan.weight))
        mine = [self._mine(plan.at(s, self.recipe.batch_size)) for s in steps]
        self.coming = zip((d.order for d in mine), self._read(mine), strict=True)
        return plan

    def _mine(self, draws: Draws) -> Draws:
        return draws.take(self.team.batch_rows(len(draws.order)))

    def _read(self, batches: Sequence[Draws]) -> Iterator[Tensor]:
        parts = [d.part.numpy() for d in batches] if self.whole_files else None
        return self.images.read([d.order.numpy() for d in batches], parts)

    def _raw(self, draws: Draws, rows: slice) -> tuple[Tensor, Tensor | None]:
        """What was read ahead; any other batch is read now."""
        mine = draws if rows == ALL else draws.take(rows)
        order, own = next(self.coming, (None, None))
        if order is None or own is None or not torch.equal(order, mine.order):
            self.coming = iter(())
            (own,) = self._read([mine])
        own = own.to(self.labels.device)
        if not self.recipe.mixup:
            return own, None
        if rows == ALL:
            return own, own
        # each image is decoded by one process and seen by all that mix it in
        whole = own if self.team.repeats else self.team.gather(own)
        return own, whole[mine.partner.to(whole.device)]
