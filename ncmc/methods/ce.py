"""CE: cross-entropy with a learnable linear classifier (assumption A9)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ncmc.methods import Method
from ncmc.methods._layers import linear


class CE(Method):
    """Cross-entropy on <w_k, h> + b_k."""

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        self.linear = linear(self.backbone.out_features, self.n_classes, generator, zero_bias=False)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.linear(h), labels)

    def raw_scores(self, h: Tensor) -> Tensor:
        return self.linear(h)

    def classifier(self) -> Tensor:
        return self.linear.weight
