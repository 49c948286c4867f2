"""T6: hard-to-predict features under the two decision rules (Prop. 3.1), by sampling.

Features z = mu + p, mu the mean of the orthonormal rule vectors, p ~ N(0, s I), labels drawn from
P(E_k). RCR takes argmax_k <w_k, z>; GCR argmax_k max_j <w_j^(k), z> (assumption A23).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, Part

Rule = Literal["max over centers", "mean center"]

SAMPLES = 400_000
CHUNK = 50_000  # features drawn at once
TOLERANCE = 0.01  # of a probability


@dataclass(frozen=True)
class Draw:
    """f_k centers and P(E_k) a class, the noise variance s, and the dimensions left over."""

    centers: tuple[int, ...]
    prior: tuple[float, ...]
    variance: float
    extra_dim: int = 0


DRAWS = (
    Draw((1, 2, 5), (0.2, 0.3, 0.5), 0.01),
    Draw((2, 4, 6), (0.1, 0.2, 0.7), 1.0, extra_dim=4),
    Draw((1, 1, 3, 7), (0.05, 0.15, 0.3, 0.5), 100.0),
    Draw((3, 3, 3), (0.2, 0.3, 0.5), 1.0),
    Draw((1, 4), (0.5, 0.5), 0.1, extra_dim=2),
)


def rcr_probability(draw: Draw) -> float:
    """P(RCR right) = 1/K."""
    return 1 / len(draw.centers)


def gcr_probability(draw: Draw) -> float:
    """P(GCR right) = (1/F) sum_k f_k P(E_k), F = sum_k f_k."""
    total = sum(draw.centers)
    return sum(f * p for f, p in zip(draw.centers, draw.prior, strict=True)) / total


def proposition_3_1(
    draws: Sequence[Draw] = DRAWS,
    samples: int = SAMPLES,
    gcr: Callable[[Draw], float] = gcr_probability,
    rcr: Callable[[Draw], float] = rcr_probability,
) -> Outcome:
    """T6: how often each rule is right, and which one more often."""
    parts: list[Part] = []
    for seed, draw in enumerate(draws):
        where = f"f = {draw.centers}, P(E) = {draw.prior}"
        plain = right_share(draw, samples, seed, [1] * len(draw.centers))
        wide = right_share(draw, samples, seed + 1000, draw.centers)
        gain = wide - plain
        error = math.hypot(share_error(plain, samples), share_error(wide, samples))
        parts += [
            _share(f"RCR right, {where}", plain, rcr(draw), samples),
            _share(f"GCR right, {where}", wide, gcr(draw), samples),
            Part(f"GCR less RCR, {where}", gain, 0.0, TOLERANCE, ">=", error),
        ]
    f = draws[0].centers
    readings: tuple[tuple[float, str, Rule], ...] = (
        (math.pi / 2, "theta = pi/2", "max over centers"),
        (0.0, "theta = 0", "mean center"),
    )
    also = {
        f"right beyond 1/K: {rule}, {angle}, f = {f}": right_share(
            draws[0], samples, seed, f, theta, rule
        )
        - rcr(draws[0])
        for seed, (theta, angle, rule) in enumerate(readings, start=2000)
    }
    detail = (
        f"{samples} features per configuration, seeds fixed; GCR read as the maximum over single "
        "centers at theta = 0 (A23)."
    )
    return Outcome(tuple(parts), detail, also)


# --- sampling -------------------------------------------------------------------------------------


def right_share(
    draw: Draw,
    samples: int,
    seed: int,
    centers: Sequence[int],
    theta: float = 0.0,
    rule: Rule = "max over centers",
) -> float:
    """The share of features that the rule gives their label, with `centers` vectors per class."""
    rng = np.random.default_rng(seed)
    vectors, owner = rule_vectors(centers, theta, rule, draw.extra_dim, seed)
    right = 0
    for size in chunks(samples):
        labels = rng.choice(len(centers), size=size, p=draw.prior)
        scores = sample_features(vectors, draw.variance, size, rng) @ vectors.T
        right += int((owner[scores.argmax(1)] == labels).sum())
    return right / samples


def rule_vectors(
    centers: Sequence[int], theta: float, rule: Rule, extra_dim: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The vectors (R, d) whose largest score decides, in a random frame, and their classes (R,)."""
    generator = torch.Generator().manual_seed(seed)
    dim = frames.needed_dim(centers) + extra_dim
    rows = frames.multi_center_frame(centers, dim, theta, generator, torch.float64)[0].numpy()
    owner = frames.center_classes(centers).numpy()
    if rule == "max over centers":
        return rows, owner
    classes = np.arange(len(centers))
    return np.stack([rows[owner == k].mean(0) for k in classes]), classes


def sample_features(
    vectors: np.ndarray, variance: float, size: int, rng: np.random.Generator
) -> np.ndarray:
    """(size, d) features around the point where every vector scores 1/R: their mean if they are
    orthonormal."""
    count, dim = vectors.shape
    middle = np.linalg.lstsq(vectors, np.full(count, 1 / count), rcond=None)[0]
    return middle + math.sqrt(variance) * rng.normal(size=(size, dim))


def chunks(samples: int) -> list[int]:
    """Sizes of at most CHUNK that sum to `samples`."""
    whole, rest = divmod(samples, CHUNK)
    return [CHUNK] * whole + ([rest] if rest else [])


def share_error(share: float, samples: int) -> float:
    """The standard error of a share of independent samples; half a sample's worth at 0 and 1."""
    return math.sqrt(max(share * (1 - share), 0.5 / samples) / samples)


def _share(name: str, share: float, expected: float, samples: int) -> Part:
    return Part(name, share, expected, TOLERANCE, error=share_error(share, samples))
