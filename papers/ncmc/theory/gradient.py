"""T8: the gradient of the cosine regression loss (Eq. 35, App. E), against autograd."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ncmc.formulas import frames, losses
from ncmc.paper.theorems import Outcome, Part, worst

Gradient = Callable[[Tensor, Tensor], Tensor]  # (unit center w (d,), feature h (d,)) -> (d,)

TOLERANCE = 1e-6
LENGTHS = (0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0)
CENTERS = (1, 2, 4)
THETA = 0.2
DRAWS = 5


def printed(w: Tensor, h: Tensor) -> Tensor:
    """Eq. 35 with its factor |h|^-2: -(2/|h|^2) (1 - a) (w - a h/|h|), a = <w, h/|h|>."""
    return corrected(w, h) / h.norm()


def corrected(w: Tensor, h: Tensor) -> Tensor:
    """The gradient of (<w, h/|h|> - 1)^2: -(2/|h|) (1 - a) (w - a h/|h|)."""
    direction = h / h.norm()
    a = w @ direction
    return -2 / h.norm() * (1 - a) * (w - a * direction)


def equation_35(
    gradient: Gradient = printed, power: float = -2.0, lengths: Sequence[float] = LENGTHS
) -> Outcome:
    """T8: the printed gradient at several |h|, and the power of |h| that the gradient follows."""
    cases = [case(seed) for seed in range(DRAWS)]
    errors = {length: [relative_error(gradient, *c, length) for c in cases] for length in lengths}
    right = [relative_error(corrected, *c, length) for c in cases for length in lengths]
    slopes = [slope(*c, lengths) for c in cases]
    away = [error for length, values in errors.items() if length != 1.0 for error in values]
    parts = (
        worst("relative error at |h| = 1", errors.get(1.0, []), TOLERANCE),
        worst("relative error away from |h| = 1", away, TOLERANCE),
        Part("power of |h| that the gradient follows", float(np.mean(slopes)), power, TOLERANCE),
    )
    also = {
        "relative error of -(2/|h|) (1 - a) (w - a h/|h|)": max(right),
        **{f"relative error at |h| = {length:g}": max(e) for length, e in errors.items()},
    }
    detail = f"Autograd's gradient of the loss as trained, {DRAWS} random features at each |h|."
    return Outcome(parts, detail, also)


# --- measuring ------------------------------------------------------------------------------------


def case(seed: int) -> tuple[Tensor, int, Tensor]:
    """Centers (F, d) of a random frame, a class, and a random direction (d,)."""
    generator = torch.Generator().manual_seed(seed)
    dim = frames.needed_dim(CENTERS)
    rows, _ = frames.multi_center_frame(CENTERS, dim, THETA, generator, torch.float64)
    direction = torch.randn(dim, generator=generator, dtype=torch.float64)
    return rows, seed % len(CENTERS), direction / direction.norm()


def trained_loss(rows: Tensor, k: int, h: Tensor) -> Tensor:
    """The loss as trained of one feature (d,) of class k, without the term in lambda."""
    owner = frames.center_classes(CENTERS)
    label = torch.tensor([k])
    return losses.cosine_regression(h[None], label, rows, owner, THETA, lam=0.0)


def trained_gradient(rows: Tensor, k: int, direction: Tensor, length: float) -> Tensor:
    """(d,) autograd's gradient at |h| = length."""
    h = (length * direction).requires_grad_()
    (slope_,) = torch.autograd.grad(trained_loss(rows, k, h), h)
    return slope_


def relative_error(
    gradient: Gradient, rows: Tensor, k: int, direction: Tensor, length: float
) -> float:
    """|formula - autograd| / |autograd|, the formula summed over the centers of the class."""
    own = rows[frames.center_classes(CENTERS) == k]
    weight = frames.mean_center_cosines(CENTERS, THETA)[k]
    formula = weight * torch.stack([gradient(w, length * direction) for w in own]).sum(0)
    exact = trained_gradient(rows, k, direction, length)
    return ((formula - exact).norm() / exact.norm()).item()


def slope(rows: Tensor, k: int, direction: Tensor, lengths: Sequence[float]) -> float:
    """The power p of |gradient| ~ |h|^p, fitted over the lengths."""
    sizes = [trained_gradient(rows, k, direction, length).norm().item() for length in lengths]
    return float(np.polyfit(np.log(lengths), np.log(sizes), 1)[0])
