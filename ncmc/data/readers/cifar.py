"""CIFAR-10 and CIFAR-100, "python version": a tar of pickles, read without running any of them."""

import codecs
import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from ncmc.data import archives
from ncmc.data.array_writer import Sink
from ncmc.errors import UserError
from ncmc.plan.dataset_entries import Dataset

# file name -> (part, its place in the order of the part)
BATCH = re.compile(r"(?:data_batch_(\d{1,4})|(train)|(test_batch|test))$")
META = {"batches.meta": "label_names", "meta": "fine_label_names"}
SIDE = 32  # pixels


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """All batches, training ones in order of their number; fine labels of CIFAR-100."""
    path = folder / entry.files[0].name
    batches: dict[tuple[str, int], dict[str, Any]] = {}
    for member in archives.members(path):
        name = member.name.name
        if name in META:
            sink.class_names = list(unpickle(member.read(), path, name)[META[name]])
        elif match := BATCH.match(name):
            part = "test" if match[3] else "train"
            batches[part, int(match[1] or 0)] = unpickle(member.read(), path, name)
    if not batches or not sink.class_names:
        raise UserError(f"{path} is not a CIFAR archive in its 'python version'.")
    for (part, _), batch in sorted(batches.items(), key=lambda item: item[0]):
        # (n, 3*32*32), channels first -> NHWC
        images = batch["data"].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        labels = batch.get("fine_labels", batch.get("labels"))
        sink.add(part, images, np.array(labels, np.int64))


def unpickle(content: bytes, path: Path, name: str) -> dict[str, Any]:
    """A pickle that may hold plain values and NumPy arrays, nothing that runs.

    Raises UserError, naming what it asks for, if it wants anything else.
    """
    try:
        value = _Restricted(io.BytesIO(content), encoding="latin1").load()
        # bytes as keys: a pickle made in Python 3 by someone who read the original as bytes
        return {k.decode("latin1") if isinstance(k, bytes) else k: v for k, v in value.items()}
    except UserError as error:
        raise UserError(f"{path}: {name} {error}") from error


# What a pickle may ask for: arrays of NumPy, also of protocol 5, and bytes, as protocol 2 holds them.
NUMPY = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "_reconstruct": np.zeros(0).__reduce__()[0],
    "_frombuffer": np.zeros(0).__reduce_ex__(5)[0],
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "numpy" and name in NUMPY:
            return NUMPY[name]
        if (module, name) == ("_codecs", "encode"):
            return codecs.encode
        raise UserError(
            f"wants to run {module}.{name}; a CIFAR archive does not, so this one is not read."
        )
