"""Scores adjusted by class frequencies after training: post-hoc logit adjustment."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def adjusted(
    scores: Float[Tensor, "B K"], counts: Sequence[int], strength: float = 1.0
) -> Float[Tensor, "B K"]:
    """z_k - strength * log(n_k / N) (Menon et al. 2021, Eq. 9).

    counts: training images n_k of each class, N in all. A class without images is taken to have one,
    so that its score stays finite.
    """
    sizes = torch.tensor(counts, dtype=torch.float64).clamp_min(1)
    log_priors = (sizes / sizes.sum()).log().to(scores)
    return scores - strength * log_priors
