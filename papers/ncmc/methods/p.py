"""P: Loss P of the paper (Eq. 22), regression of <w_j, h> onto the f_k-hot code of the class."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import frames, regression
from ncmc.methods._checks import check_choice, check_number
from ncmc.methods._fixed_frame import FixedFrame


class P(FixedFrame):
    """(1/2S) |W H - Y|_F^2 + (lambda_H/2) |H|_F^2, H all N training features, S = sum_k f_k n_k.

    The classifier is fixed, so that (lambda_W/2) |W0|_F^2 is a constant and left out. A batch stands
    for the training set: the first term is N times its mean over the batch, an unbiased estimate of
    the sum; for the second see `norm_term`. The frame and the decision rule are those of CAL.
    """

    @dataclass(frozen=True)
    class Options(FixedFrame.Options):
        """What can be set; the options that concern the frame are described in ncmc.methods.cal.

        order: of the class-aware strategy, as for CAL (A16).
        lambda_h: weight of the feature norm, 5e-4, or 0 (Figure 4). Without it the loss leaves free
            what a feature has orthogonal to all centers, and the scores see that: the classifier's
            rows are no centers. Collapse, too, is then only of the other part.
        norm_term: "mean": lambda_h/2 times the batch mean of |h|^2, as in the cosine regression loss:
            Eq. 22 with lambda_H = lambda_h / N. "sum": N times that, Eq. 22 to the letter, which
            diverges at the paper's rate of 0.1 where N is large (tau = 1 in Figure 4).
        normalise: as for CAL, but "l2" where the recipe sets nothing (ours; the paper says it of
            SVHN and STL-10 only). The loss is quadratic in the features: with those of a ResNet as
            they come, the first steps at the paper's rate drive the network to a constant.
        """

        normalise: str = "l2"
        order: str = "ascending"
        lambda_h: float = 5e-4
        norm_term: str = "mean"

        least_f = 2

        def __post_init__(self) -> None:
            super().__post_init__()
            check_choice("order", self.order, frames.ORDERS)
            check_number("lambda_h", self.lambda_h, 0)
            check_choice("norm_term", self.norm_term, ("mean", "sum"))

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        super().set_up(options, generator)
        n = sum(self.counts)
        sizes = zip(self.centers_per_class, self.counts, strict=True)
        self.fit_weight = n / sum(f * n_k for f, n_k in sizes)  # N / S
        self.norm_weight = options.lambda_h * (n if options.norm_term == "sum" else 1)

    def share_out(self, options: Any) -> list[int]:
        return frames.class_aware_counts(self.counts, options.f, options.order, options.f_counts)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        fit = regression.code_regression(
            h, labels, self.basis, self.n_classes, self.center_class, self.theta
        )
        return self.fit_weight * fit + self.norm_weight / 2 * h.square().sum(1).mean()
