"""Loss P (Eq. 22) under the constraint of Def. 3.2, its minima, and how far these are collapsed.

All in float64.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import optimize
from torch import Tensor
from torch.nn.functional import normalize

from ncmc.formulas import frames

STEPS = 6000  # most iterations of one start
GRADIENT = 2e-7  # largest entry of the gradient at which a start counts as converged


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread within the block: on matrices this small more threads only wait."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Problem:
    """n_k samples and f_k centers per class, the angle theta in radians, the two decays of Eq. 22."""

    counts: tuple[int, ...]  # n_k
    centers: tuple[int, ...]  # f_k
    theta: float
    decay_w: float  # lambda_W
    decay_h: float  # lambda_H

    @property
    def total(self) -> int:
        """S = sum f_k n_k."""
        return sum(f * n for f, n in zip(self.centers, self.counts, strict=True))

    @property
    def dim(self) -> int:
        """The least feature dimension, sum f_k + K."""
        return frames.needed_dim(self.centers)

    @cached_property
    def n(self) -> Tensor:
        """(K,) n_k as floats."""
        return torch.tensor(self.counts, dtype=torch.float64)

    @cached_property
    def f(self) -> Tensor:
        """(K,) f_k as floats."""
        return torch.tensor(self.centers, dtype=torch.float64)

    @cached_property
    def labels(self) -> Tensor:
        """(N,) the class of each sample, in class order."""
        return torch.repeat_interleave(torch.arange(len(self.counts)), torch.tensor(self.counts))

    @cached_property
    def center_class(self) -> Tensor:
        """(F,) the class of each center."""
        return frames.center_classes(self.centers)

    @cached_property
    def codes(self) -> Tensor:
        """(N, F) the f_k-hot targets Y: 1 at the centers of a sample's own class."""
        return (self.labels[:, None] == self.center_class).double()

    @property
    def cosines(self) -> Tensor:
        """(K,) cos(alpha_k)."""
        return frames.mean_center_cosines(self.centers, self.theta)


@dataclass(frozen=True)
class Point:
    """Features (N, d), centers (F, d) and classifier (K, d), with the loss they have."""

    features: Tensor
    centers: Tensor
    classifier: Tensor
    loss: float
    gradient: float = 0.0  # largest entry in absolute value; 0 where the point was constructed


def loss_p(problem: Problem, features: Tensor, centers: Tensor, classifier: Tensor) -> Tensor:
    """(1/2S) |WH - Y|^2 + (lambda_W / 2) |W0|^2 + (lambda_H / 2) |H|^2 (Eq. 22)."""
    fit = (features @ centers.T - problem.codes).square().sum() / (2 * problem.total)
    return (
        fit
        + problem.decay_w / 2 * classifier.square().sum()
        + problem.decay_h / 2 * features.square().sum()
    )


