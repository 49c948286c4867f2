"""What is measured: accuracies from a confusion matrix, calibration, and collapse. No files.

Accuracies are in percent, everything else as a plain number.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float, Float64, Int, Int64, Shaped
from torch import Tensor

from ncmc.formulas import losses

CHUNK = 4096  # rows handled at once, to bound the float64 copies
HEAT_MAP = 20  # classes up to which the cosines of pairs are kept


# --- accuracy -------------------------------------------------------------------------------------


def confusion(
    predicted: Int[Tensor, "..."], labels: Int[Tensor, "..."], n_classes: int
) -> Int64[Tensor, "{n_classes} {n_classes}"]:
    """(K, K) int64: entry [k, l] counts images of class k that were predicted as l."""
    pairs = labels.long() * n_classes + predicted.long()
    return torch.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def per_class_accuracy(confusion: Int64[Tensor, "K K"]) -> list[float | None]:
    """Percent of each class's images that were predicted right; None for a class without images."""
    right, total = confusion.diagonal().tolist(), confusion.sum(1).tolist()
    return [100 * r / n if n else None for r, n in zip(right, total, strict=True)]


# --- calibration ----------------------------------------------------------------------------------


def expected_calibration_error(
    confidences: Float[Tensor, " N"], correct: Shaped[Tensor, " N"], bins: int = 15
) -> float:
    """The share-weighted mean gap |accuracy - confidence| over equal-width bins, from 0 to 1.

    `confidences` (N,) in [0, 1]; `correct` (N,) booleans. A bin holds its upper edge: (0, 1/bins],
    (1/bins, 2/bins], ...; 0 is in the first.
    """
    top = confidences.double()
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64, device=top.device)
    index = torch.bucketize(top, edges[1:-1])  # v <= edge belongs below
    gap = torch.zeros(bins, dtype=torch.float64, device=top.device)
    gap.index_add_(0, index, correct.double() - top)
    return float(gap.abs().sum() / len(top))


# --- collapse -------------------------------------------------------------------------------------


@torch.no_grad()
def collapse(
    look: Callable[[], Iterable[tuple[Tensor, Tensor]]],
    targets: Float[Tensor, "K d"] | None,
    classifier: Float[Tensor, "K d"],
    n_classes: int,
) -> dict[str, Any]:
    """How far features have collapsed (Sec. 4.3, App. G); they come in parts (n, d), labels (n,).

    No more than one part is held, and some numbers per sample. `look` starts a pass over all parts: one
    is made, and without targets a second. targets (K, d): the direction each class should collapse to,
    or None for a method without one (then the class's own mean feature); classifier (K, d), rows w_k.

    nc_mean, nc_std: mean and population standard deviation of |h/|h| - t_y/|t_y||^2.
    variability: mean of 1 - <h/|h|, w_y/|w_y|>.
    variability_floor: its value if every feature lay on its target; None without targets.
    class_cosine: mean cosine between the mean features of two classes.
    class_cosines: all of them, for K <= HEAT_MAP; None stands for a class without samples.
    """
    rows = _unit(classifier.double())
    towards = None if targets is None else _unit(targets.double().to(rows.device))
    sums, sizes = torch.zeros_like(rows), torch.zeros_like(rows[:, 0], dtype=torch.int64)
    measures = []
    for h, y in _chunks(look()):
        sums.index_add_(0, y, h)
        sizes += torch.bincount(y, minlength=n_classes)
        if towards is not None:
            measures.append(_to_targets(h, y, towards, rows))
    means = sums / sizes.clamp_min(1)[:, None]
    if towards is None:
        towards = _unit(means)
        measures = [_to_targets(h, y, towards, rows) for h, y in _chunks(look())]
    distance, overlap = torch.cat(measures).T.contiguous()
    floor = 1 - float((towards * rows).sum(1) @ sizes.double()) / len(distance)
    cosine, cosines = _class_cosines(means, sizes)
    return {
        "nc_mean": float(distance.mean()),
        "nc_std": float(distance.std(correction=0)),
        "variability": 1 - float(overlap.mean()),
        "variability_floor": None if targets is None else floor,
        "class_cosine": cosine,
        "class_cosines": cosines,
    }


def _chunks(parts: Iterable[tuple[Tensor, Tensor]]) -> Iterable[tuple[Tensor, Tensor]]:
    """At most CHUNK samples at a time, features in float64."""
    for features, labels in parts:
        for h, y in zip(features.split(CHUNK), labels.split(CHUNK), strict=True):
            yield h.double(), y


def _to_targets(
    h: Float64[Tensor, "n d"],
    y: Int[Tensor, " n"],
    towards: Float64[Tensor, "K d"],
    rows: Float64[Tensor, "K d"],
) -> Float64[Tensor, "n 2"]:
    """(n, 2): squared distance of each direction to its class's target, overlap with its row."""
    h = _unit(h)
    return torch.stack([(h - towards[y]).square().sum(1), (h * rows[y]).sum(1)], 1)


def cosines(rows: Float[Tensor, "N d"]) -> Float64[Tensor, "N N"]:
    """(N, N) float64: the cosine between each two rows (App. G)."""
    directions = _unit(rows.double())
    return directions @ directions.T


def _class_cosines(
    means: Float64[Tensor, "K d"], sizes: Int[Tensor, " K"]
) -> tuple[float | None, list[list[float | None]] | None]:
    """What `collapse` gives as class_cosine and class_cosines."""
    n_classes = len(means)
    matrix = cosines(means)
    present = sizes > 0
    pairs = present & present[:, None] & ~torch.eye(n_classes, dtype=torch.bool).to(means.device)
    mean = float(matrix[pairs].mean()) if bool(pairs.any()) else None
    whole = None
    if n_classes <= HEAT_MAP:
        both = (present & present[:, None]).tolist()
        whole = [
            [c if ok else None for c, ok in zip(row, oks, strict=True)]
            for row, oks in zip(matrix.tolist(), both, strict=True)
        ]
    return mean, whole


def _unit(rows: Float[Tensor, "N d"]) -> Float[Tensor, "N d"]:
    """Unit rows however short they are: nothing is differentiated here; 0 stays 0."""
    return losses.unit(rows, eps=1e-30)
