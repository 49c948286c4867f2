"""A model on a data set -> what a Record states about it. The only caller of ncmc.metrics."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ncmc import metrics
from ncmc.loaders import Normalise
from ncmc.methods import Method

MATRIX_CLASSES = 20  # cosine matrices are kept for up to this many classes: K * K numbers a measurement
TAIL_IMAGES = 30  # and those of the smallest class's features for up to this many images (figure 7)


@dataclass(frozen=True)
class EvalSet:
    """Images (N, H, W, C) uint8 and labels (N,) on the device, and how to look at them."""

    images: Tensor
    labels: Tensor
    normalise: Normalise
    batch: int  # images
    autocast: Callable[[], AbstractContextManager[Any]]


@torch.no_grad()
def features(model: Method, data: EvalSet) -> Tensor:
    """The features (N, d), float32, in evaluation mode and without augmentation."""
    was_training = model.training
    model.eval()
    parts = []
    for start in range(0, len(data.labels), data.batch):
        images = data.normalise(data.images[start : start + data.batch])
        with data.autocast():
            parts.append(model.features(images).float())
    model.train(was_training)
    return torch.cat(parts)


@torch.no_grad()
def scores(model: Method, h: Tensor, raw: bool = False) -> Tensor:
    """The class scores (N, K) of features; `raw`: without the batch normalisation (A14)."""
    was_training = model.training
    model.eval()
    found = model.raw_scores(h) if raw else model.scores(h)
    model.train(was_training)
    return found.float()


def test_accuracy(model: Method, data: EvalSet) -> dict[str, float]:
    """Top-1 accuracy in percent, by the decision rule and by the same rule on raw features."""
    h = features(model, data)
    return {
        "test_accuracy": _percent_right(scores(model, h), data.labels),
        "test_accuracy_raw": _percent_right(scores(model, h, raw=True), data.labels),
    }


def collapse(model: Method, data: EvalSet, n_classes: int) -> dict[str, Any]:
    """The collapse measures on clean training images in evaluation mode (pitfalls: not on Mixup's).

    With few classes also the cosines between class means, and between the features of the smallest
    class if it has few images (figures 6 and 7).
    """
    h = features(model, data)
    with torch.no_grad():
        found = metrics.collapse(h, data.labels, model.targets(), model.classifier(), n_classes)
    kept = {k: v for k, v in found.items() if not isinstance(v, list) or n_classes <= MATRIX_CLASSES}
    counts = torch.bincount(data.labels, minlength=n_classes)
    smallest = int(torch.where(counts > 0, counts, counts.max() + 1).argmin())
    if n_classes <= MATRIX_CLASSES and counts[smallest] <= TAIL_IMAGES:
        kept["tail_cosines"] = _cosines(h[data.labels == smallest])
    return kept


def summary(
    model: Method, test: EvalSet, counts: Sequence[int], history: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The `result` of a Record: last and best accuracy, per class, groups, ECE, confusion, history.

    Accuracies in percent. `best` is the largest test accuracy over the epochs, as the reference code
    reports it: a selection on the test set (A8).
    """
    h = features(model, test)
    found = scores(model, h)
    confusion = metrics.confusion(found.argmax(1), test.labels, len(counts))
    per_class = metrics.per_class_accuracy(confusion)
    confidence, predicted = found.softmax(1).max(1)
    tested = [entry for entry in history if entry["test_accuracy"] is not None]
    best = max(tested, key=lambda entry: float(entry["test_accuracy"]))
    return {
        "accuracy": {
            "last": tested[-1]["test_accuracy"],
            "last_raw": tested[-1]["test_accuracy_raw"],
            "best": best["test_accuracy"],
            "best_epoch": best["epoch"],
        },
        "per_class": per_class,
        "groups": {
            rule: metrics.group_accuracy(per_class, list(counts), rule)
            for rule in ("thirds", "shots")
        },
        "ece": metrics.expected_calibration_error(confidence, predicted == test.labels),
        "confusion": confusion.tolist(),
        "history": list(history),
    }


def _percent_right(found: Tensor, labels: Tensor) -> float:
    return 100.0 * int((found.argmax(1) == labels).sum()) / len(labels)


def _cosines(h: Tensor) -> list[list[float]]:
    """Cosines (n, n) between features (n, d), to four places."""
    directions = torch.nn.functional.normalize(h)
    return [[round(x, 4) for x in row] for row in (directions @ directions.T).tolist()]
