"""CB-CE: cross-entropy with classes weighted by their effective number (Cui et al. 2019)."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods import ce
from ncmc.methods._checks import check_choice, check_number


class CB_CE(ce.CE):
    """CE whose images weigh (1 - beta) / (1 - beta^n_k), scaled so that the K weights sum to K."""

    weights: Tensor  # (K,)

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """What can be set, and where each default comes from.

        beta: 0.9999 (one of the values of Cui et al. 2019; that of Cao et al. 2019 and of Zhang et
            al. 2021). 0 is CE.
        average: a batch's weighted losses are divided by its number of "images" (the code of Cui et
            al.), or by the sum of their "weights" (torch's cross-entropy, and so the code of Cao et
            al. and of Zhang et al.). Rare classes are few, so that the first has the smaller steps.
        """

        beta: float = 0.9999
        average: str = "images"

        def __post_init__(self) -> None:
            check_number("beta", self.beta, 0, below=1)
            check_choice("average", self.average, ("images", "weights"))

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.by_weights = options.average == "weights"
        weights = rebalanced.class_balanced_weights(self.counts, options.beta)
        self.register_buffer("weights", weights.to(torch.get_default_dtype()), persistent=False)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        each = F.cross_entropy(self.linear(h), labels, reduction="none")
        if self.by_weights:
            return rebalanced.weighted_mean(each, labels, self.weights)
        return (self.weights[labels] * each).mean()
