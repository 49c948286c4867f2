"""Losses that know how many training images a class has: logits, weights and margins by class.

Pure functions of logits (B, K) and labels (B,), without host synchronisation.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, Int
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas.losses import class_sizes, in_full


def logit_adjusted(
    logits: Float[Tensor, "B K"],
    labels: Int[Tensor, " B"],
    counts: Int[Tensor, " K"],
    strength: float = 1.0,
) -> Float[Tensor, ""]:
    """Cross-entropy on z_k + strength * log(n_k), the mean over the batch.

    counts (K,): images per class, n_k; those of the training set give the logit-adjusted loss of
    Menon et al. 2021 (their Eq. 10; log n_k and log of the prior n_k/N differ by a constant, which
    softmax ignores), and with strength 1 Balanced Softmax (Ren et al. 2020, Eq. 4),

        -log( n_y exp(z_y) / sum_j n_j exp(z_j) ).

    That is also -log( exp(z_y) / sum_j (n_j/n_y) exp(z_j) ), the ARB loss (Xie et al. 2023), whose
    counts may be those of a batch. A class of count 0 leaves the sum, unless strength is 0.
    """
    z = in_full(logits)
    # xlogy: 0 * log(0) is 0
    return F.cross_entropy(z + torch.special.xlogy(strength, counts.to(z.dtype)), labels)


def class_balanced_weights(counts: Sequence[int], beta: float) -> Float64[Tensor, " K"]:
    """(K,) float64: (1 - beta) / (1 - beta^n_k), scaled to sum K (Cui et al. 2019, Sec. 4).

    One over the "effective number" of images of a class: equal for beta = 0, near 1/n_k for beta
    near 1. Raises UsageError for a beta outside [0, 1) or a class without images.
    """
    if not 0 <= beta < 1:
        raise UsageError(f"beta is {beta!r}; allowed: a number from 0 to below 1.")
    log_beta = math.log(beta) if beta else -math.inf
    # expm1: 1 - beta^n loses its digits for beta near 1
    weights = -1 / torch.expm1(log_beta * _sizes(counts, "class-balanced weights"))
    return weights * (len(counts) / weights.sum())


def weighted_mean(
    losses: Float[Tensor, " B"],
    labels: Int[Tensor, " B"],
    weights: Float[Tensor, " K"],
) -> Float[Tensor, ""]:
    """sum_i w_(y_i) loss_i / sum_i w_(y_i): the weighted mean of a batch's losses (B,).

    As torch's cross-entropy takes it, given weights (K,) of the classes.
    """
    w = weights.to(losses.dtype)
    counts = class_sizes(labels, len(weights)).to(losses.dtype)
    return (losses * w[labels]).mean() * counts.sum() / (counts * w).sum()


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


def ldam_margins(counts: Sequence[int], largest: float) -> Float64[Tensor, " K"]:
    """(K,) float64: margins proportional to n_k^(-1/4), scaled so that the largest is `largest`.

    The trade-off between the margins of two classes that minimises the error bound of Cao et al.
    2019 (Sec. 3.1). Raises UsageError for a class without images.
    """
    n = _sizes(counts, "LDAM's margins")
    return largest * (n / n.min()).pow(-0.25)


def _sizes(counts: Sequence[int], what: str) -> Float64[Tensor, " K"]:
    """(K,) float64: the counts, each 1 or more."""
    if min(counts) < 1:
        raise UsageError(
            f"class {list(counts).index(min(counts))} has {min(counts)} training images; "
            f"{what} need 1 or more in every class."
        )
    return torch.tensor(list(counts), dtype=torch.float64)


def ldam(
    cosines: Float[Tensor, "B K"],
    labels: Int[Tensor, " B"],
    margins: Float[Tensor, " K"],
    scale: float,
) -> Float[Tensor, " B"]:
    """(B,): cross-entropy on scale * z, z the cosines with the own class's margin taken off.

        -log( exp(s (z_y - m_y)) / (exp(s (z_y - m_y)) + sum_(j != y) exp(s z_j)) )

    cosines (B, K) between features and classifier; margins (K,); Cao et al. 2019, Sec. 3.2, with
    the scale s of their code.
    """
    z = in_full(cosines)
    own = labels[:, None] == torch.arange(z.shape[1], device=z.device)  # (B, K)
    return F.cross_entropy(
        scale * (z - torch.where(own, margins.to(z.dtype), 0)), labels, reduction="none"
    )
