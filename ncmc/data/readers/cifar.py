"""CIFAR-10 and CIFAR-100, "python version": a tar of pickles, read without running any of them."""

import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from ncmc.data import archives
from ncmc.data.array_writer import Sink
from ncmc.errors import UserError, first_line, shortened
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
            sink.class_names = _names(unpickle(member.read(), path, name).get(META[name]))
        elif match := BATCH.match(name):
            part = "test" if match[3] else "train"
            batches[part, int(match[1] or 0)] = unpickle(member.read(), path, name)
    if not batches or not sink.class_names:
        raise UserError(f"{path} is not a CIFAR archive in its 'python version'.")
    for (part, _), batch in sorted(batches.items(), key=lambda item: item[0]):
        images: Any = batch.get("data")
        labels = batch.get("fine_labels", batch.get("labels"))
        if not _belong_together(images, labels, len(sink.class_names)):
            raise UserError(
                f"{path}: a batch does not hold images and labels as CIFAR's do: rows of "
                f"{3 * SIDE * SIDE} bytes, and for each a number from 0 to "
                f"{len(sink.class_names) - 1}."
            )
        # (n, 3*32*32), channels first -> NHWC
        images = images.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        sink.add(part, images, np.array(labels, np.int64))


def _names(value: Any) -> list[str]:
    """The names of the classes; empty if these are none."""
    texts = isinstance(value, list) and all(isinstance(n, str) and n.isprintable() for n in value)
    return list(value) if texts else []


def _belong_together(images: Any, labels: Any, n_classes: int) -> bool:
    """Whether these are rows of bytes (n, 3*32*32), and a label of one of the classes for each."""
    try:
        labels = np.array(labels)
    except (ValueError, TypeError, OverflowError):  # lists of different lengths, huge numbers
        return False
    return (
        isinstance(images, np.ndarray)
        and images.dtype == np.uint8
        and images.shape == (*labels.shape, 3 * SIDE * SIDE)
        and labels.dtype.kind in "iu"
        and bool(np.all((labels >= 0) & (labels < n_classes)))
    )


def unpickle(content: bytes, path: Path, name: str) -> dict[str, Any]:
    """A pickle that may hold plain values and NumPy arrays, nothing that runs.

    Raises UserError, naming what it asks for, if it wants anything else.
    """
    try:
        value = _Restricted(io.BytesIO(content), encoding="latin1").load()
        if not isinstance(value, dict):
            raise UserError("does not hold a dictionary.")
        # bytes as keys: a pickle made in Python 3 by someone who read the original as bytes
        return {
            k.decode("latin1") if isinstance(k, bytes) else k: _numbers(v) for k, v in value.items()
        }
    except UserError as error:
        raise UserError(f"{path}: {name} {error}") from error
    except Exception as error:  # a damaged pickle can raise anything
        reason = shortened(first_line(error))
        raise UserError(f"{path}: {name} is a damaged pickle ({reason}).") from error


class _Recorded:
    """Stands in for NumPy's arrays and kinds of numbers, which crash on states they never wrote."""

    arguments: tuple[Any, ...] = ()
    state: tuple[Any, ...] = ()

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


def _numbers(value: Any) -> Any:
    """The array that was recorded; any other value as it is."""
    if not isinstance(value, _Recorded):
        return value
    if value.state:
        _, shape, kind, columns_first, data = value.state
        order: Any = "F" if columns_first else "C"
    else:  # NumPy's `_frombuffer`, in protocol 5
        data, kind, shape, order = value.arguments
    code = kind.arguments[0]
    if code not in WHOLE:
        raise UserError("asks for an array of a kind that CIFAR does not hold.")
    data = data.encode("latin1") if isinstance(data, str) else data  # pickled by Python 2
    byte_order = kind.state[1] if kind.state[1] in ("<", ">") else ""  # else one byte
    return np.frombuffer(data, byte_order + code).reshape(shape, order=order)


def _latin1(text: str, encoding: str) -> bytes:
    """Stands in for `_codecs.encode`, which protocol 2 uses to hold bytes."""
    if encoding != "latin1":
        raise UserError(f"asks for the encoding {encoding!r}.")
    return text.encode("latin1")


WHOLE = [sign + size for sign in "iu" for size in "1248"]
NUMPY = ("ndarray", "dtype", "_reconstruct", "_frombuffer")


class _Restricted(pickle._Unpickler):  # Python's own: the one in C stumbles over some damage
    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "numpy" and name in NUMPY:
            return _Recorded
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        raise UserError(
            f"wants to run {module}.{name}; a CIFAR archive does not, so this one is not read."
        )
