"""The contract of a method: a backbone, a head, a loss and a decision rule. One file per method.

A file `ncmc/methods/ldam_drw.py` is the method LDAM-DRW: a subclass of `Method` named LDAM_DRW,
with a nested frozen dataclass `Options`. `loss` never reads a value on the host and has only static
shapes, so that a step can be compiled or captured in a CUDA graph. Heads and losses run in float32,
under autocast too.

A method whose training has several stages lists them in `stages`. One that applies another decision
rule to the trained model of another method names that method in `trained_as`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float, Int64
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


@dataclass(frozen=True)
class Stage:
    """A stretch of a training in which the loss, and how images are drawn, stay the same."""

    share: float = 1.0  # its length over the recipe's epochs; the shares may add up to more than 1
    sampling: Literal["images", "classes"] = "images"  # each image once, or each class as often
    views: int = 1  # differently augmented copies of each image, neighbours in the batch
    mixup: bool = True  # Mixup, if the recipe has it
    freeze_backbone: bool = False  # no gradient reaches it, and its batch statistics stay
    lr: float | None = (
        None  # its own rate, annealed by a cosine; None: the recipe's schedule goes on
    )


class Method(nn.Module):
    """Base of all methods. Features h are (B, d) float32; `counts` are training images per class."""

    # The method whose trained model this one applies another decision rule to. The two have the same
    # parameters and buffers; what the rule adds (`fit`) is a buffer with persistent=False.
    trained_as: ClassVar[str | None] = None

    # Whether its scores are cosines, which no |h| makes larger: an ECE of their softmax, which is flat
    # however sure the method is, cannot be compared.
    scores_are_cosines: ClassVar[bool] = False

    options: Any  # the method's own Options

    # The stages of the training, in order, and the one that the model is in: as built, or loaded
    # after training, the last.
    stages: tuple[Stage, ...] = (Stage(),)
    stage: int = -1

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
        """`counts` (K,): training images per class. Raises UsageError for options of another method."""
        super().__init__()
        if not isinstance(options, self.Options):
            raise UsageError(f"options are {options!r}; allowed: {type(self).__name__}.Options.")
        self.options = options
        self.backbone = backbone
        self.counts = [int(n) for n in counts]
        self.n_classes = len(self.counts)
        self.set_up(options, generator)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        """Make what the method adds to `self.backbone`: frames and layers, drawn by the generator.

        `self.counts` and `self.n_classes` are known.
        """

    def set_steps(self, steps: Sequence[int]) -> None:
        """Told before the training how many steps each stage has.

        What a method decides from it stands in `options` from then on, so that the record states it.
        """

    def head(self, x: Float[Tensor, "B out_features"]) -> Float[Tensor, "B d"]:
        """Backbone output (B, out_features), float32 -> h (B, d), what the loss sees."""
        return x

    def enter(self, stage: int) -> None:
        """Told before each epoch which stage it belongs to."""
        self.stage = stage
        self.train(self.training)

    def train(self, mode: bool = True) -> Any:
        """As for any module, but the batch statistics of a frozen backbone stay as they are."""
        super().train(mode)
        if self.stages[self.stage].freeze_backbone:
            self.backbone.eval()
        return self

    def criterion(self, h: Float[Tensor, "B d"], labels: Int64[Tensor, " B"]) -> Float[Tensor, ""]:
        """The loss for one vector of labels, a scalar: the batch mean. It may depend on `stage`."""
        raise NotImplementedError

    def observe(self, h: Float[Tensor, "B d"]) -> None:
        """Called with the detached features of each training batch."""

    def fit(self, features: Iterable[tuple[Tensor, Tensor]]) -> None:
        """What a decision rule applied after training learns from the clean training images.

        `features`: batches of h (B, d) and labels (B,). Called once, in evaluation mode, for a method
        with `trained_as`.
        """

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
        if self.stages[self.stage].freeze_backbone:
            with torch.no_grad():
                x = self.backbone(images)
        else:
            x = self.backbone(images)
        with torch.autocast(x.device.type, enabled=False):
            return self.head(in_full(x))

    def loss(self, images: Float[Tensor, "B C H W"], labels: Labels) -> Float[Tensor, ""]:
        """The training loss of a batch: a scalar."""
        h = self.features(images)
        with torch.autocast(h.device.type, enabled=False):
            if self.training:
                self.observe(h.detach())
            return labels.mix(lambda y: self.criterion(h, y))

    def forward(self, images: Float[Tensor, "B C H W"], labels: Labels) -> Float[Tensor, ""]:
        return self.loss(images, labels)

    def predict(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B {self.n_classes}"]:
        """Images (B, C, H, W) -> scores (B, K)."""
        h = self.features(images)
        with torch.autocast(h.device.type, enabled=False):
            return self.scores(h)
