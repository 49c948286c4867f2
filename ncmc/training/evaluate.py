"""A model on a data set -> what a Record states about it. The only caller of ncmc.formulas.metrics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ncmc.formulas import metrics
from ncmc.methods import Method
from ncmc.results.class_groups import group_accuracy
from ncmc.results.history import Triangle, triangle
from ncmc.results.record import Accuracy, Collapse, Epoch, Groups, Result
from ncmc.training.batches import Normalise, Stored, to_device

TAIL_IMAGES = 30  # up to which the cosines of the smallest class's features are kept (figure 7)


@dataclass(frozen=True)
class EvalSet:
    """Images, their labels on the device, and how to look at them.

    A set in memory is looked at as a whole; one on disk batch by batch.
    """

    images: Tensor | Stored  # (N, H, W, C) uint8, on the device or on disk
    labels: Tensor  # (N,)
    normalise: Normalise
    batch: int  # images
    autocast: Callable[[], AbstractContextManager[Any]]

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """uint8 images (B, H, W, C) and labels (B,), in order."""
        n = len(self.labels)
        parts = [slice(start, min(start + self.batch, n)) for start in range(0, n, self.batch)]
        if isinstance(self.images, Tensor):
            images: Iterator[Tensor] = (self.images[part] for part in parts)
        else:
            images = self.images.read([np.arange(part.start, part.stop) for part in parts])
        for part, batch in zip(parts, images, strict=True):
            yield to_device(batch, self.labels.device), self.labels[part]


@contextmanager
def evaluation_mode(model: Method) -> Iterator[None]:
    """While active, batch normalisation uses its running statistics, and nothing is differentiated."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


@dataclass(frozen=True)
class FeatureBatches:
    """Passes over (features (B, d) float32, labels (B,)) of a set."""

    model: Method  # in evaluation mode
    data: EvalSet

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in self.data.batches():
            normalised = self.data.normalise(images)
            with self.data.autocast():
                h = self.model.features(normalised)
            yield h, labels


def feature_batches(model: Method, data: EvalSet) -> Iterable[tuple[Tensor, Tensor]]:
    """As `FeatureBatches`; where they fit in memory they are computed once, for any number of passes.

    `model` is in evaluation mode, and images are not augmented.
    """
    batches = FeatureBatches(model, data)
    if not isinstance(data.images, Tensor):
        return batches
    return [(torch.cat([h for h, _ in batches]), data.labels)]


def test_accuracy(model: Method, data: EvalSet) -> tuple[float, float]:
    """Top-1 accuracy in percent, by the decision rule and by the same rule on raw features (A14)."""
    right = torch.zeros(2, dtype=torch.int64, device=data.labels.device)
    with evaluation_mode(model):
        for h, labels in feature_batches(model, data):
            for i, scores in enumerate((model.scores, model.raw_scores)):
                right[i] += (scores(h).argmax(1) == labels).sum()
    by_rule, by_raw = right.tolist()
    return 100.0 * by_rule / len(data.labels), 100.0 * by_raw / len(data.labels)


def collapse(model: Method, data: EvalSet) -> Collapse:
    """The collapse measures on clean training images in evaluation mode (pitfalls: not on Mixup's).

    With few classes also the cosines between class means, and between the features of the smallest
    class if it has few images (figures 6 and 7). Raises ValueError if a measure is not finite.
    """
    class_cosines = tail_cosines = None
    n_classes = model.n_classes
    with evaluation_mode(model):
        batches = feature_batches(model, data)
        measures = metrics.collapse(lambda: batches, model.targets(), model.classifier(), n_classes)
        if measures["class_cosines"]:
            class_cosines = triangle(measures["class_cosines"])
        counts = torch.bincount(data.labels, minlength=n_classes)
        smallest = int(torch.where(counts > 0, counts, counts.max() + 1).argmin())
        if n_classes <= metrics.HEAT_MAP and counts[smallest] <= TAIL_IMAGES:
            tail_cosines = _cosines(torch.cat([h[labels == smallest] for h, labels in batches]))
    pairs = {"class_cosines": class_cosines or None, "tail_cosines": tail_cosines or None}
    return Collapse.model_validate({**measures, **pairs})  # one image has no pairs


def summary(
    model: Method, test: EvalSet, counts: Sequence[int], history: Sequence[Epoch]
) -> Result:
    """The `result` of a Record: last and best accuracy, per class, groups, ECE, confusion, history.

    Accuracies in percent. `best` is the largest test accuracy over the epochs, as the reference code
    reports it: a selection on the test set (A8).
    """
    with evaluation_mode(model):
        batches = [model.scores(h).float() for h, _ in feature_batches(model, test)]
    scores = torch.cat(batches)
    predicted, confidence = scores.argmax(1), scores.softmax(1).amax(1)
    tested = [entry for entry in history if entry.test_accuracy is not None]
    best = max(tested, key=lambda entry: entry.test_accuracy or 0)
    confusion = metrics.confusion(predicted, test.labels, len(counts))
    per_class = metrics.per_class_accuracy(confusion)
    return Result(
        accuracy=Accuracy.model_validate(
            {
                "last": tested[-1].test_accuracy,
                "last_raw": tested[-1].test_accuracy_raw,
                "best": best.test_accuracy,
                "best_epoch": best.epoch,
            }
        ),
        per_class=tuple(per_class),
        groups=Groups.model_validate(
            {rule: group_accuracy(per_class, list(counts), rule) for rule in Groups.model_fields}
        ),
        ece=metrics.expected_calibration_error(confidence, predicted == test.labels),
        confusion=tuple(map(tuple, confusion.tolist())),
        history=tuple(history),
    )


def _cosines(h: Tensor) -> Triangle:
    """Cosines between features (n, d)."""
    directions = torch.nn.functional.normalize(h)
    return triangle((directions @ directions.T).tolist())
