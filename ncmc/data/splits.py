"""Which training images a run sees: class counts, seeded indices, a manifest that proves them.

The recipe is that of the paper's code family (assumptions A2 to A4). NumPy only; no images.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ncmc.data import datasets
from ncmc.data.datasets import Images
from ncmc.errors import UsageError, UserError, listed
from ncmc.plan.class_counts import NOT_OF_TAU, long_tailed_counts, part_counts
from ncmc.plan.dataset_entries import SplitOptions, dataset_entry
from ncmc.plan.run import check_tau
from ncmc.project import Project
from ncmc.system import arrays, documents, files

ROUNDING = 0.05  # a given set's tau may be named rounded, and a class fall short, by this share


def long_tailed_indices(labels: np.ndarray, tau: float, seed: int = 0) -> np.ndarray:
    """Indices (int64) of a long-tailed training set, bit for bit as MiSLAS makes it (A2).

    NumPy's legacy generator, seeded once; for each class in order: its indices in dataset order
    are shuffled in place, the first n_k taken, with n_max = len(labels)/K (A3) and never more than
    there are. The result lists class 0 first, then class 1, ...; a smaller tau gives a subset.
    """
    labels = np.asarray(labels)
    n_classes = len(np.unique(labels))
    counts = long_tailed_counts(len(labels) / n_classes, n_classes, tau)
    return draw(labels, counts, seed)


def draw(
    labels: np.ndarray, counts: Sequence[int], seed: int = 0, generator: str = "mislas"
) -> np.ndarray:
    """The first counts[k] images of each class k after a seeded shuffle; int64, class by class."""
    labels = np.asarray(labels)
    # a stable sort by class lists each class's images in dataset order, in one pass over all
    order = np.argsort(labels, kind="stable").astype(np.int64)
    classes, starts = np.unique(labels[order], return_index=True)
    ends = [*starts[1:], len(order)]
    if len(classes) != len(counts):
        raise UserError(
            f"{len(classes)} classes have training images, but {len(counts)} are wanted."
        )
    random: Any = (
        np.random.RandomState(seed) if generator == "mislas" else np.random.default_rng(seed)
    )
    picks = []
    for start, end, count in zip(starts, ends, counts, strict=True):
        indices = order[start:end].copy()
        random.shuffle(indices)
        picks.append(indices[:count])
    return np.concatenate(picks)


@dataclass(frozen=True)
class Split:
    """A training set: which images of a dataset, with which labels."""

    dataset: str
    tau: float
    options: SplitOptions
    indices: np.ndarray  # int64 (n,), positions in the dataset's training part
    labels: np.ndarray  # int64 (n,), what training is told (A4: not always the dataset's own)
    n_classes: int
    data: str  # checksum of the dataset that the indices point into
    note: str = ""  # that it is not of its tau, where it is not

    @property
    def counts(self) -> list[int]:
        """Training images of each class, by the labels that training is told."""
        return np.bincount(self.labels, minlength=self.n_classes).tolist()

    @property
    def sha256(self) -> str:
        """SHA-256 over indices and labels as little-endian int64."""
        digest = sha256(self.indices.astype("<i8").tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    @property
    def manifest(self) -> dict[str, Any]:
        """What manifest.json says of it; `schema` is the number of this format."""
        recipe = {"dataset": self.dataset, "tau": self.tau, **self.options.model_dump()}
        return {
            "schema": 1,
            "recipe": recipe,
            "data": self.data,
            "n_train": len(self.indices),
            "counts": self.counts,
            "sha256": self.sha256,
        }

    def save(self, folder: Path) -> None:
        """Write manifest.json and indices.npz; whole or not at all, the manifest last."""
        buffer = BytesIO()
        np.savez_compressed(buffer, indices=self.indices, labels=self.labels)
        files.write_atomic(folder / "indices.npz", buffer.getvalue())
        files.write_atomic(folder / "manifest.json", json.dumps(self.manifest, indent=1) + "\n")

    def check_saved(self, folder: Path) -> None:
        """Raise UserError if what was saved in a folder is missing, damaged or another split."""
        remedy = f"Delete {folder}; `ncmc split`, or the next `ncmc train`, makes it again."
        try:
            manifest = documents.load_json(folder / "manifest.json")
            saved = arrays.read_archive(
                folder / "indices.npz", ("indices", "labels"), "<i8", (None,)
            )
        except UserError as error:
            raise UserError(f"{error} {remedy}") from error
        same = all(map(np.array_equal, saved, (self.indices, self.labels)))
        if manifest != self.manifest or not same:
            raise UserError(
                f"{folder} holds another split than this run draws, of other data or options. "
                f"{remedy}"
            )


def make_split(
    project: Project,
    dataset: str,
    tau: float,
    options: SplitOptions | None = None,
    *,
    train: Images | None = None,
) -> Split:
    """The training set of a prepared dataset at imbalance ratio tau = n_min/n_max (A1).

    `options` default to those of the dataset's entry; `train` is its training part, where that is
    open already. A training set put together from several
    released parts (SVHN: train, extra) is drawn part by part, each with its own n_max and the
    generator seeded again, as in the reference code (A4).
    Raises UsageError for a tau that is out of range or leaves a class without images, and for an
    `n_max` that the dataset cannot have.
    """
    check_tau(tau)
    options = options or dataset_entry(project, dataset).split
    train = train or datasets.load(project, dataset, "train")
    if options.n_max is not None:
        _check_n_max(dataset, train, options.n_max, options.imbalance)
    if options.imbalance == "given":
        _check_given(dataset, tau, train.counts)
        indices, labels, note = np.arange(len(train)), train.labels, ""
    else:
        indices, labels, note = _drawn(train, tau, options)
    return Split(
        dataset=dataset,
        tau=tau,
        options=options,
        indices=np.asarray(indices, dtype=np.int64),
        labels=np.asarray(labels, dtype=np.int64),
        n_classes=len(train.class_names),
        data=train.checksum,
        note=note,
    )


def _drawn(train: Images, tau: float, options: SplitOptions) -> tuple[np.ndarray, np.ndarray, str]:
    """Indices, labels, and what to say of them."""
    all_indices, all_labels = [], []
    asked, taken = np.zeros((2, len(train.class_names)), np.int64)
    for start, own, available in _released_parts(train):
        counts = part_counts(available, tau, options)
        indices = draw(own, counts, options.split_seed, options.generator)
        labels = own[indices]
        asked += counts
        taken += np.bincount(labels, minlength=len(taken))
        if options.svhn_labels == "as_released":
            labels = shifted_labels(counts, len(indices))
        all_indices.append(indices + start)
        all_labels.append(labels)
    if not taken.all():
        empty = [train.class_names[k] for k in np.flatnonzero(taken == 0)]
        raise UsageError(
            f"tau={tau:g} leaves {len(empty)} of {len(taken)} classes of {train.name} without a "
            f"training image ({listed(empty, 5)}). Take a larger tau."
        )
    note = _imbalance_note(train, tau, asked, taken)
    return np.concatenate(all_indices), np.concatenate(all_labels), note


def _released_parts(train: Images) -> Iterator[tuple[int, np.ndarray, list[int]]]:
    """Where each part starts that a training set is put together from, its labels, and their counts."""
    start = 0
    for _, size in train.origins:
        labels = train.labels[start : start + size]
        yield start, labels, np.bincount(labels, minlength=len(train.class_names)).tolist()
        start += size


def shifted_labels(counts: Sequence[int], n_images: int) -> np.ndarray:
    """Labels as the reference code writes them: counts[k] times k, in order, cut at `n_images`.

    Where a class has fewer images than asked for, every later image gets a label too low (A4).
    """
    return np.repeat(np.arange(len(counts)), counts)[:n_images].astype(np.int64)


def _imbalance_note(train: Images, tau: float, asked: np.ndarray, taken: np.ndarray) -> str:
    """What to say of a split that is not of its tau, as classes have fewer images than it asks.

    `asked`, `taken`: images (K,). Empty if no class falls short by more than ROUNDING.
    """
    short = np.flatnonzero(taken < (1 - ROUNDING) * asked)
    if not len(short):
        return ""
    classes = [f"{train.class_names[k]} {taken[k]} of {asked[k]}" for k in short]
    return (
        f"the split of {train.name} {NOT_OF_TAU} {tau:g}, as classes have fewer images than it asks "
        f"({len(short)} of {len(asked)}: {listed(classes, 3)}); smallest to "
        f"largest class is {taken.min()}/{taken.max()} = {taken.min() / taken.max():.3g}"
    )


def method_counts(split: Split, train: Images) -> list[int]:
    """Training images of each class as a method is told; `train`: the training part of the dataset.

    Those of the split. But the labels of `as_released` leave classes without images, so that there
    they are what the released code hands over: what it asks of the part read last, SVHN's "extra",
    whether there are so many or not (A4).
    """
    if split.options.svhn_labels == "correct" or split.options.imbalance == "given":
        return split.counts
    *_, (_, _, available) = _released_parts(train)
    return part_counts(available, split.tau, split.options)


def _check_n_max(dataset: str, train: Images, n_max: int, imbalance: str) -> None:
    if imbalance == "given" or len(train.origins) > 1:
        raise UsageError(
            f"{dataset} comes long-tailed, or in parts that are drawn one by one: leave n_max out."
        )
    if n_max > max(train.counts):
        raise UsageError(
            f"n_max={n_max}, but the largest class of {dataset} has {max(train.counts)} training "
            "images; allowed: up to that."
        )


def _check_given(dataset: str, tau: float, counts: Sequence[int]) -> None:
    own = min(counts) / max(counts)
    if abs(tau - own) > ROUNDING * own:
        raise UsageError(
            f"{dataset} comes long-tailed, with tau = {min(counts)}/{max(counts)} = {own:.6g}; "
            f"tau={tau:g} cannot be made of it. Take --tau {own:.6g}, or the option imbalance=exp."
        )
