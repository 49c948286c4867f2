"""Accuracies that confusion matrices would have if the classes had each other's names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Confusion = Sequence[Sequence[int]]  # (K, K): [k][l] counts images of k predicted as l

DRAWS = 10_000  # a p value of 5 % is then known to 0.2 points
AT_ONCE = 1_000_000  # permuted names held in memory


def accuracy(confusion: Confusion) -> float:
    """Percent of the images on the diagonal."""
    counts = np.asarray(confusion, dtype=float)
    return float(100 * counts.trace() / counts.sum())


def permuted(
    confusions: Sequence[Confusion], rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """(draws,) percent: the mean over matrices, each with the names of its predictions permuted.

    All permutations are equally likely, and each matrix has its own. The matrices are not empty.
    """
    return np.mean([_permuted(confusion, rng, draws) for confusion in confusions], axis=0)


def _permuted(confusion: Confusion, rng: np.random.Generator, draws: int) -> NDArray[np.float64]:
    shares = np.asarray(confusion, dtype=float)
    shares = 100 * shares / shares.sum()
    classes = np.arange(len(shares))
    step = max(1, AT_ONCE // len(classes))
    parts = []
    for start in range(0, draws, step):
        names = np.tile(classes, (min(step, draws - start), 1))
        parts.append(shares[classes, rng.permuted(names, axis=1)].sum(axis=1))
    return np.concatenate(parts)