def frame_of(problem: Problem, basis: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Centers (F, d) and classifier (K, d) with |v_j^(k)| = |w_k| = lengths_k on an orthonormal
    basis (K + F, d), w_1..w_K first."""
    k, own = len(problem.centers), problem.center_class
    classifier = lengths[:, None] * basis[:k]
    v = lengths[own][:, None] * basis[k:]
    return math.cos(problem.theta) * v + math.sin(problem.theta) * classifier[own], classifier


def minimise(problem: Problem, seed: int, extra_dim: int = 0) -> Point:
    """A minimum of P over H, V and W0 together, by L-BFGS from a random start.

    The constraint is built in: the directions of W0 and V are a random orthonormal basis turned by
    the exponential of a free skew-symmetric matrix, which is smooth everywhere and reaches every
    basis, and each class has one free length.
    """
    d = problem.dim + extra_dim
    k, n = len(problem.counts), len(problem.labels)
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    start_basis = frames.orthonormal_rows(problem.dim, d, generator, torch.float64)
    sizes = [d * d, k, n * d]

    def parts(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        turn, lengths, features = x.split(sizes)
        skew = turn.reshape(d, d).triu(1)
        basis = start_basis @ torch.matrix_exp(skew - skew.T)
        centers, classifier = frame_of(problem, basis, lengths)
        return features.reshape(n, d), centers, classifier

    start = np.concatenate([np.zeros(d * d), rng.normal(size=k + n * d)])
    return _descend(problem, parts, start)


def minimise_features(problem: Problem, centers: Tensor, classifier: Tensor, seed: int) -> Point:
    """A minimum of P over H alone, centers and classifier given, by L-BFGS from a random start."""
    shape = (len(problem.labels), centers.shape[1])

    def parts(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x.reshape(shape), centers, classifier

    start = np.random.default_rng(seed).normal(size=math.prod(shape))
    return _descend(problem, parts, start)


def _descend(
    problem: Problem, parts: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]], start: np.ndarray
) -> Point:
    """SciPy's L-BFGS over what `parts` makes features, centers and classifier of.

    It runs until the gradient is nil to working precision.
    """

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.from_numpy(x).requires_grad_()
        value = loss_p(problem, *parts(point))
        (slope,) = torch.autograd.grad(value, point)
        return value.item(), slope.numpy()

    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "gtol": 1e-10, "ftol": 0.0, "maxcor": 30}
    end = optimize.minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    with torch.no_grad():
        point = parts(torch.from_numpy(end.x))
    return Point(*point, loss=float(end.fun), gradient=float(np.abs(end.jac).max()))


def best(points: Sequence[Point]) -> Point:
    """The point of least loss."""
    return min(points, key=lambda point: point.loss)


# --- what Thm 3.3, Thm 3.4 and Cor. 3.7 say of the features at the optimum, as distances from it ----
# `alive` (K,) bool: the classes to look at; directions of a class at the origin mean nothing.


def class_means(p: Problem, features: Tensor) -> Tensor:
    """(K, d) the mean feature of each class."""
    own = (torch.arange(len(p.counts))[:, None] == p.labels).double()
    return own @ features / p.n[:, None]


def mean_centers(p: Problem, centers: Tensor) -> Tensor:
    """(K, d) wbar_k."""
    own = (torch.arange(len(p.centers))[:, None] == p.center_class).double()
    return own @ centers / p.f[:, None]


def spread(p: Problem, point: Point) -> float:
    """The largest distance of a feature from its class mean, relative to the longest class mean, or
    to 1 if that is shorter."""
    means = class_means(p, point.features)
    distances = (point.features - means[p.labels]).norm(dim=1)
    return (distances.max() / means.norm(dim=1).max().clamp_min(1.0)).item()


def direction_gap(p: Problem, point: Point, alive: Tensor) -> float:
    """The largest distance between a unit class mean and the unit mean center."""
    h = normalize(class_means(p, point.features)[alive])
    w = normalize(mean_centers(p, point.centers)[alive])
    return _max((h - w).norm(dim=1))


def overlap(p: Problem, point: Point, alive: Tensor) -> float:
    """The largest cosine, in absolute value, between two class means."""
    h = normalize(class_means(p, point.features)[alive])
    return _max((h @ h.T).fill_diagonal_(0).abs().flatten())


def response_gap(p: Problem, point: Point, alive: Tensor) -> float:
    """The largest difference of <w_j^(k), h_k> from its mean over j, relative to that mean."""
    responses = point.centers @ class_means(p, point.features).T  # (F, K)
    gaps = []
    for k in torch.nonzero(alive).flatten():
        own = responses[p.center_class == k, k]
        gaps.append((own - own.mean()).abs().max() / own.mean().abs())
    return _max(torch.stack(gaps)) if gaps else math.nan


def gaps_from_collapse(points: Sequence[tuple[Problem, Point, Tensor]]) -> dict[str, list[float]]:
    """The distances of some points from collapse, by name; each with its classes to look at."""
    return {
        "distance of unit class means from unit wbar_k": [direction_gap(*p) for p in points],
        "cosine between two class means": [overlap(*p) for p in points],
        "relative difference of <w_j^(k), h_k> over j": [response_gap(*p) for p in points],
    }


def _max(values: Tensor) -> float:
    return values.max().item() if len(values) else math.nan
