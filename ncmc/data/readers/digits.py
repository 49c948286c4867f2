"""scikit-learn's digits: one row an image, 64 values 0..16 and the label.

The set comes undivided. Ours: the last 50 images of each class, in the order of the file, are the
(balanced) test set, the rest is for training.
"""

import gzip
import zlib
from pathlib import Path

import numpy as np

from ncmc.data.array_writer import Sink
from ncmc.errors import UserError, shortened
from ncmc.plan.dataset_entries import Dataset

TEST_IMAGES = 50  # of each class
SIDE = 8  # pixels


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """8x8 images of one channel; 0..16 becomes 0..255, rounded."""
    path = folder / entry.files[0].name
    try:
        with gzip.open(path, "rt") as file:
            rows = np.loadtxt(file, delimiter=",", dtype=np.int64, ndmin=2)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path} is not a table of numbers ({shortened(str(error))}).") from error
    if rows.shape[1] != SIDE * SIDE + 1 or not len(rows) or rows.min() < 0 or rows.max() > 16:
        raise UserError(
            f"{path} is {rows.shape[0]} rows of {rows.shape[1]} numbers; needed are rows of "
            f"{SIDE * SIDE} values from 0 to 16 and a label."
        )
    labels = rows[:, -1]
    values = np.rint(rows[:, :-1] * (255 / 16)).astype(np.uint8)
    images = values.reshape(-1, SIDE, SIDE, 1)  # (rows, 64) -> NHWC
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        test[np.flatnonzero(labels == label)[-TEST_IMAGES:]] = True
    sink.add("train", images[~test], labels[~test])
    sink.add("test", images[test], labels[test])
    sink.class_names = [str(label) for label in np.unique(labels)]
