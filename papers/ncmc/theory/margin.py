"""T7: from a margin under RCR to a right answer under GCR (Prop. C.1), by sampling.

Features z = mu + p, mu = (1/K) sum_k wbar_k (the mean of collapsed classes, which gives the printed
bound), p ~ N(0, s I), given their RCR margin m = <w_k - w_k', z>. The right class is k.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, Part, Relation
from papers.ncmc.theory.rules import Rule, chunks, share_error

SAMPLES = 200_000
TOLERANCE = 0.002  # of eps_0, whose scale is cos(theta) sqrt(s)
STEP = 0.2  # how far from eps_0 the probabilities are taken, in the same scale


@dataclass(frozen=True)
class Pair:
    """f_k a class, the right class and its rival (f_k > f_k'), theta in radians, variance s."""

    centers: tuple[int, ...]
    k: int
    rival: int
    theta: float
    variance: float

    @property
    def step(self) -> float:
        """How far from eps_0 the probabilities are taken."""
        return STEP * math.cos(self.theta) * math.sqrt(self.variance)

    @property
    def label(self) -> str:
        """Names the pair among the parts."""
        return (
            f"f = {self.centers[self.k]} against {self.centers[self.rival]}, theta = {self.theta}"
        )


PAIRS = (
    Pair((1, 2, 6), 2, 0, 0.2, 0.005),
    Pair((2, 5, 8), 1, 0, 0.5, 0.01),
    Pair((3, 4, 4, 9), 3, 0, 1.0, 0.01),
)


def threshold(pair: Pair) -> float:
    """The printed margin at eps = 0: (cos^2 theta / (K sin theta)) (1/f_k' - 1/f_k)."""
    share = 1 / pair.centers[pair.rival] - 1 / pair.centers[pair.k]
    return math.cos(pair.theta) ** 2 / (len(pair.centers) * math.sin(pair.theta)) * share


def bound(pair: Pair) -> float:
    """What eps_0 is above, as printed: cos^2 theta/(f_k K) - cos^2 theta/(f_k' K)."""
    share = 1 / pair.centers[pair.k] - 1 / pair.centers[pair.rival]
    return math.cos(pair.theta) ** 2 / len(pair.centers) * share


def proposition_c_1(
    pairs: Sequence[Pair] = PAIRS,
    samples: int = SAMPLES,
    margin: Callable[[Pair], float] = threshold,
    lowest: Callable[[Pair], float] = bound,
) -> Outcome:
    """T7: eps_0 under both readings of GCR, and the probabilities on either side of it."""
    parts: list[Part] = []
    also: dict[str, float] = {}
    for number, pair in enumerate(pairs):
        at_mean, error = epsilon(pair, "mean center", margin, samples, seed=10 * number)
        name = f"eps_0, mean center, {pair.label}"
        parts.append(Part(name, at_mean, 0.0, TOLERANCE, error=error))
        at_max, error = epsilon(pair, "max over centers", margin, samples, seed=10 * number + 1)
        name = f"eps_0, max over centers, {pair.label}"
        parts.append(Part(name, at_max, lowest(pair), 0.0, ">=", error))
        parts += sides(pair, at_max, margin, samples, seed=10 * number + 2)
        also[f"printed bound, {pair.label}"] = lowest(pair)
        also[f"printed margin at eps = 0, {pair.label}"] = margin(pair)
    detail = (
        f"Our reading: mu = (1/K) sum_k wbar_k, z given its RCR margin; {samples} features per point, "
        "seeds fixed; eps_0 is the eps at whose margin GCR is right half of the time."
    )
    return Outcome(tuple(parts), detail, also)


def epsilon(
    pair: Pair, rule: Rule, margin: Callable[[Pair], float], samples: int, seed: int
) -> tuple[float, float]:
    """eps_0 and its standard error: GCR is right half of the time at margin T - eps_0 / sin theta.

    Every center of a class has the same part sin(theta) w_k, so the GCR margin of a feature grows
    by sin(theta) times what its RCR margin grows by; half are right where its median is 0.
    """
    at_zero = np.sort(gcr_margins(pair, 0.0, rule, samples, seed))
    middle = float(np.median(at_zero))
    half = math.sqrt(samples) / 2  # ranks in a standard error of the median
    low, high = (at_zero[round(samples / 2 + side * half)] for side in (-1, 1))
    return middle + math.sin(pair.theta) * margin(pair), float(high - low) / 2


def sides(
    pair: Pair, eps: float, margin: Callable[[Pair], float], samples: int, seed: int
) -> list[Part]:
    """P(GCR right) above 1/2 at margins above T - eps/sin theta with eps < eps_0, the reverse."""
    steps: tuple[tuple[int, Relation], ...] = ((-4, ">="), (-1, ">="), (1, "<="), (4, "<="))
    parts = []
    for offset, (step, relation) in enumerate(steps):
        shift = step * pair.step
        m = margin(pair) - (eps + shift) / math.sin(pair.theta)
        share = float((gcr_margins(pair, m, "max over centers", samples, seed + offset) > 0).mean())
        name = f"GCR right, eps = eps_0 {shift:+.3f}, {pair.label}"
        parts.append(Part(name, share, 0.5, 0.0, relation, share_error(share, samples)))
    return parts


def gcr_margins(pair: Pair, rcr_margin: float, rule: Rule, samples: int, seed: int) -> np.ndarray:
    """(samples,) how far class k scores above its rival, features given their RCR margin."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    dim = frames.needed_dim(pair.centers)
    frame = frames.multi_center_frame(pair.centers, dim, pair.theta, generator, torch.float64)
    centers, classifier = (rows.numpy() for rows in frame)
    owner = frames.center_classes(pair.centers).numpy()
    middle = np.mean([centers[owner == k].mean(0) for k in range(len(pair.centers))], axis=0)
    between = classifier[pair.k] - classifier[pair.rival]
    found = []
    for size in chunks(samples):
        z = middle + math.sqrt(pair.variance) * rng.normal(size=(size, dim))
        # A Gaussian given <between, z>: shift it along `between`.
        z += ((rcr_margin - z @ between) / (between @ between))[:, None] * between
        scores = [z @ centers[owner == k].T for k in (pair.k, pair.rival)]
        best = [s.max(1) if rule == "max over centers" else s.mean(1) for s in scores]
        found.append(best[0] - best[1])
    return np.concatenate(found)
