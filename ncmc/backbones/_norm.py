"""Batch normalisation with ReLU as one step: the same numbers as the two, with less memory traffic.

On a CPU a convolution in bfloat16 is so fast that normalisation and ReLU take most of the time.
Two things help, both exact. ReLU of a bfloat16 number is a maximum of its bits read as an integer.
And the batch statistics of a channel do not depend on who reads it: a dense block, in which every
layer normalises all earlier channels again, needs each of them once.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Moments(NamedTuple):
    """Batch mean and 1 / sqrt(variance + eps) of each channel, (C,) float32."""

    mean: Tensor
    invstd: Tensor

    def var(self, eps: float) -> Tensor:
        """The (biased) variance."""
        return (self.invstd.pow(-2) - eps).clamp_min(0)


@torch.no_grad()
def moments(x: Tensor, eps: float) -> Moments:
    """The moments of (B, C, H, W)."""
    # weights of at least float32: the moments come in their dtype
    dtype = torch.promote_types(x.dtype, torch.float32)
    one, zero = torch.ones(x.shape[1], dtype=dtype), torch.zeros(x.shape[1], dtype=dtype)
    _, mean, invstd = torch.native_batch_norm(x, one, zero, None, None, True, 0.0, eps)
    return Moments(mean, invstd)


def norm_relu(x: Tensor, bn: nn.BatchNorm2d, known: Moments | None = None) -> Tensor:
    """relu(bn(x)), running statistics updated. `known`: the batch moments of x."""
    if not bn.training or x.device.type != "cpu":
        return F.relu(bn(x), inplace=True)
    y, mean, invstd = _NormRelu.apply(x, bn.weight, bn.bias, known, bn.eps)  # type: ignore[no-untyped-call]
    _update(bn, Moments(mean, invstd), x.numel() // x.shape[1])
    return y


@torch.no_grad()
def _update(bn: nn.BatchNorm2d, found: Moments, n: int) -> None:
    assert bn.momentum is not None
    assert bn.running_mean is not None
    assert bn.running_var is not None
    assert bn.num_batches_tracked is not None
    bn.running_mean.lerp_(found.mean, bn.momentum)
    bn.running_var.lerp_(found.var(bn.eps) * (n / max(n - 1, 1)), bn.momentum)
    bn.num_batches_tracked.add_(1)


class _NormRelu(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, known: Moments | None, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        if known is None:
            y, mean, invstd = torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, eps)
        else:  # as if they were running statistics: one pass over x instead of two
            mean, invstd = known
            var = known.var(eps)
            y = torch.native_batch_norm(x, weight, bias, mean, var, False, 0.0, eps)[0]
        _relu_(y)
        ctx.save_for_backward(x, weight, mean, invstd, y)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, invstd)
        return y, mean, invstd

    @staticmethod
    def backward(ctx: Any, g: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, invstd, y = ctx.saved_tensors
        g = torch.ops.aten.threshold_backward(g, y, 0)
        # `train`: the gradient through the moments too, which are functions of x
        gradients = torch.ops.aten.native_batch_norm_backward(
            g, x, weight, None, None, mean, invstd, True, ctx.eps, [True, True, True]
        )
        return *gradients, None, None


def _relu_(x: Tensor) -> Tensor:
    """ReLU in place; a bfloat16 below 0 has its sign bit set, as has a 16-bit integer below 0."""
    return (x.view(torch.int16) if x.dtype == torch.bfloat16 else x).clamp_min_(0)
