"""scikit-learn's digits: one row an image, 64 values 0..16 and the label.

The set comes undivided. Ours: the last 50 images of each class, in the order of the file, are the
(balanced) test set, the rest is for training.
"""

import gzip
from pathlib import Path

import numpy as np

from ncmc.data.array_writer import Sink
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import Dataset

TEST_IMAGES = 50  # of each class
SIDE = 8  # pixels


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """8x8 images of one channel; 0..16 becomes 0..255, rounded."""
    path = folder / entry.files[0].name
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.int64, ndmin=2)
    if rows.min() < 0 or rows.max() > 16:
        raise UserError(f"{path}: values from {rows.min()} to {rows.max()}; needed are 0 to 16.")
    labels = rows[:, -1]
    values = np.rint(rows[:, :-1] * (255 / 16)).astype(np.uint8)
    images = values.reshape(-1, SIDE, SIDE, 1)  # (rows, 64) -> NHWC
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        test[np.flatnonzero(labels == label)[-TEST_IMAGES:]] = True
    sink.add("train", images[~test], labels[~test])
    sink.add("test", images[test], labels[test])
    sink.class_names = [str(label) for label in np.unique(labels)]
