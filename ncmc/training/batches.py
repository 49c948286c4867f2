"""Batches of a training set by their draws alone, from images in memory or on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor

from ncmc.data import image_stream
from ncmc.methods import Labels
from ncmc.plan.recipes import Recipe
from ncmc.training.draws import Draws, EpochPlan

AHEAD = 2  # batches that are read before they are asked for

# --- augmentation and Mixup, as operations on a whole batch --------------------------------------


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


# --- where the images are ------------------------------------------------------------------------


class TrainingSet:
    """Batches of a training set by their draws alone, wherever the images are."""

    in_memory: bool  # no file is read, and nothing waited for, in `batch`

    def __init__(self, labels: Tensor, recipe: Recipe, device: torch.device) -> None:
        """`labels` (N,) int64."""
        self.labels = labels.to(device)
        self.recipe = recipe
        self.normalise = Normalise.of(recipe, device)

    def __len__(self) -> int:
        return len(self.labels)

    def start_epoch(self, plan: EpochPlan, step: int) -> EpochPlan:
        """An epoch begins, or is resumed, at `step`: its plan, on the device that needs it."""
        raise NotImplementedError

    def batch(self, draws: Draws, mixup: bool) -> tuple[Tensor, Labels]:
        """(B, C, H, W) float32 images and their labels: augmented, normalised, mixed if asked for."""
        images = self.read(draws)
        draws = draws.to(images.device)
        floats, labels = self.augmented(images, draws), self.labels[draws.order]
        if not mixup:
            return floats, Labels(labels)
        return mix(floats, labels, draws.partner, draws.mixup_weight)

    def read(self, draws: Draws) -> Tensor:
        """The images as they are, (B, H, W, C) uint8, on the device that trains."""
        raise NotImplementedError

    def augmented(self, images: Tensor, draws: Draws) -> Tensor:
        """(B, H, W, C) uint8 -> (B, C, H, W) float32: cropped, mirrored and normalised."""
        if self.recipe.augment == "crop_flip":
            images = crop_flip(images, draws.offset, draws.flip, self.recipe.padding)
        return self.normalise(images)


class InMemory(TrainingSet):
    """A training set that stays in memory, on the device that trains."""

    in_memory = True

    def __init__(self, images: Tensor, labels: Tensor, recipe: Recipe, device: torch.device):
        """`images` (N, H, W, C) uint8, `labels` (N,) int64."""
        super().__init__(labels, recipe, device)
        self.images = images.to(device)

    def start_epoch(self, plan: EpochPlan, step: int) -> EpochPlan:
        """One copy to the device per epoch instead of one per step."""
        return plan.to(self.labels.device)

    def read(self, draws: Draws) -> Tensor:
        return self.images[draws.order]


def to_device(images: Tensor, device: torch.device) -> Tensor:
    """Images on a device. To a GPU they go from pinned memory: the host does not wait for the copy."""
    if device.type == "cuda" and images.device.type == "cpu":
        images = images.pin_memory()
    return images.to(device, non_blocking=True)


@dataclass(frozen=True)
class Stored:
    """Images that stay on disk: some of an array's or of a set of image files."""

    images: Any  # (N, H, W, C) uint8: a memory-mapped array, or ncmc.data.image_stream's
    indices: np.ndarray  # (n,) int64: which of them, in which order
    workers: int  # threads that read

    def read(
        self, batches: Sequence[np.ndarray], crop_seeds: Sequence[np.ndarray] | None = None
    ) -> Iterator[Tensor]:
        """For each array of places (B,) the images (B, H, W, C), uint8; read ahead on threads.

        `crop_seeds`: for each place what a random part of the image, mirrored or not, is drawn from.
        """
        places = self.indices[np.concatenate([np.zeros(0, np.int64), *batches])]
        seeds = None if crop_seeds is None else np.concatenate(crop_seeds)

        def one(i: int) -> np.ndarray:
            if seeds is None:
                return self.images[int(places[i])]
            return self.images.random(int(places[i]), np.random.default_rng(int(seeds[i])))

        sizes = [len(batch) for batch in batches]
        shape = tuple(self.images.shape[1:])
        for batch in image_stream.filled(one, sizes, shape, self.workers, AHEAD):
            yield torch.from_numpy(batch)


class OnDisk(TrainingSet):
    """A training set that is read while it is used, a few batches ahead. Its draws stay on the host."""

    in_memory = False

    def __init__(
        self, images: Stored, labels: Tensor, recipe: Recipe, device: torch.device
    ) -> None:
        """`labels` (N,) int64, of the images in their order."""
        super().__init__(labels, recipe, device)
        self.images = images
        self.coming: Iterator[Tensor] = iter(())  # the images of the batches from now on

    def start_epoch(self, plan: EpochPlan, step: int) -> EpochPlan:
        """Start to read the batches from `step` on; the plan stays on the host."""
        batches = [plan.at(number) for number in range(step, len(plan.draws.mixup_weight))]
        random_parts = self.recipe.augment == "resized_crop_flip"
        seeds = [b.crop_seed.numpy() for b in batches] if random_parts else None
        self.coming = self.images.read([b.order.numpy() for b in batches], seeds)
        return plan

    def read(self, draws: Draws) -> Tensor:
        """The next batch of those that are read ahead."""
        return to_device(next(self.coming), self.labels.device)
