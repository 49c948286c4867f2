"""The losses as the paper writes them, one sample after another, and a guard against host reads."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode


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
