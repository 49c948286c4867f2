"""What the controls of CAL share: AL, told how CAL would share out its centers."""

from collections.abc import Sequence
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


def score_scale(al: Sequence[int], cal: Sequence[int], theta: float) -> Tensor:
    """(K,): how much larger the score of a collapsed feature is under CAL than under AL, by class.

    `al`, `cal`: centers a class. Features that have collapsed onto their mean centers score
    <w_k, wbar_k>/|wbar_k| = sin(theta)/cos(alpha_k) for their own class, so this is the ratio
    cos(alpha_AL) / cos(alpha_k).
    """
    cosines: Any = (frames.mean_center_cosines(f, theta) for f in (al, cal))
    return torch.div(*cosines).to(torch.get_default_dtype())
