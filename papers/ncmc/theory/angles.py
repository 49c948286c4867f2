"""T5: the angle between two centers of a class (Remark 3.9 (1)), in random frames."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, worst

TOLERANCE = 1e-7  # radians; arccos near 1 loses half of the digits
LAYOUTS = ((2, 2), (3, 3, 3), (1, 2, 5), (2, 3, 4, 7))
THETAS = (0.0, 0.2, 0.7, 1.2, math.pi / 2)


def center_angle(theta: float) -> float:
    """arccos(sin^2 theta), in radians."""
    return math.acos(math.sin(theta) ** 2)


def angles(a: Tensor, b: Tensor) -> Tensor:
    """Angles in radians between unit rows; exact near 0 and pi, where arccos is not."""
    return 2 * torch.atan2((a - b).norm(dim=-1), (a + b).norm(dim=-1))


def remark_3_9(
    layouts: Sequence[Sequence[int]] = LAYOUTS,
    thetas: Sequence[float] = THETAS,
    formula: Callable[[float], float] = center_angle,
) -> Outcome:
    """T5: angles between all pairs of centers of one class."""
    within = []
    cosines = {}
    for seed, layout in enumerate(layouts):
        owner = frames.center_classes(layout)
        same = (owner[:, None] == owner) & ~torch.eye(len(owner), dtype=torch.bool)
        for theta in thetas:
            generator = torch.Generator().manual_seed(seed)
            dim = frames.needed_dim(layout) + 3 * seed
            rows, _ = frames.multi_center_frame(layout, dim, theta, generator, torch.float64)
            between = angles(rows[:, None], rows[None])[same]
            within.append((between - formula(theta)).abs().max().item())
            cosines[theta] = (rows @ rows.T)[same].mean().item()
    also = {
        "error of a cosine in a frame with d = (f+1)K": tight_frame_error(),
        "error of the derived cos(rho_k)": rho_error(),
        **{
            f"cosine between two centers of a class, theta = {t:.3g}": c for t, c in cosines.items()
        },
    }
    parts = (worst("error of the angle between centers of a class (radians)", within, TOLERANCE),)
    return Outcome(
        parts, f"Every pair of centers in {len(within)} random frames, theta from 0 to pi/2.", also
    )


def tight_frame_error(layout: Sequence[int] = (1, 2, 5), theta: float = 0.2) -> float:
    """By how much a frame in no more than K + sum f_k dimensions misses Def. 3.2's cosines."""
    dim, generator = frames.needed_dim(layout), torch.Generator().manual_seed(0)
    rows, _ = frames.multi_center_frame(layout, dim, theta, generator, torch.float64)
    owner = frames.center_classes(layout)
    expected = math.sin(theta) ** 2 * (owner[:, None] == owner).double()
    expected.fill_diagonal_(1.0)
    return float((rows @ rows.T - expected).abs().max())


def rho_error(layout: Sequence[int] = (1, 2, 5, 77), theta: float = 0.2) -> float:
    """By how much cos(rho_k), derived from Def. 3.2, misses the cosine of wbar_k and w_k."""
    dim, generator = frames.needed_dim(layout), torch.Generator().manual_seed(0)
    rows, classifier = frames.multi_center_frame(layout, dim, theta, generator, torch.float64)
    errors = []
    for k, f in enumerate(layout):
        mean = rows[frames.center_classes(layout) == k].mean(0)
        opposite = math.sqrt(f) * math.sin(theta)
        derived = opposite / math.hypot(math.cos(theta), opposite)
        errors.append(abs(float(mean @ classifier[k] / mean.norm()) - derived))
    return max(errors)
