"""Losses onto fixed centers, and what losses are computed with: pure functions of features (B, d).

No host synchronisation and only static shapes, so that a step can be compiled or captured in a CUDA
graph; half-precision features are computed with in float32.
"""

import math

import torch
from jaxtyping import Bool, Float, Int, Int64
from torch import Tensor

from ncmc.errors import UsageError

# Features shorter than this are scaled by 1/EPS, not normalised. The gradient of a direction grows
# as 1/|h| (App. E), so this bounds it; from |h| = EPS on every formula is exact.
EPS = 1e-6


def in_full(features: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The same features in float32 if they are in half precision (float64 stays)."""
    half = features.dtype in (torch.bfloat16, torch.float16)
    return features.float() if half else features


def lengths(features: Float[Tensor, "B d"]) -> Float[Tensor, " B"]:
    """(B,): |h|, with gradient 0 (not NaN) at h = 0."""
    return torch.linalg.vector_norm(features, dim=1)


def unit(features: Float[Tensor, "B d"], eps: float = EPS) -> Float[Tensor, "B d"]:
    """(B, d): h/|h|, or h/eps where |h| < eps."""
    return features / lengths(features).clamp_min(eps)[:, None]


def class_sizes(labels: Int[Tensor, " B"], n_classes: int) -> Int64[Tensor, " {n_classes}"]:
    """(K,) int64: how many labels each class has.

    A comparison, not `bincount`: that one reads the largest label on the host.
    """
    return (labels[:, None] == torch.arange(n_classes, device=labels.device)).sum(0)


def cosine_regression(
    features: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    centers: Float[Tensor, "F d"],
    center_class: Int[Tensor, " F"],
    theta: float,
    lam: float,
    reduce: str = "sum",
) -> Float[Tensor, ""]:
    """The cosine regression loss as trained (Eq. 34, App. F.1): the mean over the batch of

        cos(alpha_k) * sum_j (<w_j^(k), h/|h|> - 1)^2 + lam (|h| - 1)^2

    over the centers of the sample's own class k. features (B, d); labels (B,); centers (F, d) unit
    rows; center_class (F,) the class of each center, from which f_k is counted; theta in radians,
    from which cos(alpha_k) = sqrt((cos^2 theta + f_k sin^2 theta) / f_k). `reduce="mean"` takes the
    mean over j instead of the printed sum (A15). Returns a scalar.
    """
    h = in_full(features)
    gaps = unit(h) @ centers.to(h.dtype).T - 1  # (B, F)
    own = center_class == labels[:, None]  # (B, F)
    return _weigh(h, gaps, own, theta, lam, reduce)


def frame_regression(
    features: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    basis: Float[Tensor, "rows d"] | None,
    n_classes: int,
    center_class: Int[Tensor, " F"],
    theta: float,
    lam: float,
    reduce: str = "sum",
) -> Float[Tensor, ""]:
    """`cosine_regression` on `frames.multi_center_basis`, without forming the centers.

    basis (K + F, d) orthonormal rows, w_1..w_K first; None means the coordinate axes, at a cost of
    O(B d). With v_j = <v_j, h/|h|> and w = <w_k, h/|h|>, <w_j^(k), h/|h|> = cos(theta) v_j +
    sin(theta) w.
    """
    h = in_full(features)
    coordinates = unit(h) if basis is None else unit(h) @ basis.to(h.dtype).T
    classes = torch.arange(n_classes, device=labels.device)
    # A masked sum, not a gather: its gradient needs no scatter and so is deterministic on a GPU.
    w = torch.where(classes == labels[:, None], coordinates[:, :n_classes], 0).sum(1, keepdim=True)
    v = coordinates[:, n_classes : n_classes + len(center_class)]  # (B, F)
    own = center_class == labels[:, None]  # (B, F)
    return _weigh(h, math.cos(theta) * v + math.sin(theta) * w - 1, own, theta, lam, reduce)


def dot_regression(
    features: Float[Tensor, "B d"],
    labels: Int[Tensor, " B"],
    classifier: Float[Tensor, "K d"],
    batch_scaling: bool = True,
) -> Float[Tensor, ""]:
    """The dot-regression loss (Yang et al. 2022, assumption A10): the mean over the batch of

        (<m_y, h> - |m_y| |h|)^2 / (2 |h|)

    features (B, d); labels (B,); classifier (K, d) with rows m_k. With `batch_scaling`, m_k is
    scaled by sqrt((B / number of classes present) / count of k in the batch). Returns
    a scalar.
    """
    h = in_full(features)
    own = classifier.to(h.dtype)[labels]  # (B, d)
    # |h| (<m, h/|h|> - |m|)^2 / 2 is the same number, and finite with its gradient down to h = 0.
    gaps = (own * unit(h)).sum(1) - lengths(own)
    losses = lengths(h) * gaps.square() / 2
    if batch_scaling:  # the loss is quadratic in m_y, so the square root goes
        counts = class_sizes(labels, len(classifier)).to(h.dtype)
        losses = losses * counts.sum() / ((counts > 0).sum() * counts[labels])
    return losses.mean()


def _weigh(
    h: Float[Tensor, "B d"],
    gaps: Float[Tensor, "B F"],
    own: Bool[Tensor, "B F"],
    theta: float,
    lam: float,
    reduce: str,
) -> Float[Tensor, ""]:
    """The batch mean of cos(alpha_k) sum_j gap_j^2 + lam (|h| - 1)^2, j over `own` (B, F)."""
    if reduce not in ("sum", "mean"):
        raise UsageError(f"reduce is {reduce!r}; allowed: 'sum' or 'mean' (A15).")
    f = own.sum(1).to(h.dtype)
    cos_alpha = ((math.cos(theta) ** 2 + f * math.sin(theta) ** 2) / f).sqrt()
    total = torch.where(own, gaps, 0).square().sum(1)
    if reduce == "mean":
        total = total / f
    return (cos_alpha * total + lam * (lengths(h) - 1).square()).mean()
