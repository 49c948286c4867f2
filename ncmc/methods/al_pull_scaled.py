"""AL-PULL-SCALED: a control. AL-PULL whose scores are scaled as CAL's collapsed features would be."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ncmc.backbones import Backbone
from ncmc.methods import al_pull
from ncmc.methods._control import score_scale


class AL_PULL_SCALED(al_pull.AL_PULL):
    """Scores s_k <w_k, .> on a trained AL-PULL model, s_k as in AL-SCALED; nothing is trained.

    With it AL has both of what CAL's counts do beside the geometry: the weight of rare classes in
    training, and that of their scores. What is left of CAL's gain over this is the geometry's.
    """

    trained_as = "AL-PULL"
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
