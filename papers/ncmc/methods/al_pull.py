"""AL-PULL: AL re-weighted by CAL's pull, a control for what CAL's centers do beyond weighting."""

from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import frames, regression
from ncmc.methods._control import Control


class AL_PULL(Control):
    """AL whose loss of a sample is multiplied by the pull of CAL on its class over that of AL.

    The pull is half the size of the loss's gradient with respect to the direction of a feature that
    is still orthogonal to the centers of its class k:

        weight * |sum_j w_j^(k)| = cos(alpha_k) * f_k cos(alpha_k) = cos^2(theta) + f_k sin^2(theta).

    So the classes weigh (cos^2(theta) + f_k sin^2(theta)) / (cos^2(theta) + f sin^2(theta)) with the
    f_k of CAL and the one f of AL: training starts with CAL's gradients, on AL's equal centers.
    """

    weights: Tensor  # (K,)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        own, cal = (
            regression.pulls(torch.tensor(f), self.theta, self.reduce)
            for f in (self.centers_per_class, self.centers_of_cal)
        )
        weights = frames.mean_center_cosines(self.centers_per_class, self.theta) * cal / own
        if self.reduce == "mean":
            weights = weights / torch.tensor(self.centers_per_class)
        of_type = weights.to(torch.get_default_dtype())
        self.register_buffer("weights", of_type, persistent=False)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return regression.weighted_cosine_regression(
            h, labels, self.basis, self.center_class, self.weights, self.theta, self.lam
        )
