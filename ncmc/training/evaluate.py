"""A model on a data set -> what a Record states about it. The only caller of ncmc.formulas.metrics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncmc.formulas import metrics
from ncmc.methods import Method
from ncmc.training.batches import Normalise, Stored
from ncmc.training.processes import ALONE, Team

MATRIX_CLASSES = (
    20  # cosine matrices are kept for up to this many classes: K * K numbers a measurement
)
TAIL_IMAGES = 30  # and those of the smallest class's features for up to this many images (figure 7)


@dataclass(frozen=True)
class EvalSet:
    """Images, their labels on the device, and how to look at them.

    A set in memory is looked at as a whole; one on disk, or shared by processes, batch by batch.
    """

    images: Tensor | Stored  # (N, H, W, C) uint8, on the device or on disk
    labels: Tensor  # (N,)
    normalise: Normalise
    batch: int  # images
    autocast: Callable[[], AbstractContextManager[Any]]
    team: Team = ALONE  # each process of which looks at its share

    @property
    def at_once(self) -> bool:
        """Whether the features of all images may be held together."""
        return isinstance(self.images, Tensor) and self.team.size == 1

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """uint8 images (B, H, W, C) and labels (B,) of this process's share, in order."""
        rows = self.team.rows(len(self.labels))
        starts = range(rows.start, rows.stop, self.batch)
        parts = [slice(start, min(start + self.batch, rows.stop)) for start in starts]
        if isinstance(self.images, Tensor):
            images: Iterator[Tensor] = (self.images[part] for part in parts)
        else:
            images = self.images.read([np.arange(part.start, part.stop) for part in parts])
        for part, found in zip(parts, images, strict=True):
            yield found.to(self.labels.device), self.labels[part]

    def only(self, chosen: Tensor) -> "EvalSet":
        """Some of the images, by a mask (N,), for each process."""
        if isinstance(self.images, Tensor):
            images: Tensor | Stored = self.images[chosen]
        else:
            images = replace(self.images, indices=self.images.indices[chosen.cpu().numpy()])
        return replace(self, images=images, labels=self.labels[chosen], team=ALONE)


Look = Callable[[], Iterable[tuple[Tensor, Tensor]]]


def looker(model: Method, data: EvalSet) -> Look:
    """A function that passes over (features, labels) of this process's share of a set."""
    if not data.at_once:
        return lambda: _parts(model, data)
    whole = [(features(model, data), data.labels)]
    return lambda: whole


def features(model: Method, data: EvalSet) -> Tensor:
    """The features (N, d), float32, of this process's share: see `_parts`."""
    return torch.cat([h for h, _ in _parts(model, data)])


@torch.no_grad()
def _parts(model: Method, data: EvalSet) -> Iterator[tuple[Tensor, Tensor]]:
    """Features (B, d), float32, in evaluation mode and without augmentation, and labels (B,)."""
    was_training = model.training
    model.eval()
    for images, labels in data.batches():
        normalised = data.normalise(images)
        with data.autocast():
            h = model.features(normalised)
        yield h, labels
    model.train(was_training)


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
    right = torch.zeros(2, dtype=torch.int64, device=data.labels.device)
    for h, labels in looker(model, data)():
        for i, raw in enumerate((False, True)):
            right[i] += (scores(model, h, raw).argmax(1) == labels).sum()
    found = data.team.gather(right[None]).sum(0).tolist()
    shares = [100.0 * n / len(data.labels) for n in found]
    return {"test_accuracy": shares[0], "test_accuracy_raw": shares[1]}


def collapse(model: Method, data: EvalSet, n_classes: int) -> dict[str, Any]:
    """The collapse measures on clean training images in evaluation mode (pitfalls: not on Mixup's).

    With few classes also the cosines between class means, and between the features of the smallest
    class if it has few images (figures 6 and 7).
    """
    look = looker(model, data)
    with torch.no_grad():
        found = metrics.collapse_over(
            look, model.targets(), model.classifier(), n_classes, data.team.gather
        )
    kept = {
        k: v for k, v in found.items() if not isinstance(v, list) or n_classes <= MATRIX_CLASSES
    }
    counts = torch.bincount(data.labels, minlength=n_classes)
    smallest = int(torch.where(counts > 0, counts, counts.max() + 1).argmin())
    if n_classes <= MATRIX_CLASSES and counts[smallest] <= TAIL_IMAGES:
        chosen = data.labels == smallest
        if data.at_once:
            ((h, _),) = look()
            h = h[chosen]
        else:
            h = features(model, data.only(chosen))
        kept["tail_cosines"] = _cosines(h)
    return kept


def summary(
    model: Method, test: EvalSet, counts: Sequence[int], history: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The `result` of a Record: last and best accuracy, per class, groups, ECE, confusion, history.

    Accuracies in percent. `best` is the largest test accuracy over the epochs, as the reference code
    reports it: a selection on the test set (A8).
    """
    predicted, confidence = _predictions(model, test)
    confusion = metrics.confusion(predicted, test.labels, len(counts))
    per_class = metrics.per_class_accuracy(confusion)
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


def _predictions(model: Method, data: EvalSet) -> tuple[Tensor, Tensor]:
    """The predicted class (N,) of each image and its probability (N,)."""
    none = torch.zeros(0, device=data.labels.device)
    classes, chances = [none.long()], [none]
    for h, _ in looker(model, data)():
        found = scores(model, h)
        classes.append(found.argmax(1))
        chances.append(found.softmax(1).amax(1))
    return data.team.gather(torch.cat(classes)), data.team.gather(torch.cat(chances))


def _cosines(h: Tensor) -> list[list[float]]:
    """Cosines (n, n) between features (n, d), to four places."""
    directions = torch.nn.functional.normalize(h)
    return [[round(x, 4) for x in row] for row in (directions @ directions.T).tolist()]
