"""ARB: the attraction-repulsion-balanced loss (Xie et al. 2023)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import losses, rebalanced
from ncmc.methods._checks import check_choice, check_switch
from ncmc.methods.balanced_softmax import BALANCED_SOFTMAX

LARGEST_LOGIT = 30.0  # in the authors' code


class ARB(BALANCED_SOFTMAX):
    """CE on z_k + log n_k as Balanced Softmax, n_k by default the images of class k in the batch.

    A class that a batch lacks is left out of its softmax. The counts are of the images' own labels,
    before Mixup; Mixup's second labels are a permutation of those, so that the counts of either are
    the same.
    """

    @dataclass(frozen=True)
    class Options(BALANCED_SOFTMAX.Options):
        """What can be set; both defaults are those of the authors' released code for CIFAR.

        counts: "batch", or "global", the training set's (theirs for the large data sets): the loss
            then is Balanced Softmax.
        clamp: logits beyond -30 and 30 are cut off in the loss, and get no gradient.
        """

        counts: str = "batch"
        clamp: bool = True

        def __post_init__(self) -> None:
            check_choice("counts", self.counts, ("batch", "global"))
            check_switch("clamp", self.clamp)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.by_batch, self.clamp = options.counts == "batch", options.clamp

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        logits = self.linear(h)
        if self.clamp:
            logits = logits.clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
        sizes = self.sizes
        if self.by_batch:
            sizes = losses.class_sizes(labels, self.n_classes)
        return rebalanced.logit_adjusted(logits, labels, sizes)
