"""Images that stay in their files: decoded on threads when they are used, a batch at a time.

For ImageNet. A decoded image is uint8 (size, size, 3); Pillow gives up Python's lock while it
decodes and scales, so threads use all cores without copying batches between processes.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ncmc.data import image_files
from ncmc.system import files, ordered_threads

MOST_BYTES = 256 << 20  # of one image file
PIECE = 8  # images that a thread takes at a time: handing over each one alone costs a sixth


class ImageFiles:
    """N images, uint8 (N, size, size, 3), each read from its file when it is asked for by number."""

    def __init__(self, root: Path, paths: Sequence[str], size: int) -> None:
        self.root = root
        self.paths = paths  # relative to `root`
        self.size = size

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, height, width, channels)."""
        return (len(self.paths), self.size, self.size, 3)

    def __getitem__(self, index: int) -> np.ndarray:
        """An image as evaluated (size, size, 3): its middle. Raises UserError if it is damaged."""
        image, name = self._open(index)
        return image_files.centre(image, name, self.size)

    def _open(self, index: int) -> tuple[Image.Image, str]:
        path = self.root / self.paths[index]
        name = f"{path.name} in {path.parent}"
        return image_files.open_image(files.read_bytes(path, MOST_BYTES), name), name

    def random(self, index: int, random: np.random.Generator) -> np.ndarray:
        """A random part of an image, mirrored half of the time (size, size, 3).

        Raises UserError naming the image if it is damaged.
        """
        image, name = self._open(index)
        box = image_files.random_box(*image.size, random)
        pixels = image_files.scaled(image, name, box, self.size)
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
