"""AL-SCALED: a control. AL whose scores are scaled as CAL's collapsed features would scale them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.backbones import Backbone
from ncmc.formulas import frames
from ncmc.methods import al
from ncmc.methods._checks import check_choice


class AL_SCALED(al.AL):
    """Scores s_k <w_k, .> on a trained AL model; nothing is trained.

    Features that have collapsed onto CAL's mean centers score <w_k, wbar_k>/|wbar_k| = sin(theta) /
    cos(alpha_k) for their own class: more for rare classes, which have more centers. s_k is that over
    the same for AL, cos(alpha_AL) / cos(alpha_k). What is left of CAL's gain over this is not scaling.
    """

    trained_as = "AL"
    scale: Tensor  # (K,)

    @dataclass(frozen=True)
    class Options(al.AL.Options):
        """As for AL, and `order`: how CAL's f_k are shared out (A16)."""

        order: str = "ascending"

        least_f = 2

        def __post_init__(self) -> None:
            super().__post_init__()
            check_choice("order", self.order, frames.ORDERS)

    def __init__(
        self,
        backbone: Backbone,
        counts: Sequence[int],
        options: Any,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__(backbone, counts, options, generator)
        self.register_buffer("scale", score_scale(self.counts, options), persistent=False)

    def raw_scores(self, h: Tensor) -> Tensor:
        return super().raw_scores(h) * self.scale


def score_scale(counts: Sequence[int], options: Any) -> Tensor:
    """(K,): how much larger the score of a collapsed feature is under CAL than under AL, by class.

    `options`: f, f_counts, theta and order. Classes without images are taken to have one.
    """
    sizes = [max(n, 1) for n in counts]
    of_cal = frames.class_aware_counts(sizes, options.f, options.order, options.f_counts)
    of_al = [frames.mean_count(options.f, options.f_counts)] * len(sizes)
    cosines = (frames.mean_center_cosines(f, options.theta) for f in (of_al, of_cal))
    return torch.div(*cosines).to(torch.get_default_dtype())
