"""T3 and T4: features under loss P with a fixed frame of unit norms (Cor. 3.7, Remark 3.8)."""

import math
from collections.abc import Callable, Sequence

import torch
from scipy import optimize
from torch import Tensor

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, worst
from papers.ncmc.theory.problem import (
    GRADIENT,
    Point,
    Problem,
    class_means,
    gaps_from_collapse,
    loss_p,
    minimise_features,
    spread,
)

STARTS = 2
EXTRA_DIM = 2  # of the features, beyond what a frame needs
TOLERANCE = 1e-6

# theta, lambda_H and class sizes so that lambda_H S lies below, inside and above (1, f_k).
PROBLEMS = (
    Problem((4, 4, 4), (3, 3, 3), 0.2, 0.0, 5e-3),
    Problem((8, 3, 1), (1, 3, 6), 0.2, 0.0, 5e-2),
    Problem((9, 4, 2, 1), (2, 3, 4, 7), 0.7, 0.0, 2e-2),
    Problem((5, 2), (4, 4), 0.0, 0.0, 0.3),
    Problem((6, 2), (2, 5), math.pi / 2, 0.0, 0.1),
)


# --- T3 -------------------------------------------------------------------------------------------


def feature_norms(p: Problem) -> Tensor:
    """(K,) |h_k| = f_k cos(alpha_k) / (f_k cos^2(alpha_k) + lambda_H S) of Cor. 3.7."""
    c = p.cosines
    return p.f * c / (p.f * c**2 + p.decay_h * p.total)


def closed_form(p: Problem, centers: Tensor) -> Tensor:
    """(N, d) the features of least P for given centers: (W'W/S + lambda_H I)^-1 W'Y/S."""
    eye = torch.eye(centers.shape[1], dtype=torch.float64)
    normal = centers.T @ centers / p.total + p.decay_h * eye
    return torch.linalg.solve(normal, centers.T @ p.codes.T / p.total).T


def corollary_3_7(
    problems: Sequence[Problem] = PROBLEMS,
    formula: Callable[[Problem], Tensor] = feature_norms,
) -> Outcome:
    """T3: the same directions as Thm 3.4, and the lengths of the features."""
    points, apart = list[tuple[Problem, Point, Tensor]](), []
    for seed, p in enumerate(problems):
        generator = torch.Generator().manual_seed(seed)
        frame = frames.multi_center_frame(
            p.centers, p.dim + EXTRA_DIM, p.theta, generator, torch.float64
        )
        features = closed_form(p, frame[0])
        exact = Point(features, *frame, loss=loss_p(p, features, *frame).item())
        descended = [minimise_features(p, *frame, start) for start in range(seed, seed + STARTS)]
        apart += [(point.features - features).abs().max().item() for point in descended]
        alive = torch.ones(len(p.counts), dtype=torch.bool)
        points += [(p, point, alive) for point in (exact, *descended)]
    sound = all(point.gradient < GRADIENT for _, point, _ in points)
    gaps = {
        "spread of features around their class mean": [spread(p, point) for p, point, _ in points],
        **gaps_from_collapse(points),
        "relative error of |h_k|": [length_gap(p, point, formula) for p, point, _ in points],
        "distance between descent and closed form": apart,
    }
    parts = tuple(worst(name, values, TOLERANCE, sound) for name, values in gaps.items())
    detail = (
        f"L-BFGS over H in {len(problems)} random frames, {len(apart)} random starts, beside the "
        "closed form (W'W/S + lambda_H I)^-1 W'Y/S; no condition is needed here."
    )
    return Outcome(parts, detail)


def length_gap(p: Problem, point: Point, formula: Callable[[Problem], Tensor]) -> float:
    """The largest relative error of the formula for |h_k|."""
    lengths = class_means(p, point.features).norm(dim=1)
    return ((lengths - formula(p)).abs() / lengths).max().item()


# --- T4 -------------------------------------------------------------------------------------------


def longest_at(f: int, decay: float) -> float:
    """Remark 3.8: cos(alpha_k) of the longest |h_k|, `decay` = lambda_H S < f_k."""
    return math.sqrt(decay / f)


def equiangular_length(f: int, cosine: float, decay: float) -> float:
    """|h| at the optimum for f unit centers with equal angles, each at `cosine` to their mean.

    Solved as a linear system. The cosine may be any in (0, 1]: below 1/sqrt(f) the centers lie at
    obtuse angles, which no frame of Def. 3.2 has.
    """
    between = (f * cosine**2 - 1) / (f - 1)
    gram = torch.full((f, f), between, dtype=torch.float64).fill_diagonal_(1.0)
    values, vectors = torch.linalg.eigh(gram)
    return _length(values.clamp_min(0).sqrt()[:, None] * vectors.T, decay)


def frame_length(f: int, theta: float, decay: float) -> float:
    """|h| at the optimum for a class of f centers of a random frame at angle theta."""
    generator = torch.Generator().manual_seed(f)
    rows, _ = frames.multi_center_frame([f, 2], f + 6, theta, generator, torch.float64)
    return _length(rows[:f].T, decay)


def _length(columns: Tensor, decay: float) -> float:
    """|h| for centers in the columns (d, f): h = (W'W + lambda_H S I)^-1 W' 1."""
    normal = columns @ columns.T + decay * torch.eye(len(columns), dtype=torch.float64)
    return torch.linalg.solve(normal, columns.sum(1)).norm().item()


def maximum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one maximum in [low, high] has it; the ends count."""
    found = optimize.minimize_scalar(
        lambda x: -function(x), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    return max((low, float(found.x), high), key=function)


def best_equiangular(f: int, decay: float) -> float:
    """cos(alpha) of the longest |h| over all sets of f unit centers with equal angles."""
    return maximum(lambda cosine: equiangular_length(f, cosine, decay), 1e-3, 1.0)


def best_in_frames(f: int, decay: float) -> float:
    """cos(alpha) of the longest |h| over all angles theta that Def. 3.2 allows."""
    theta = maximum(lambda angle: frame_length(f, angle, decay), 0.0, math.pi / 2)
    return float(frames.mean_center_cosines([f], theta)[0])


def remark_3_8(
    centers: Sequence[int] = (2, 4, 7, 20),
    shares: Sequence[float] = (0.1, 0.4, 0.8),
    formula: Callable[[int, float], float] = longest_at,
) -> Outcome:
    """T4: which cos(alpha_k) makes the feature longest, lambda_H S = share * f_k."""
    pairs = [(f, share * f) for f in centers for share in shares]
    anywhere = [abs(best_equiangular(*pair) - formula(*pair)) for pair in pairs]
    reached = [abs(best_in_frames(*pair) - formula(*pair)) for pair in pairs if pair[1] > 1]
    below = max(abs(best_in_frames(f, decay) - f**-0.5) for f, decay in pairs if decay < 1)
    parts = (
        worst("error of the best cos(alpha), equal angles", anywhere, TOLERANCE),
        worst("error of the best cos(alpha), frames with lambda_H S > 1", reached, TOLERANCE),
    )
    also = {
        "frames with lambda_H S < 1: distance of the best cos(alpha) from 1/sqrt(f)": below,
    }
    detail = "|h_k| from the linear system, maximised over cos(alpha_k) by a bounded search."
    return Outcome(parts, detail, also)
