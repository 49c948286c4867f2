"""CIFAR-10, "binary version": six files of rows, one label byte and 3,072 bytes of pixels each.

The same images in the same order as the "python version" (ncmc.data.readers.cifar), so a split picks
the same images of both.
"""

from pathlib import Path

import numpy as np

from ncmc.data.array_writer import Sink
from ncmc.plan.dataset_entries import Dataset
from ncmc.system import files

SIDE = 32  # pixels
ROW = 1 + 3 * SIDE * SIDE  # bytes
# the release names them in batches.meta.txt, which no published checksum vouches for
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """The files in the order of the entry; `test_batch.bin` is the test part."""
    sink.class_names = list(CLASSES)
    for file in entry.files:
        path = folder / file.name
        with files.open_regular(path) as source:
            rows = np.frombuffer(source.read(), np.uint8).reshape(-1, ROW)
        labels = rows[:, 0].astype(np.int64)
        # (n, 3*32*32), channels first -> NHWC
        images = rows[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        sink.add("test" if file.name.startswith("test") else "train", images, labels)
