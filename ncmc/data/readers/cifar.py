"""CIFAR-10 and CIFAR-100, "python version": a tar of pickles, read without running any of them."""

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
            sink.class_names = _names(_field(unpickle(member.read(), path, name), META[name], path))
        elif match := BATCH.match(name):
            part = "test" if match[3] else "train"
            batches[part, int(match[1] or 0)] = unpickle(member.read(), path, name)
    if not batches or not sink.class_names:
        raise UserError(f"{path} is not a CIFAR archive in its 'python version'.")
    for (part, _), batch in sorted(batches.items(), key=lambda item: item[0]):
        images = _field(batch, "data", path)
        labels = _labels(batch.get("fine_labels", batch.get("labels")), len(sink.class_names))
        if not _is_images(images) or labels is None or len(labels) != len(images):
            raise UserError(
                f"{path}: a batch does not hold images and labels as CIFAR's do: rows of "
                f"{3 * SIDE * SIDE} bytes, and for each a number from 0 to "
                f"{len(sink.class_names) - 1}."
            )
        # (n, 3*32*32), channels first -> NHWC
        sink.add(part, images.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1), labels)


def _names(value: Any) -> list[str]:
    """The names of the classes; empty if these are none."""
    texts = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return list(value) if texts else []


def _labels(value: Any, n_classes: int) -> np.ndarray | None:
    """(n,) int64; None if these are not labels of that many classes."""
    try:
        labels = np.array(value)
    except (ValueError, TypeError, OverflowError):  # lists of different lengths, huge numbers
        return None
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return None
    if len(labels) and (labels.min() < 0 or labels.max() >= n_classes):
        return None
    return labels.astype(np.int64)


def _is_images(images: Any) -> bool:
    shape = getattr(images, "shape", ())
    return getattr(images, "dtype", None) == np.uint8 and shape[1:] == (3 * SIDE * SIDE,)


def _field(batch: dict[str, Any], key: str, path: Path) -> Any:
    if key not in batch:
        raise UserError(f"{path}: a batch has no '{key}'.")
    return batch[key]


def unpickle(content: bytes, path: Path, name: str) -> dict[str, Any]:
    """A pickle that may hold plain values and NumPy arrays, nothing that runs.

    Raises UserError, naming what it asks for, if it wants anything else.
    """
    try:
        value = _Restricted(io.BytesIO(content), encoding="latin1").load()
    except UserError as error:
        raise UserError(f"{path}: {name} {error}") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"{path}: {name} is a damaged pickle ({error}).") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: {name} does not hold a dictionary.")
    # bytes as keys: a pickle made in Python 3 by someone who read the original as bytes
    return {k.decode() if isinstance(k, bytes) else k: v for k, v in value.items()}


def _empty_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """Stands in for NumPy's `_reconstruct`: the empty array that the pickle then fills."""
    if kind is not np.ndarray or tuple(shape) != (0,):
        raise UserError("asks for an array of a kind that CIFAR does not hold.")
    return np.ndarray.__new__(np.ndarray, (0,), np.uint8)


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """Stands in for NumPy's `_frombuffer` (pickle protocol 5)."""
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)


def _latin1(text: str, encoding: str) -> bytes:
    """Stands in for `_codecs.encode`, which protocol 2 uses to hold bytes."""
    if encoding != "latin1":
        raise UserError(f"asks for the encoding {encoding!r}.")
    return text.encode("latin1")


ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("_codecs", "encode"): _latin1,
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        raise UserError(
            f"wants to run {module}.{name}; a CIFAR archive does not, so this one is not read."
        )
