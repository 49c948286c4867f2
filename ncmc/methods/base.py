"""The contract of a method: a backbone, a head, a loss and a decision rule. One file a method.

A file `ncmc/methods/ldam_drw.py` is the method LDAM-DRW: a subclass of `Method` named LDAM_DRW,
with a nested frozen dataclass `Options`. `loss` never reads a value on the host and has only static
shapes, so that a step can be compiled or captured in a CUDA graph. Heads and losses run in float32,
under autocast too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn

from ncmc.backbones import Backbone
from ncmc.errors import UsageError
from ncmc.formulas.losses import in_full


class Labels(NamedTuple):
    """What a loss learns about a batch of B images."""

    first: Int64[Tensor, " B"]  # the images' own labels
    second: Int64[Tensor, " B"] | None = None  # those of the images mixed in; None without Mixup
    weight: Float[Tensor, ""] | float = 1.0  # share of `first`; with Mixup a tensor on the device

    def mix(self, criterion: Callable[[Tensor], Tensor]) -> Float[Tensor, ""]:
        """weight * criterion(first) + (1 - weight) * criterion(second); without Mixup the first."""
        if self.second is None:
            return criterion(self.first)
        return self.weight * criterion(self.first) + (1 - self.weight) * criterion(self.second)


class Method(nn.Module):
    """Base of all methods. Features h are (B, d) float32; `counts` are training images a class."""

    # set while several processes share a batch (ncmc.training.distributed_norm.shared_batch)
    sum_over_processes: Callable[[Tensor], Tensor] | None = None

    @dataclass(frozen=True)
    class Options:
        """What can be set; subclasses cite each default and raise UsageError on a bad value."""

    def __init__(
        self,
        backbone: Backbone,
        counts: Sequence[int],
        options: Any,
        generator: torch.Generator | None,
    ) -> None:
        """The generator draws all that the method adds to the backbone: frames and layers."""
        super().__init__()
        if not isinstance(options, self.Options):
            raise UsageError(f"options are {options!r}; allowed: {type(self).__name__}.Options.")
        self.options = options
        self.backbone = backbone
        self.counts = [int(n) for n in counts]
        self.n_classes = len(self.counts)

    def head(self, x: Float[Tensor, "B out_features"]) -> Float[Tensor, "B d"]:
        """Backbone output (B, out_features), float32 -> h (B, d), what the loss sees."""
        return x

    def stage(self, epoch: int) -> int:
        """Which of the method's stages an epoch is in; the loss may look at the epoch by this alone.

        A step is recorded once for each stage: a method that changes its loss at an epoch says so.
        """
        return 0

    def criterion(
        self, h: Float[Tensor, "B d"], labels: Int64[Tensor, " B"], epoch: int
    ) -> Float[Tensor, ""]:
        """The loss for one vector of labels, a scalar: the batch mean. Epochs count from 1."""
        raise NotImplementedError

    def observe(self, h: Float[Tensor, "B d"]) -> None:
        """Called with the detached features of each training batch."""

    def total(self, values: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
        """A sum over this process's part of a batch -> over all of it."""
        return values if self.sum_over_processes is None else self.sum_over_processes(values)

    def raw_scores(self, h: Float[Tensor, "B d"]) -> Float[Tensor, "B {self.n_classes}"]:
        """(B, K): the decision rule on features as they are."""
        raise NotImplementedError

    def scores(self, h: Float[Tensor, "B d"]) -> Float[Tensor, "B {self.n_classes}"]:
        """(B, K): the decision rule; the largest score wins."""
        return self.raw_scores(h)

    def targets(self) -> Float[Tensor, "{self.n_classes} d"] | None:
        """(K, d) unit rows: where the features of each class should collapse to; None if free."""
        return None

    def classifier(self) -> Float[Tensor, "{self.n_classes} d"]:
        """(K, d): rows w_k."""
        raise NotImplementedError

    def features(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B d"]:
        """Images (B, C, H, W) -> h (B, d), float32."""
        x = self.backbone(images)
        with torch.autocast(x.device.type, enabled=False):
            return self.head(in_full(x))

    def loss(
        self, images: Float[Tensor, "B C H W"], labels: Labels, epoch: int
    ) -> Float[Tensor, ""]:
        """The training loss of a batch: a scalar."""
        h = self.features(images)
        with torch.autocast(h.device.type, enabled=False):
            if self.training:
                self.observe(h.detach())
            return labels.mix(lambda y: self.criterion(h, y, epoch))

    def forward(
        self, images: Float[Tensor, "B C H W"], labels: Labels, epoch: int
    ) -> Float[Tensor, ""]:
        """`loss`, so that wrappers which call a module (DistributedDataParallel) can train it."""
        return self.loss(images, labels, epoch)

    def predict(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B {self.n_classes}"]:
        """Images (B, C, H, W) -> scores (B, K)."""
        h = self.features(images)
        with torch.autocast(h.device.type, enabled=False):
            return self.scores(h)
