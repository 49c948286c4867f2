"""Layers between backbone and loss, initialised from a generator of the method's own."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.formulas import losses


class Unit(nn.Module):
    """h / |h|."""

    def forward(self, h: Tensor) -> Tensor:
        return losses.unit(h)


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that takes its running statistics for a training batch of one sample.

    PyTorch's refuses such a batch, and the last one of an epoch can be (A21 keeps it).
    """

    def forward(self, h: Tensor) -> Tensor:
        if self.training and len(h) == 1:
            return F.batch_norm(
                h, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(h)


class RunningNorm(nn.BatchNorm1d):
    """The batch normalisation of the decision rule (A14): watches in training, is applied later.

    No affine map; `observe` updates the running mean and variance, `forward` applies them, in
    training mode too, so that scores never change the statistics.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim, affine=False)

    @torch.no_grad()
    def observe(self, h: Tensor) -> None:
        """Update the running statistics with features (B, d); one sample alone has no variance."""
        if len(h) > 1:
            F.batch_norm(h, self.running_mean, self.running_var, training=True, momentum=0.1)

    def forward(self, h: Tensor) -> Tensor:
        return F.batch_norm(h, self.running_mean, self.running_var, eps=self.eps)


def linear(
    inputs: int, outputs: int, generator: torch.Generator | None, *, zero_bias: bool
) -> nn.Linear:
    """A linear layer with Kaiming normal weights (A22) that leaves torch's global generator alone.

    The bias is 0, or uniform within 1/sqrt(inputs) as PyTorch has it. With a bias of 0 the layer is
    invariant, in distribution, to rotations of its output.
    """
    with torch.random.fork_rng(devices=[]):  # nn.utils.skip_init draws nothing, but imports sympy
        layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    if zero_bias:
        nn.init.zeros_(layer.bias)
    else:
        bound = 1 / math.sqrt(inputs)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
