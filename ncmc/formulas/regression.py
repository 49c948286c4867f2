"""Regression onto the centers of a multi-center frame, without forming them: Loss P, weighted AL.

A frame is `frames.multi_center_basis` (K + F, d), or None for one along the coordinate axes. The
products of B features with its F centers take (B, F) numbers; the centers themselves, (F, d), are
never made. No host synchronisation; half-precision features are computed with in float32.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ncmc.errors import UsageError
from ncmc.formulas.losses import in_full, lengths, unit


def center_products(
    vectors: Float[Tensor, "B d"],
    basis: Float[Tensor, "rows d"] | None,
    n_classes: int,
    center_class: Int[Tensor, " F"],
    theta: float,
) -> Float[Tensor, "B F"]:
    """(B, F): <w_j^(k), x> = cos(theta) <v_j^(k), x> + sin(theta) <w_k, x> of Def. 3.2.

    vectors (B, d); center_class (F,), the class of each center; theta in radians.
    """
    coordinates = vectors if basis is None else vectors @ basis.to(vectors.dtype).T
    w = coordinates[:, :n_classes]  # (B, K)
    v = coordinates[:, n_classes : n_classes + len(center_class)]  # (B, F)
    classes = torch.arange(n_classes, device=center_class.device)
    # a product, not a gather: its gradient needs no scatter and so is deterministic on a GPU
    spread = (center_class == classes[:, None]).to(w.dtype)  # (K, F)
    return math.cos(theta) * v + math.sin(theta) * (w @ spread)


def code_regression(
    features: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    basis: Float[Tensor, "rows d"] | None,
    n_classes: int,
    center_class: Int[Tensor, " F"],
    theta: float,
) -> Float[Tensor, ""]:
    """The batch mean of |W h - y|^2 / 2 over all F centers: the first term of Loss P (Eq. 22).

    y is the "f_k-hot" code: 1 at the f_k centers of the sample's own class, 0 at all others.
    """
    h = in_full(features)
    products = center_products(h, basis, n_classes, center_class, theta)
    code = (center_class == labels[:, None]).to(h.dtype)
    return (products - code).square().sum(1).mean() / 2


def weighted_cosine_regression(
    features: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    basis: Float[Tensor, "rows d"] | None,
    center_class: Int[Tensor, " F"],
    weights: Float[Tensor, " K"],
    theta: float,
    lam: float,
) -> Float[Tensor, ""]:
    """The cosine regression loss (Eq. 34) with given weights of the classes: the batch mean of

        weight_k * sum_j (<w_j^(k), h/|h|> - 1)^2 + lam (|h| - 1)^2

    over the centers of the sample's own class k. weights (K,); the loss as trained (App. F.1) has
    cos(alpha_k) for them.
    """
    h = in_full(features)
    products = center_products(unit(h), basis, len(weights), center_class, theta)
    own = center_class == labels[:, None]  # (B, F)
    gaps = torch.where(own, products - 1, 0).square().sum(1)
    return (weights.to(h.dtype)[labels] * gaps + lam * (lengths(h) - 1).square()).mean()


def pulls(
    centers_per_class: Int[Tensor, " K"], theta: float, reduce: str = "sum"
) -> Float[Tensor, " K"]:
    """(K,): how hard the cosine regression loss pulls a feature of each class at the start.

    A feature that is still orthogonal to the centers of its class has the gradient

        -2 cos(alpha_k) sum_j w_j^(k) = -2 cos(alpha_k) f_k wbar_k

    with respect to its direction, where cos(alpha_k) is the loss's weight and |wbar_k| =
    cos(alpha_k): its size is twice weight * f_k * cos(alpha_k) = cos^2(theta) + f_k sin^2(theta).
    That half is the pull. With `reduce="mean"` over the centers (A15) it is that over f_k.
    """
    if reduce not in ("sum", "mean"):
        raise UsageError(f"reduce is {reduce!r}; allowed: 'sum' or 'mean' (A15).")
    f = centers_per_class.double()
    pull = math.cos(theta) ** 2 + f * math.sin(theta) ** 2
    return pull / f if reduce == "mean" else pull
