"""What the controls of CAL share: AL, told how CAL would share out its centers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import frames
from ncmc.methods._checks import check_choice
from ncmc.methods.al import AL


class Control(AL):
    """AL, with the options that decide the f_k of CAL."""

    @dataclass(frozen=True)
    class Options(AL.Options):
        """As for AL, and `order`, by which CAL shares out its centers (A16)."""

        order: str = "ascending"

        least_f = 2

        def __post_init__(self) -> None:
            super().__post_init__()
            check_choice("order", self.order, frames.ORDERS)

    @property
    def centers_of_cal(self) -> list[int]:
        """f_1, ..., f_K as CAL has them; a class without images counts as one of one."""
        sizes = [max(n, 1) for n in self.counts]
        f, order, f_counts = self.options.f, self.options.order, self.options.f_counts
        return frames.class_aware_counts(sizes, f, order, f_counts)


class Scaled(Control):
    """Scores s_k <w_k, .>, scaled by class as those of CAL's collapsed features are.

    Features that have collapsed onto their mean centers score <w_k, wbar_k>/|wbar_k| =
    sin(theta)/cos(alpha_k) for their own class: under CAL more for rare classes, which have more
    centers. s_k is that over the same for AL, cos(alpha_AL) / cos(alpha_k).
    """

    scale: Tensor  # (K,)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        al, cal = (
            frames.mean_center_cosines(f, self.theta)
            for f in (self.centers_per_class, self.centers_of_cal)
        )
        scale = (al / cal).to(torch.get_default_dtype())
        self.register_buffer("scale", scale, persistent=False)

    def raw_scores(self, h: Tensor) -> Tensor:
        return super().raw_scores(h) * self.scale
