"""Image files (JPEG, PNG, ...) -> uint8 arrays of one size, on several threads."""

import io
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from ncmc.errors import UserError

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)
MODES = {1: "L", 3: "RGB"}
CROP = 224 / 256  # of the shorter side, as ImageNet is evaluated

T = TypeVar("T")
R = TypeVar("R")


def is_picture(name: str) -> bool:
    """Whether a file name is that of an image file (hidden files are none)."""
    return not name.startswith(".") and ("." + name.rpartition(".")[2].lower()) in SUFFIXES


def opened(content: bytes, name: object) -> Image.Image:
    """An image file. Raises UserError naming it if it is damaged, or a decompression bomb."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content))
    except Exception as error:  # Pillow raises many kinds
        raise UserError(f"{name} cannot be read as an image ({error}).") from error


def pixels(image: Image.Image, name: object, channels: int) -> np.ndarray:
    """(H, W, channels) uint8."""
    try:
        array = np.asarray(image.convert(MODES[channels]))
    except Exception as error:
        raise UserError(f"{name} cannot be read as an image ({error}).") from error
    return array.reshape(array.shape[0], array.shape[1], channels)


def whole(content: bytes, name: object, size: int | None, channels: int) -> np.ndarray:
    """An image as it is; if it is not `size` x `size`, its shorter side scaled to that, the middle.

    size None: whatever size it has.
    """
    image = opened(content, name)
    if size is None or image.size == (size, size):
        return pixels(image, name, channels)
    return centre(image, name, size, channels, crop=1.0)


def centre(
    image: Image.Image, name: object, size: int, channels: int = 3, crop: float = CROP
) -> np.ndarray:
    """The middle square of `crop` times the shorter side, scaled to (size, size, channels)."""
    side = min(image.size) * crop
    left, top = (image.size[0] - side) / 2, (image.size[1] - side) / 2
    return scaled(image, name, (left, top, left + side, top + side), size, channels)


def scaled(
    image: Image.Image,
    name: object,
    box: tuple[float, float, float, float],
    size: int,
    channels: int = 3,
) -> np.ndarray:
    """The part `box` (left, top, right, bottom; pixels) of an image as (size, size, channels)."""
    mode = MODES[channels]
    try:
        if image.mode != mode:
            image = image.convert(mode)
        part = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{name} cannot be read as an image ({error}).") from error
    return np.asarray(part).reshape(size, size, channels)


def random_box(
    width: int, height: int, random: np.random.Generator
) -> tuple[float, float, float, float]:
    """A random part of an image: area 8 to 100 %, width to height 3:4 to 4:3 (Szegedy et al. 2015).

    Ten tries, then the largest allowed middle part, as torchvision's RandomResizedCrop.
    """
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1.0)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left = int(random.integers(0, width - w + 1))
            top = int(random.integers(0, height - h + 1))
            return (left, top, left + w, top + h)
    w = min(width, round(height * 4 / 3))
    h = min(height, round(width * 4 / 3))
    left, top = (width - w) // 2, (height - h) // 2
    return (left, top, left + w, top + h)


def in_order(work: Callable[[T], R], items: Iterable[T], workers: int, ahead: int) -> Iterator[R]:
    """work(item) for each item, on `workers` threads, in order, at most `ahead` of the consumer."""
    items = iter(items)
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        waiting: list[Future[Any]] = [pool.submit(work, item) for item in islice(items, ahead)]
        try:
            while waiting:
                result = waiting.pop(0).result()
                waiting.extend(pool.submit(work, item) for item in islice(items, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()
