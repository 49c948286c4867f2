"""SVHN, "cropped digits": MATLAB files, X (32, 32, 3, N) and y (N, 1) with 10 for the digit 0.

The training set is the train part followed by the extra part, each under its own name: splits are
drawn part by part (assumption A4).
"""

from pathlib import Path

import numpy as np
import scipy.io

from ncmc.data.array_writer import Sink
from ncmc.plan.dataset_entries import Dataset

BATCH = 8192  # images turned at a time


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """One file at a time in memory (the extra part is 1.6 GB), turned in batches."""
    for file in entry.files:
        origin = file.name.partition("_")[0]  # train_32x32.mat, extra_..., test_...
        images, labels = _arrays(folder / file.name)
        part = "test" if origin == "test" else "train"
        for start in range(0, len(labels), BATCH):
            stop = start + BATCH
            batch = images[..., start:stop].transpose(3, 0, 1, 2)  # HWCN -> NHWC
            sink.add(part, batch, labels[start:stop], origin)
        del images
    sink.class_names = [str(digit) for digit in range(10)]


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    content = scipy.io.loadmat(path, variable_names=["X", "y"])
    images, labels = content["X"], content["y"].astype(np.int64).reshape(-1)
    assert images.shape[3] == len(labels), "X and y do not belong together"
    return images, labels % 10
