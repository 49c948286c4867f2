"""CRT: CE, then a new classifier trained on the frozen network (Kang et al. 2020, cRT)."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ncmc.methods import Stage, ce
from ncmc.methods._checks import check_number
from ncmc.methods._layers import linear


class CRT(ce.CE):
    """First stage: CE. Second: a classifier from new random weights, classes drawn evenly."""

    @dataclass(frozen=True)
    class Options(ce.CE.Options):
        """What can be set, and where each default comes from.

        second_share: length of the second stage over that of the first; 1/9: their 10 epochs after
            90, written as 0.11.
        second_lr: its learning rate, annealed by a cosine; 0.1, at which the first stage starts, as
            theirs starts again at its own.
        """

        second_share: float = 0.11
        second_lr: float = 0.1

        def __post_init__(self) -> None:
            check_number("second_share", self.second_share, 0)
            check_number("second_lr", self.second_lr, 0)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        # drawn now, so that a resumed run has it from its state
        self.second = linear(self.backbone.out_features, self.n_classes, generator, zero_bias=False)
        self.stages = (Stage(), second_stage(options.second_share, options.second_lr))

    @property
    def current(self) -> torch.nn.Linear:
        return self.linear if self.stage == 0 else self.second

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.current(h), labels)

    def raw_scores(self, h: Tensor) -> Tensor:
        return self.current(h)

    def classifier(self) -> Tensor:
        return self.current.weight


def second_stage(share: float, lr: float) -> Stage:
    """A classifier is trained on a frozen network; every class is drawn as often, without Mixup."""
    return Stage(share=share, sampling="classes", mixup=False, freeze_backbone=True, lr=lr)
