"""LA: the logit-adjusted loss (Menon et al. 2021, Sec. 4.2)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods._checks import check_number
from ncmc.methods.balanced_softmax import BALANCED_SOFTMAX


class LA(BALANCED_SOFTMAX):
    """CE whose loss, not whose decision, is on z_k + strength * log(n_k / N)."""

    @dataclass(frozen=True)
    class Options(BALANCED_SOFTMAX.Options):
        """strength: of the adjustment; 1, with which the loss is consistent for the balanced error
        (Menon et al. 2021, where it is called tau). 0 is CE, 1 is Balanced Softmax."""

        strength: float = 1.0

        def __post_init__(self) -> None:
            check_number("strength", self.strength, 0)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        self.strength = float(options.strength)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return rebalanced.logit_adjusted(self.linear(h), labels, self.sizes, self.strength)
