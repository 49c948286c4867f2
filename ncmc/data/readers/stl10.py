"""STL-10, binary version: 96x96 images, labels 1..10. The unlabelled images are left unread."""

from pathlib import Path

import numpy as np

from ncmc.data import archives
from ncmc.data.array_writer import Sink
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import Dataset

SIDE = 96  # pixels
FILES = ("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "class_names.txt")


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """The labelled parts, in the order of the files."""
    path = folder / entry.files[0].name
    contents: dict[str, bytes] = {}
    for member in archives.members(path):
        if member.name.name in FILES:
            contents[member.name.name] = member.read()
        if len(contents) == len(FILES):
            break  # the unlabelled images are 2.5 GB
    if missing := [name for name in FILES if name not in contents]:
        raise UserError(f"{path} is not STL-10's binary archive: {', '.join(missing)} missing.")
    sink.class_names = contents["class_names.txt"].decode().split()
    for part in ("train", "test"):
        labels = np.frombuffer(contents[f"{part}_y.bin"], np.uint8).astype(np.int64) - 1
        pixels = np.frombuffer(contents[f"{part}_X.bin"], np.uint8)
        # each channel lies column by column: (n, channel, x, y) -> NHWC
        sink.add(part, pixels.reshape(-1, 3, SIDE, SIDE).transpose(0, 3, 2, 1), labels)
