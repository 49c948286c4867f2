"""NCM: the nearest class mean of CE's features (Kang et al. 2020)."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ncmc.formulas import losses
from ncmc.methods import ce


class NCM(ce.CE):
    """Scores <m_k/|m_k|, h/|h|>, m_k the mean feature of the training images of class k.

    On the features of a trained CE model. A class without images scores below all others.
    """

    trained_as = "CE"
    scores_are_cosines = True
    means: Tensor | None = None  # (K, d), unit rows; 0 for a class without images

    def fit(self, features: Iterable[tuple[Tensor, Tensor]]) -> None:
        sums: Tensor | float = 0.0
        for h, labels in features:
            of_class = torch.nn.functional.one_hot(labels, self.n_classes).double()
            sums = sums + of_class.T @ h.double()
        assert isinstance(sums, Tensor), "a training set has images"
        self.means = losses.unit(sums).float()

    def raw_scores(self, h: Tensor) -> Tensor:
        if self.means is None:  # while it is trained, and before `fit`
            return super().raw_scores(h)
        has_images = self.means.any(dim=1)
        return (losses.unit(h) @ self.means.T).masked_fill(~has_images, -2.0)

    def classifier(self) -> Tensor:
        return super().classifier() if self.means is None else self.means
