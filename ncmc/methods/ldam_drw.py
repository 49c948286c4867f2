"""LDAM-DRW: LDAM with deferred re-weighting (Cao et al. 2019, Sec. 3.3): two stages."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import rebalanced
from ncmc.methods import Stage
from ncmc.methods._checks import check_number
from ncmc.methods.ldam import LDAM


class LDAM_DRW(LDAM):
    """LDAM, then LDAM whose classes weigh (1 - beta) / (1 - beta^n_k), scaled to sum K.

    A batch's weighted losses are divided by the sum of its weights, as in the authors' code.
    """

    weights: Tensor  # (K,)

    @dataclass(frozen=True)
    class Options(LDAM.Options):
        """What can be set beside LDAM's; the defaults are those of the authors' code.

        defer: share of the epochs before the re-weighting, 0.8 (160 of 200).
        beta: of the class weights, 0.9999.
        """

        defer: float = 0.8
        beta: float = 0.9999

        def __post_init__(self) -> None:
            super().__post_init__()
            check_number("defer", self.defer, 0, below=1)
            check_number("beta", self.beta, 0, below=1)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        weights = rebalanced.class_balanced_weights(self.counts, options.beta)
        self.register_buffer("weights", weights.to(self.weight.dtype), persistent=False)
        self.stages = (Stage(share=options.defer), Stage(share=1 - options.defer))

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        each = self._each(h, labels)
        if self.stage == 0:
            return each.mean()
        return rebalanced.weighted_mean(each, labels, self.weights)
