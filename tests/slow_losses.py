"""The losses as the paper writes them, one sample after another, and a guard against host reads."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from ncmc.formulas import metrics


class NoHostReads(TorchDispatchMode):
    """Raises where an operation reads a value on the host or has a shape that depends on values."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's has no annotations

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        integers_only = func is torch.ops.aten.index.Tensor and not any(
            i is not None and i.dtype == torch.bool for i in args[1]
        )
        tags = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}
        if tags & set(func.tags) and not integers_only:
            raise AssertionError(f"{func} reads values on the host")
        return func(*args, **(kwargs or {}))


def classifier_cosines(centers_per_class: Iterable[int], theta: float) -> list[float]:
    """cos(rho_k) of each class, rho_k the angle between wbar_k and w_k: sin(theta) / cos(alpha_k)."""
    return [math.sin(theta) / cos_alpha(f, theta) for f in centers_per_class]


def loss_floors(centers_per_class: Iterable[int], theta: float) -> list[float]:
    """f_k c (c - 1)^2, c = cos(alpha_k): the least cosine regression loss of a class, at |h| = 1."""
    return [f * (c := cos_alpha(f, theta)) * (c - 1) ** 2 for f in centers_per_class]


def cos_alpha(f: int, theta: float) -> float:
    """The angle between wbar_k and each of its f centers (Def. 3.2)."""
    return math.sqrt((math.cos(theta) ** 2 + f * math.sin(theta) ** 2) / f)


def collapse_of(
    h: Tensor, labels: Tensor, targets: Tensor | None, classifier: Tensor, n_classes: int
) -> dict[str, Any]:
    """The collapse measures of features in one part."""
    return metrics.collapse(lambda: [(h, labels)], targets, classifier, n_classes)


def slow_cosine_regression(
    h: Tensor,
    labels: Tensor,
    centers: Tensor,
    center_class: Tensor,
    theta: float,
    lam: float,
    reduce: str = "sum",
) -> float:
    """App. F.1, one sample and one center after another."""
    total = 0.0
    for vector, label in zip(h, labels, strict=True):
        length = math.sqrt(sum(float(x) ** 2 for x in vector))
        own = [w for w, k in zip(centers, center_class, strict=True) if k == label]
        f = len(own)
        cos_alpha = math.sqrt((math.cos(theta) ** 2 + f * math.sin(theta) ** 2) / f)
        terms = [(float(w @ vector) / length - 1) ** 2 for w in own]
        share = sum(terms) / (f if reduce == "mean" else 1)
        total += cos_alpha * share + lam * (length - 1) ** 2
    return total / len(h)


def slow_dot_regression(
    h: Tensor, labels: Tensor, classifier: Tensor, batch_scaling: bool
) -> float:
    """A10 as a loop: scale column k of M, then the mean of (<m_y, h> - |m_y||h|)^2 / (2|h|)."""
    m = [row.clone() for row in classifier]
    present = sorted(set(labels.tolist()))
    if batch_scaling:
        for k in present:
            count = sum(label == k for label in labels.tolist())
            m[k] = m[k] * math.sqrt(len(labels) / len(present) / count)
    total = 0.0
    for vector, label in zip(h, labels.tolist(), strict=True):
        length = float(vector.norm())
        gap = float(m[label] @ vector) - float(m[label].norm()) * length
        total += gap**2 / (2 * length)
    return total / len(h)


# --- the losses of other papers, on logits: one sample and one class after another ----------------


def slow_cross_entropy(logits: Tensor, labels: Tensor) -> list[float]:
    """-log softmax, one number a sample."""
    found = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        found.append(-math.log(math.exp(row[label]) / sum(math.exp(z) for z in row)))
    return found


def slow_arb(logits: Tensor, labels: Tensor, counts: list[int]) -> float:
    """Xie et al. 2023: the mean of -log( exp(z_y) / sum_j (n_j / n_y) exp(z_j) )."""
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        others = [n / counts[label] * math.exp(z) for n, z in zip(counts, row, strict=True)]
        total -= math.log(math.exp(row[label]) / sum(others))
    return total / len(labels)


def slow_logit_adjusted(
    logits: Tensor, labels: Tensor, counts: list[int], strength: float
) -> float:
    """Menon et al. 2021: log(1 + sum_(j != y) (p_j / p_y)^strength exp(z_j - z_y)), p_k = n_k/N."""
    total = 0.0
    prior = [n / sum(counts) for n in counts]
    for row, y in zip(logits.tolist(), labels.tolist(), strict=True):
        others = [
            (prior[j] / prior[y]) ** strength * math.exp(row[j] - row[y])
            for j in range(len(row))
            if j != y
        ]
        total += math.log(1 + sum(others))
    return total / len(labels)


def slow_class_balanced_weights(counts: list[int], beta: float) -> list[float]:
    """Cui et al. 2019: 1 / (1 + beta + beta^2 + ... + beta^(n-1)), scaled to sum K."""
    weights = [1 / sum(beta**power for power in range(n)) for n in counts]
    return [w * len(counts) / sum(weights) for w in weights]


def slow_ldam(cosines: Tensor, labels: Tensor, counts: list[int], scale: float) -> list[float]:
    """Cao et al. 2019 as their text has it: margins C / n^(1/4), C so that the largest is 0.5."""
    largest = max(n**-0.25 for n in counts)
    found = []
    for row, y in zip(cosines.tolist(), labels.tolist(), strict=True):
        margin = 0.5 * counts[y] ** -0.25 / largest
        own = math.exp(scale * (row[y] - margin))
        others = sum(math.exp(scale * z) for j, z in enumerate(row) if j != y)
        found.append(-math.log(own / (own + others)))
    return found


def slow_focal(logits: Tensor, labels: Tensor, gamma: float) -> float:
    """Lin et al. 2017, Eq. 4, with the softmax probability."""
    terms = [
        -((1 - math.exp(-loss)) ** gamma) * -loss for loss in slow_cross_entropy(logits, labels)
    ]
    return sum(terms) / len(terms)


def slow_code_regression(h: Tensor, labels: Tensor, centers: Tensor, center_class: Tensor) -> float:
    """The first term of Eq. 22 for one sample, averaged: half of sum_j (<w_j, h> - y_j)^2."""
    total = 0.0
    for vector, label in zip(h, labels, strict=True):
        for w, k in zip(centers, center_class, strict=True):
            total += (float(w @ vector) - float(k == label)) ** 2 / 2
    return total / len(h)
