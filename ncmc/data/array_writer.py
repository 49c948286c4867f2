"""Images on their way to disk: .npy files that grow batch by batch; no set must fit in memory."""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np

from ncmc.errors import UserError
from ncmc.system import files

PARTS = ("train", "test")
HEADER = 128  # bytes, fixed, so that the final length can be written in at the end


@dataclass
class _Grown:
    """One .npy file under way."""

    file: IO[bytes]
    dtype: np.dtype[Any]
    shape: tuple[int, ...]  # of one item
    length: int = 0

    def append(self, items: np.ndarray) -> None:
        if items.shape[1:] != self.shape:
            raise UserError(f"images of different sizes: {self.shape} and {items.shape[1:]}.")
        self.file.write(np.ascontiguousarray(items, dtype=self.dtype).data)
        self.length += len(items)

    def close(self) -> None:
        head = f"{{'descr': '{self.dtype.str}', 'fortran_order': False, 'shape': "
        head += f"{(self.length, *self.shape)}, }}"
        padded = head.encode().ljust(HEADER - 11) + b"\n"
        self.file.seek(0)
        self.file.write(b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()


@dataclass
class Sink:
    """Takes what a reader reads: images and labels of `train` and `test`, in order."""

    folder: Path
    class_names: list[str] = field(default_factory=list)
    origins: dict[str, list[tuple[str, int]]] = field(
        default_factory=dict
    )  # part -> (name, images)
    _files: dict[str, _Grown] = field(default_factory=dict)
    _slots: dict[str, np.memmap] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)

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
            self._grown(f"{part}_images.npy", images).append(images)
        labels = np.asarray(labels, dtype=np.int64)
        self._grown(f"{part}_labels.npy", labels).append(labels)
        named = self.origins.setdefault(part, [])
        name = origin or part
        if named and named[-1][0] == name:
            named[-1] = (name, named[-1][1] + len(labels))
        else:
            named.append((name, len(labels)))

    def slots(self, part: str, labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """A writable (n, H, W, C) uint8 array for a part whose images come in any order."""
        self.add(part, None, labels)
        name = f"{part}_images.npy"
        self._slots[name] = np.lib.format.open_memmap(
            self.folder / name, mode="w+", dtype=np.uint8, shape=(len(labels), *shape)
        )
        return self._slots[name]

    def lines(self, name: str, lines: list[str]) -> None:
        """A text file beside the arrays."""
        files.write_atomic(self.folder / name, "".join(f"{line}\n" for line in lines))
        self._texts.append(name)

    def _grown(self, name: str, like: np.ndarray) -> _Grown:
        if name not in self._files:
            file = (self.folder / name).open("wb")
            file.write(bytes(HEADER))
            self._files[name] = _Grown(file, like.dtype, like.shape[1:])
        return self._files[name]

    def close(self) -> dict[str, dict[str, Any]]:
        """Finish every file; returns its size in bytes and SHA-256, by name."""
        for grown in self._files.values():
            grown.close()
        for slots in self._slots.values():
            slots.flush()
        names = sorted([*self._files, *self._slots, *self._texts])
        return {name: fingerprint(self.folder / name) for name in names}


def fingerprint(path: Path) -> dict[str, Any]:
    """Size in bytes and SHA-256 of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}
