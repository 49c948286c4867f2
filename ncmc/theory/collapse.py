"""What Thm 3.3, Thm 3.4 and Cor. 3.7 say of the features at the optimum, as distances from it.

`alive` (K,) bool: the classes to look at; directions of a class at the origin mean nothing.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ncmc.theory.problem import Point, Problem


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


def gaps(points: Sequence[tuple[Problem, Point, Tensor]]) -> dict[str, list[float]]:
    """The distances of some points from collapse, by name; each with the classes to look at."""
    return {
        "distance of unit class means from unit wbar_k": [direction_gap(*p) for p in points],
        "cosine between two class means": [overlap(*p) for p in points],
        "relative difference of <w_j^(k), h_k> over j": [response_gap(*p) for p in points],
    }


def _max(values: Tensor) -> float:
    return values.max().item() if len(values) else math.nan
