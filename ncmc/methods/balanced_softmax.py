"""BALANCED-SOFTMAX: cross-entropy with a softmax weighted by the class sizes (Ren et al. 2020)."""

from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods import ce


class BALANCED_SOFTMAX(ce.CE):
    """CE whose loss, not whose decision, is on z_k + log n_k. There is nothing to set."""

    sizes: Tensor  # (K,) training images per class

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.register_buffer("sizes", torch.tensor(self.counts), persistent=False)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return rebalanced.logit_adjusted(self.linear(h), labels, self.sizes)
