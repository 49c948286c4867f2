"""LDAM: cross-entropy on cosines with a larger margin for a rarer class (Cao et al. 2019)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ncmc.formulas import losses, rebalanced
from ncmc.methods import Method
from ncmc.methods._checks import check_number


class LDAM(Method):
    """A classifier of unit rows on unit features: scores <h/|h|, w_k/|w_k|>.

    The rows start uniform on [-1, 1] in each coordinate and of length 1, as in the authors' code.
    """

    scores_are_cosines = True

    margins: Tensor  # (K,)

    @dataclass(frozen=True)
    class Options(Method.Options):
        """What can be set; the defaults are those of the authors' code (Cao et al. 2019).

        margin: of the rarest class, 0.5; the others' are proportional to n_k^(-1/4).
        scale: of the cosines in the loss, 30.
        """

        margin: float = 0.5
        scale: float = 30.0

        def __post_init__(self) -> None:
            check_number("margin", self.margin, 0)
            check_number("scale", self.scale, 0)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        self.scale = float(options.scale)
        rows = torch.empty(self.n_classes, self.backbone.out_features)
        nn.init.uniform_(rows, -1, 1, generator=generator)
        self.weight = nn.Parameter(losses.unit(rows))
        of_classes = rebalanced.ldam_margins(self.counts, options.margin)
        self.register_buffer("margins", of_classes.to(rows.dtype), persistent=False)

    def _each(self, h: Tensor, labels: Tensor) -> Tensor:
        """(B,): the loss of each image."""
        return rebalanced.ldam(self.raw_scores(h), labels, self.margins, self.scale)

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        return self._each(h, labels).mean()

    def raw_scores(self, h: Tensor) -> Tensor:
        return losses.unit(h) @ self.classifier().T

    def classifier(self) -> Tensor:
        return losses.unit(self.weight)
