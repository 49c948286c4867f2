"""Normalisation with ReLU in one step gives what the two give, forwards and backwards."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ncmc.backbones._norm import moments, norm_relu


def layer() -> nn.BatchNorm2d:
    generator = torch.Generator().manual_seed(1)
    bn = nn.BatchNorm2d(5)
    nn.init.normal_(bn.weight, generator=generator)
    nn.init.normal_(bn.bias, generator=generator)
    return bn


def features(dtype: torch.dtype) -> Tensor:
    x = torch.randn(6, 5, 4, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    return x.to(dtype).to(memory_format=torch.channels_last).requires_grad_()


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.bfloat16, 2e-2), (torch.float64, 2e-6)]
)
def test_it_is_relu_of_batch_norm(dtype: torch.dtype, tolerance: float, known: bool) -> None:
    bn, twin = layer(), layer()
    if dtype == torch.float64:
        bn, twin = bn.double(), twin.double()
    x, y = features(dtype), features(dtype)
    out = norm_relu(x, bn, moments(x.detach(), bn.eps) if known else None)
    expected = F.relu(twin(y))
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(2)).to(dtype)
    (out * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(out, expected, atol=tolerance * 3, rtol=tolerance)
    torch.testing.assert_close(x.grad, y.grad, atol=tolerance * 3, rtol=tolerance)
    torch.testing.assert_close(
        bn.weight.grad, twin.weight.grad, atol=tolerance * 30, rtol=tolerance
    )
    torch.testing.assert_close(bn.bias.grad, twin.bias.grad, atol=tolerance * 30, rtol=tolerance)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        torch.testing.assert_close(getattr(bn, name), getattr(twin, name), atol=1e-5, rtol=1e-5)


def test_in_evaluation_it_uses_the_running_statistics_and_leaves_them() -> None:
    bn = layer().eval()
    before = {k: v.clone() for k, v in bn.state_dict().items()}
    x = features(torch.float32).detach()
    torch.testing.assert_close(norm_relu(x, bn), F.relu(bn(x)))
    assert all(torch.equal(v, before[k]) for k, v in bn.state_dict().items())


def test_a_bfloat16_below_zero_becomes_zero_and_no_other_bit_changes() -> None:
    bn = nn.BatchNorm2d(1)
    x = torch.linspace(-3, 3, 64).reshape(16, 1, 2, 2).bfloat16().requires_grad_()
    out = norm_relu(x, bn).detach()
    twin = nn.BatchNorm2d(1)
    assert torch.equal(out, F.relu(twin(x)))


def test_a_channel_without_variance_gives_finite_numbers() -> None:
    bn = layer()
    x = torch.full((4, 5, 2, 2), 7.0, requires_grad=True)
    out = norm_relu(x, bn, moments(x.detach(), bn.eps))
    out.sum().backward()
    assert torch.isfinite(out).all()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert bn.running_var is not None
    assert (bn.running_var >= 0).all()
