"""Images that stay in their files: decoded on threads when they are used, a batch at a time.

For ImageNet. A decoded image is uint8 (size, size, 3); Pillow gives up Python's lock while it
decodes and scales, so threads use all cores without copying batches between processes.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ncmc.data import image_files
from ncmc.errors import UserError
from ncmc.system import ordered_threads

MODES = ("centre", "random")
PIECE = 8  # images that a thread takes at a time: handing over each one alone costs a sixth


class Streamed:
    """N images as an array-like (N, size, size, 3) uint8 that reads files when indexed."""

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, root: Path, paths: Sequence[str], size: int) -> None:
        """`paths` are relative to `root`."""
        self.root = root
        self.paths = paths
        self.size = size

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, height, width, channels)."""
        return (len(self.paths), self.size, self.size, 3)

    @property
    def nbytes(self) -> int:
        """Bytes that all images together would take in memory."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __getitem__(self, index: int | slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The middle of one image (H, W, C), or of several (n, H, W, C), as in evaluation."""
        chosen = np.arange(len(self))[index]
        if chosen.ndim == 0:
            return self.centre(int(chosen))
        parts = list(self.batches(chosen, batch_size=64))
        return np.concatenate(parts) if parts else np.zeros((0, *self.shape[1:]), np.uint8)

    def batches(
        self,
        order: Sequence[int] | np.ndarray,
        batch_size: int,
        *,
        mode: str = "centre",
        seed: int = 0,
        epoch: int = 0,
        workers: int = 2,
        ahead: int = 4,
    ) -> Iterator[np.ndarray]:
        """uint8 batches (B, H, W, C) of the images `order` names, the last one as long as is left.

        mode "centre": as evaluated (the middle 224/256 of the shorter side); "random": a random
        part, mirrored half of the time (training). The draws depend on seed, epoch and the place in
        `order` alone, not on `workers` (threads). `ahead`: batches decoded before they are asked
        for. Raises UserError naming an image that cannot be read.
        """
        assert mode in MODES
        order = np.asarray(order, np.int64)

        def decode(place: int) -> np.ndarray:
            if mode == "centre":
                return self.centre(int(order[place]))
            return self.random(int(order[place]), np.random.default_rng([seed, epoch, place]))

        n = len(order)
        sizes = [min(batch_size, n - start) for start in range(0, n, batch_size)]
        return filled(decode, sizes, self.shape[1:], workers, ahead)

    def _open(self, index: int) -> tuple[bytes, Path]:
        path = self.root / self.paths[index]
        try:
            return path.read_bytes(), path
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}.") from error

    def centre(self, index: int) -> np.ndarray:
        """An image as evaluated (size, size, 3)."""
        content, path = self._open(index)
        return image_files.centre(image_files.opened(content, path), path, self.size)

    def random(self, index: int, random: np.random.Generator) -> np.ndarray:
        """A random part of an image, mirrored half of the time (size, size, 3)."""
        content, path = self._open(index)
        image = image_files.opened(content, path)
        box = image_files.random_box(*image.size, random)
        pixels = image_files.scaled(image, path, box, self.size)
        return pixels[:, ::-1] if random.random() < 0.5 else pixels


def filled(
    decode: Callable[[int], np.ndarray],
    sizes: Sequence[int],
    shape: tuple[int, ...],
    workers: int,
    ahead: int,
) -> Iterator[np.ndarray]:
    """uint8 batches of the given sizes (0 is allowed), in order, image i of them all from decode(i).

    `workers`: threads; `ahead`: batches decoded before they are asked for.
    """

    def pieces() -> Iterator[tuple[np.ndarray, int, range]]:
        start = 0
        for size in sizes:
            batch, stop = np.empty((size, *shape), np.uint8), start + size
            for first in range(start, max(stop, start + 1), PIECE):
                yield batch, start, range(first, min(first + PIECE, stop))
            start = stop

    def fill(piece: tuple[np.ndarray, int, range]) -> np.ndarray | None:
        batch, start, places = piece
        for place in places:
            batch[place - start] = decode(place)
        return batch if places.stop - start == len(batch) else None

    # in order: when the last piece of a batch is done, so are the others
    most = ahead * max(sizes, default=0)
    for batch in ordered_threads.in_order(fill, pieces(), workers, -(-most // PIECE) or 1):
        if batch is not None:
            yield batch
