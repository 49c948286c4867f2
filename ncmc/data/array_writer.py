"""Images on their way to disk: .npy files that grow batch by batch; no set must fit in memory.

NumPy's own header leaves room for the final number of items. A memory map of the final length takes
1.8 GB more for SVHN, and ends in a bus error where the disk is full.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ncmc.data import checksums
from ncmc.errors import UserError
from ncmc.system import files
from ncmc.system.documents import Strict

PARTS = ("train", "test")


class Fingerprint(Strict):
    """How to tell that a file is the one that was written."""

    size: int  # bytes
    sha256: str


class TreeSummary(Strict):
    """What is to be said of somebody's own images besides classes and counts, in sentences."""

    notes: tuple[str, ...]  # what a reader should know
    faults: tuple[str, ...]  # what makes results on the set worthless, or close to it


@dataclass
class _GrowingArray:
    """One .npy file that grows: NumPy's header leaves room for the final number of items."""

    file: BinaryIO
    dtype: np.dtype[Any]
    shape: tuple[int, ...]  # of one item
    length: int = 0

    def append(self, items: np.ndarray) -> None:
        if items.shape[1:] != self.shape:
            raise UserError(f"images of different sizes: {self.shape} and {items.shape[1:]}.")
        self.file.write(np.ascontiguousarray(items, dtype=self.dtype).data)
        self.length += len(items)

    def write_header(self) -> None:
        self.file.seek(0)
        shape = (self.length, *self.shape)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)

    def close(self) -> None:
        self.write_header()
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()


@dataclass
class Sink:
    """Takes what a reader reads: images and labels of `train` and `test`, in order."""

    folder: Path
    class_names: list[str] = field(default_factory=list)
    summary: TreeSummary | None = None  # of somebody's own images
    # (H, W, C) of the images; None if they stay in their files
    shape: tuple[int, ...] | None = None
    # part -> (name of a released part, images)
    origins: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    _files: dict[str, _GrowingArray] = field(default_factory=dict)
    _slots: list[np.memmap] = field(default_factory=list)

    def add(
        self, part: str, images: np.ndarray | None, labels: np.ndarray, origin: str | None = None
    ) -> None:
        """Append uint8 images (n, H, W, C) and their labels (n,) to `part`.

        `origin` names the released part they come from, where a training set is put together from
        several (SVHN). `images` is None for a format whose images stay where they are.
        """
        assert part in PARTS
        if images is not None:
            assert images.dtype == np.uint8
            assert images.ndim == 4
            assert len(images) == len(labels)
            self.shape = images.shape[1:]
            self._growing(f"{part}_images.npy", images).append(images)
        labels = np.asarray(labels, dtype=np.int64)
        self._growing(f"{part}_labels.npy", labels).append(labels)
        origins = self.origins.setdefault(part, [])
        name = origin or part
        if origins and origins[-1][0] == name:
            origins[-1] = (name, origins[-1][1] + len(labels))
        else:
            origins.append((name, len(labels)))

    def slots(self, part: str, labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """A writable (n, H, W, C) uint8 array for a part whose images come in any order."""
        self.add(part, None, labels)
        self.shape = shape
        path = self.folder / f"{part}_images.npy"
        slots = np.lib.format.open_memmap(path, "w+", np.uint8, (len(labels), *shape))
        _reserve(path)
        self._slots.append(slots)
        return slots

    def lines(self, name: str, lines: list[str]) -> None:
        files.write_atomic(self.folder / name, "".join(f"{line}\n" for line in lines))

    def _growing(self, name: str, like: np.ndarray) -> _GrowingArray:
        if name not in self._files:
            file = (self.folder / name).open("wb")
            self._files[name] = _GrowingArray(file, like.dtype, like.shape[1:])
            self._files[name].write_header()
        return self._files[name]

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the files, also of those that a reader left half written."""
        for array in self._files.values():
            array.file.close()

    def close(self) -> dict[str, Fingerprint]:
        """Finish every file; returns its fingerprint by name."""
        for array in self._files.values():
            array.close()
        for slots in self._slots:
            slots.flush()
        digests = {
            name: checksums.of_file(self.folder / name) for name in files.listed(self.folder)
        }
        return {name: Fingerprint(size=d.size, sha256=d.sha256) for name, d in digests.items()}


def _reserve(path: Path) -> None:
    """Claim the disk for a file that has its length already: a full disk would kill the process
    when a mapped page is written. Raises OSError."""
    if hasattr(os, "posix_fallocate"):  # Linux
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
