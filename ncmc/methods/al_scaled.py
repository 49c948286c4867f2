"""AL-SCALED: a control. AL whose scores are scaled as CAL's collapsed features would scale them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ncmc.backbones import Backbone
from ncmc.methods._control import Control, score_scale


class AL_SCALED(Control):
    """Scores s_k <w_k, .> on a trained AL model; nothing is trained.

    Features that have collapsed onto CAL's mean centers score <w_k, wbar_k>/|wbar_k| = sin(theta) /
    cos(alpha_k) for their own class: more for rare classes, which have more centers. s_k is that over
    the same for AL, cos(alpha_AL) / cos(alpha_k). What is left of CAL's gain over this is not scaling.
    """

    trained_as = "AL"
    scale: Tensor  # (K,)

    def __init__(
        self,
        backbone: Backbone,
        counts: Sequence[int],
        options: Any,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__(backbone, counts, options, generator)
        scale = score_scale(self.centers_per_class, self.centers_of_cal, self.theta)
        self.register_buffer("scale", scale, persistent=False)

    def raw_scores(self, h: Tensor) -> Tensor:
        return super().raw_scores(h) * self.scale
