"""SETF: a fixed simplex ETF with the dot-regression loss (Yang et al. 2022; assumption A10)."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc.formulas import frames, losses
from ncmc.methods import Method
from ncmc.methods._checks import check_switch
from ncmc.methods._layers import BatchNorm


class SETF(Method):
    """Features BN(h)/|BN(h)|, BN trained with its affine map; scores <m_k, h>, m_k unscaled."""

    scores_are_cosines = True

    etf: Tensor  # (K, d)

    @dataclass(frozen=True)
    class Options(Method.Options):
        """batch_scaling: m_k scaled by its class's share of each batch; off is a what-if (A10)."""

        batch_scaling: bool = True

        def __post_init__(self) -> None:
            check_switch("batch_scaling", self.batch_scaling)

    def set_up(self, options: Any, generator: torch.Generator | None) -> None:
        self.batch_scaling = options.batch_scaling
        self.bn = BatchNorm(self.backbone.out_features)
        etf = frames.simplex_etf(self.n_classes, self.backbone.out_features, generator)
        self.register_buffer("etf", etf)

    def head(self, x: Tensor) -> Tensor:
        return losses.unit(self.bn(x))

    def criterion(self, h: Tensor, labels: Tensor) -> Tensor:
        # A10 counts classes before Mixup. Mixup's second labels are a permutation of the first, so
        # the counts of either are those.
        return losses.dot_regression(h, labels, self.etf, self.batch_scaling)

    def raw_scores(self, h: Tensor) -> Tensor:
        return h @ self.etf.T

    def targets(self) -> Tensor:
        return self.etf

    def classifier(self) -> Tensor:
        return self.etf
