"""KCL: a contrastive stage with k positives, then a linear classifier (Kang et al. 2021)."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ncmc.errors import UsageError
from ncmc.formulas import losses
from ncmc.methods import Labels, Stage, ce
from ncmc.methods._checks import check_number, check_whole
from ncmc.methods._layers import linear
from ncmc.methods.crt import second_stage

# Of one that is scaled: below it MoCo loses accuracy, and at 0 it fails (He et al. 2020).
LEAST_MOMENTUM = 0.9


class KCL(ce.CE):
    """First stage: MoCo with a queue of labels. Second: CE's classifier on the frozen network.

    The queue's keys are taken as positives from the newest on: they came in random order, so that
    these are a random sample, and none has to be drawn. Until the second stage the classifier is as it
    was drawn, and test accuracy at chance. Neither stage uses Mixup.
    """

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """What can be set, and where each default comes from.

        k: positives from the queue; 6 (Kang et al. 2021).
        queue: its size; 65536 (their release), or one key per training image where those are fewer.
        key_momentum: of the copy that gives the keys; 0.999 (their release) of `momentum_steps`.
        momentum_steps: 90000 (their release's first stage). Over s steps the momentum is
            key_momentum^(momentum_steps / s), at least 0.9, so that the copy forgets its random start
            as far as theirs (A38). 0: key_momentum as it is.
        temperature: 0.07 (their release).
        projection: width of the linear layer before the loss; 128 (their release).
        second_share: length of the second stage over that of the first; 0.2: 40 epochs after 200
            (Li et al. 2022, who re-implemented it on ImageNet-LT).
        second_lr: learning rate of the second stage, annealed by a cosine; 10 (Li et al. 2022).
        """

        k: int = 6
        queue: int = 65536
        key_momentum: float = 0.999
        momentum_steps: int = 90_000
        temperature: float = 0.07
        projection: int = 128
        second_share: float = 0.2
        second_lr: float = 10.0

        def __post_init__(self) -> None:
            for name in ("k", "queue", "projection"):
                check_whole(name, getattr(self, name), 1)
            check_whole("momentum_steps", self.momentum_steps, 0)
            for name in ("key_momentum", "temperature", "second_share", "second_lr"):
                check_number(name, getattr(self, name), 0)
            if self.key_momentum > 1:
                raise UsageError(
                    f"key_momentum is {self.key_momentum!r}; allowed: a number from 0 to 1."
                )
            if self.temperature == 0:
                raise UsageError("temperature is 0; allowed: a number above 0.")

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        options = self.options = replace(options, queue=min(options.queue, sum(self.counts)))
        super().set_up(options, generator)
        self.project = linear(
            self.backbone.out_features, options.projection, generator, zero_bias=False
        )
        self.keys = MomentumEncoder(self.backbone, self.project, options.key_momentum)
        self.queue = LabelQueue(options.queue, options.projection)
        self.stages = (
            Stage(views=2, mixup=False),
            second_stage(options.second_share, options.second_lr),
        )

    def set_steps(self, steps: Sequence[int]) -> None:
        of, momentum_then = self.options.momentum_steps, self.options.key_momentum
        if of and steps[0]:
            momentum = max(min(LEAST_MOMENTUM, momentum_then), momentum_then ** (of / steps[0]))
            self.keys.momentum = round(momentum, 6)
            self.options = replace(
                self.options, key_momentum=self.keys.momentum, momentum_steps=steps[0]
            )

    def loss(self, images: Tensor, labels: Labels) -> Tensor:
        if self.stage != 0:
            return super().loss(images, labels)
        labels_of_pairs = labels.first[0::2]
        if self.training:
            self.keys.follow(self.backbone, self.project)
        keys = self.keys(images[1::2])
        h = self.features(images[0::2])
        with torch.autocast(h.device.type, enabled=False):
            loss = k_positive(
                losses.unit(self.project(h)),
                keys,
                labels_of_pairs,
                *self.queue.newest_first(),
                self.options.k,
                self.options.temperature,
            )
        if self.training:
            self.queue.add(keys, labels_of_pairs)
        return loss


# --- the loss -------------------------------------------------------------------------------------


def k_positive(
    queries: Float[Tensor, "B d"],
    keys: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    queue: Float[Tensor, "Q d"],
    queue_labels: Int[Tensor, " Q"],
    k: int,
    temperature: float,
) -> Float[Tensor, ""]:
    """The mean over the batch of the cross-entropy between a softmax and an even target.

    The softmax is over <q, key>/temperature, for the key of the same image's other view and for all
    keys of the queue; the target is spread evenly over the other view and the first k keys of the
    queue with the query's label (fewer if there are not as many). With k = Q it is the supervised
    contrastive loss (Khosla et al. 2020, "out") of each query with those keys. All vectors are unit.
    Keys with the label -1 are places that are still empty.
    """
    own = (queries * keys).sum(1, keepdim=True) / temperature
    others = queries @ queue.T / temperature
    others = others.masked_fill(queue_labels == -1, torch.finfo(others.dtype).min)
    log_likelihoods = torch.cat([own, others], 1).log_softmax(1)
    positive = first_of_class(labels, queue_labels, k)
    targets = torch.cat([torch.ones_like(own), positive.to(own.dtype)], 1)
    # a place that is empty has a likelihood of 0 and is no target: 0 * log(0) is 0 here
    terms = torch.where(targets > 0, log_likelihoods, 0.0).sum(1)
    return -(terms / targets.sum(1)).mean()


def first_of_class(
    labels: Int[Tensor, " B"], queue_labels: Int[Tensor, " Q"], k: int
) -> Bool[Tensor, "B Q"]:
    """Which of the queue's keys are among the first k with each label."""
    same = labels[:, None] == queue_labels
    return same & (same.cumsum(1) <= k)


# --- MoCo (He et al. 2020) ------------------------------------------------------------------------


class MomentumEncoder(nn.Module):
    """A copy of a backbone and a head whose weights follow theirs: w <- m w + (1 - m) w_theirs."""

    def __init__(self, backbone: nn.Module, head: nn.Module, momentum: float) -> None:
        super().__init__()
        self.backbone = copy.deepcopy(backbone).requires_grad_(False)
        self.head = copy.deepcopy(head).requires_grad_(False)
        self.momentum = momentum

    @torch.no_grad()
    def follow(self, backbone: nn.Module, head: nn.Module) -> None:
        """Move towards their weights; the batch statistics are the copy's own."""
        for own, theirs in ((self.backbone, backbone), (self.head, head)):
            for weight, other in zip(own.parameters(), theirs.parameters(), strict=True):
                weight.lerp_(other, 1 - self.momentum)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) -> keys (B, d): unit vectors, float32."""
        h = self.backbone(images)
        with torch.autocast(h.device.type, enabled=False):
            return losses.unit(self.head(losses.in_full(h)))


class LabelQueue(nn.Module):
    """The last `size` keys (size, d) with their labels; -1 where none has come yet."""

    keys: Tensor
    labels: Tensor
    next: Tensor  # (), the place of the next key

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(size, dim))
        self.register_buffer("labels", torch.full((size,), -1))
        self.register_buffer("next", torch.tensor(0))

    @torch.no_grad()
    def add(self, keys: Tensor, labels: Tensor) -> None:
        """Put in keys (B, d) and labels (B,) in place of the oldest; of more than fit, the last."""
        size = len(self.labels)
        keys, labels = keys[-size:], labels[-size:]
        places = (self.next + torch.arange(len(labels), device=labels.device)) % size
        self.keys.index_copy_(0, places, keys.to(self.keys.dtype))
        self.labels.index_copy_(0, places, labels)
        self.next.copy_((self.next + len(labels)) % size)

    def newest_first(self) -> tuple[Tensor, Tensor]:
        """Keys (size, d) and labels (size,), from the newest to the oldest."""
        size = len(self.labels)
        places = (self.next - 1 - torch.arange(size, device=self.labels.device)) % size
        return self.keys[places], self.labels[places]
