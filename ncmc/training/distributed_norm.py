"""Batch normalisation over a batch that several processes share: the numbers of one process.

On CUDA torch's own kernels for it (those of nn.SyncBatchNorm, which DistributedDataParallel refuses
on a CPU), elsewhere a differentiable twin of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules._functions import SyncBatchNorm as Fused
from torch.nn.modules.batchnorm import _BatchNorm

from ncmc.methods import Method
from ncmc.methods._layers import RunningNorm
from ncmc.training.processes import ONE_PROCESS, ProcessGroup


class Moments(NamedTuple):
    """Of each channel over the whole batch: (C,), and how many values it has."""

    mean: Tensor
    var: Tensor  # biased
    n: Tensor  # 0-d

    def unbiased(self) -> Tensor:
        """The variance that running statistics keep."""
        return self.var * (self.n / (self.n - 1).clamp_min(1))


@torch.no_grad()
def moments(x: Tensor, group: ProcessGroup) -> Moments:
    """Mean and variance of each channel of (B, C, ...) over the batches of all processes."""
    x = _full(x).transpose(0, 1).flatten(1)  # (C, n)
    mean, n = x.mean(1), x.shape[1]
    off = (x - mean[:, None]).square().sum(1)
    own = torch.cat([mean.new_tensor([n]), mean, off])
    each = group.gather(own[None])  # (processes, 1 + 2 C)
    counts, means, offs = each[:, :1], *each[:, 1:].chunk(2, dim=1)
    count = counts.sum()
    whole = (counts * means).sum(0) / count
    var = (offs + counts * (means - whole).square()).sum(0) / count  # Chan et al. 1979
    return Moments(whole, var, count)


class _Normalise(torch.autograd.Function):
    """(x - mean) / sqrt(var + eps) * weight + bias, the moments being functions of all batches."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        batch: Moments,
        eps: float,
        group: ProcessGroup,
    ) -> Tensor:
        invstd = (batch.var + eps).rsqrt()
        ctx.save_for_backward(x, weight, batch.mean, invstd, batch.n)
        ctx.group = group
        scale = weight * invstd
        y = _full(x) * _wide(scale, x) + _wide(bias - batch.mean * scale, x)
        return y.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, invstd, count = ctx.saved_tensors
        others = [d for d in range(x.ndim) if d != 1]
        gf = _full(g)
        unit = (_full(x) - _wide(mean, x)) * _wide(invstd, x)
        sums = torch.stack([gf.sum(others), (gf * unit).sum(others)])
        means = ctx.group.total(sums) / count
        inner = gf - _wide(means[0], x) - unit * _wide(means[1], x)
        return (inner * _wide(weight * invstd, x)).to(x.dtype), sums[1], sums[0], None, None, None


def _full(x: Tensor) -> Tensor:
    """In float32 at least: statistics are not for half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _wide(values: Tensor, like: Tensor) -> Tensor:
    """(C,) so that it multiplies (B, C, ...)."""
    return values.reshape(1, -1, *[1] * (like.ndim - 2))


class SyncedNorm(_BatchNorm):
    """In the place of nn.BatchNorm1d and 2d, with the same parameters and statistics."""

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        assert norm.affine
        assert norm.momentum is not None
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        _take_over(self, norm)
        self.group = ONE_PROCESS  # whose batch it normalises: see `shared_batch`
        self.rate = float(norm.momentum)  # of the running statistics

    def _check_input_dim(self, input: Tensor) -> None:
        """Features and images alike."""

    def forward(self, x: Tensor) -> Tensor:
        """As nn.BatchNorm; one training sample alone is normalised by the running statistics."""
        if not self.training or self.group is ONE_PROCESS:
            observed = self.training and x.numel() > x.shape[1]
            if observed and self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
            means, variances = self.running_mean, self.running_var
            return F.batch_norm(
                x, means, variances, self.weight, self.bias, observed, self.rate, self.eps
            )
        return self.over_group(x)

    def over_group(self, x: Tensor) -> Tensor:
        """In training, by the moments of the batches of all processes."""
        assert self.num_batches_tracked is not None
        if x.device.type == "cuda":
            self.num_batches_tracked.add_(1)
            state = self.weight, self.bias, self.running_mean, self.running_var
            return Fused.apply(x, *state, self.eps, self.rate, dist.group.WORLD, self.group.size)
        batch = moments(x.detach(), self.group)
        _observe(self, batch, self.rate)
        return _Normalise.apply(  # type: ignore[no-untyped-call]
            x, self.weight, self.bias, batch, self.eps, self.group
        )


class SyncedRunningNorm(RunningNorm):
    """The decision rule's normalisation, which watches the features of all processes."""

    def __init__(self, norm: RunningNorm) -> None:
        super().__init__(norm.num_features)
        _take_over(self, norm)
        self.group = ONE_PROCESS

    @torch.no_grad()
    def observe(self, h: Tensor) -> None:
        """Update the running statistics with the features of all processes."""
        if self.group is ONE_PROCESS:
            super().observe(h)
        else:
            _observe(self, moments(h, self.group), 0.1, counted=False)


def synchronise(model: Method) -> None:
    """Give a model layers that can normalise over the batches of several processes.

    Its parameters and statistics stay the same tensors, and keep their names in its state. The layers
    do what they did before except inside `shared_batch`.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, RunningNorm):
                setattr(parent, name, SyncedRunningNorm(child))
            elif isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(parent, name, SyncedNorm(child))


@contextmanager
def shared_batch(model: Method, group: ProcessGroup) -> Iterator[None]:
    """While active, a synchronised model computes its loss on a batch that the processes share."""
    layers = [m for m in model.modules() if isinstance(m, SyncedNorm | SyncedRunningNorm)]
    for layer in layers:
        layer.group = group
    model.sum_over_processes, model.gather_from_processes = group.total, group.gather
    try:
        yield
    finally:
        for layer in layers:
            layer.group = ONE_PROCESS
        model.sum_over_processes = model.gather_from_processes = None


@torch.no_grad()
def _observe(norm: Any, batch: Moments, momentum: float, *, counted: bool = True) -> None:
    norm.running_mean.lerp_(batch.mean, momentum)
    norm.running_var.lerp_(batch.unbiased(), momentum)
    if counted:
        norm.num_batches_tracked.add_(1)


def _take_over(norm: nn.Module, old: nn.Module) -> None:
    norm._parameters.update(old._parameters)
    norm._buffers.update(old._buffers)
    norm.train(old.training)
