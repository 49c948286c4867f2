"""CE-DRW: cross-entropy with deferred re-weighting (Cao et al. 2019, Sec. 3.3), without a margin."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from ncmc.formulas import rebalanced
from ncmc.methods import Stage, ce
from ncmc.methods.ldam_drw import LDAM_DRW


class CE_DRW(ce.CE):
    """CE, whose classes weigh as LDAM-DRW's in its second stage."""

    weights: torch.Tensor  # (K,)

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """`defer` and `beta` of LDAM-DRW, whose defaults they have."""

        defer: float = 0.8
        beta: float = 0.9999

        def __post_init__(self) -> None:
            LDAM_DRW.Options(defer=self.defer, beta=self.beta)  # refuses what it refuses

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        weights = rebalanced.class_balanced_weights(self.counts, options.beta)
        self.register_buffer("weights", weights.to(self.linear.weight.dtype), persistent=False)
        self.stages = (Stage(share=options.defer), Stage(share=1 - options.defer))

    def criterion(self, h: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        each = F.cross_entropy(self.linear(h), labels, reduction="none")
        if self.stage == 0:
            return each.mean()
        return rebalanced.weighted_mean(each, labels, self.weights)
