"""Image files (JPEG, PNG, ...) -> uint8 arrays of one size."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, UnidentifiedImageError

from ncmc.errors import UserError, shortened

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)
MODES = {1: "L", 3: "RGB"}


def is_picture(name: str) -> bool:
    """Whether a file name is that of an image file (a hidden file is not)."""
    return not name.startswith(".") and ("." + name.rpartition(".")[2].lower()) in SUFFIXES


def opened(content: bytes, name: object) -> Image.Image:
    """An image file. Raises UserError naming it if it is damaged, or a decompression bomb."""
    with _named(name):
        if not content:
            raise ValueError("the file is empty")
        image = Image.open(io.BytesIO(content))
        if not 0 < image.width * image.height <= (Image.MAX_IMAGE_PIXELS or math.inf):
            raise ValueError(f"{image.width} x {image.height} pixels are not plausible")
        return image


def pixels(image: Image.Image, name: object, channels: int) -> np.ndarray:
    """(H, W, channels) uint8."""
    with _named(name):
        array = np.asarray(_in_mode(image, channels))
    return array.reshape(array.shape[0], array.shape[1], channels)


def whole(content: bytes, name: object, size: int | None, channels: int) -> np.ndarray:
    """An image as it is; if it is not `size` x `size`, its shorter side scaled to that, the middle.

    size None: whatever size it has.
    """
    image = opened(content, name)
    if size is None or image.size == (size, size):
        return pixels(image, name, channels)
    return centre(image, name, size, channels, short=size)


def centre(
    image: Image.Image, name: object, size: int, channels: int = 3, short: int | None = None
) -> np.ndarray:
    """The shorter side scaled to `short` pixels, then the middle: (size, size, channels).

    `short` is by default size * 256 / 224, as ImageNet is evaluated. As torchvision's
    Resize(short) and CenterCrop(size), to the last bit.
    """
    short = short or size * 256 // 224
    width, height = image.size
    if width <= height:
        width, height = short, int(short * height / width)
    else:
        width, height = int(short * width / height), short
    left, top = round((width - size) / 2.0), round((height - size) / 2.0)
    with _named(name):
        image = _in_mode(image, channels).resize((width, height), Image.Resampling.BILINEAR)
        return pixels(image.crop((left, top, left + size, top + size)), name, channels)


def scaled(
    image: Image.Image, name: object, box: tuple[int, int, int, int], size: int, channels: int = 3
) -> np.ndarray:
    """The part `box` (left, top, right, bottom; pixels) of an image as (size, size, channels)."""
    with _named(name):
        part = _in_mode(image, channels).crop(box)
        return pixels(part.resize((size, size), Image.Resampling.BILINEAR), name, channels)


def _in_mode(image: Image.Image, channels: int) -> Image.Image:
    return image if image.mode == MODES[channels] else image.convert(MODES[channels])


@contextmanager
def _named(name: object) -> Iterator[None]:
    """Whatever Pillow raises as a UserError that names the image."""
    try:
        yield
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(f"{name} cannot be read: not an image, or damaged.") from error
    except Exception as error:  # Pillow raises many kinds
        raise UserError(f"{name} cannot be read: {shortened(str(error))}.") from error


def random_box(width: int, height: int, random: np.random.Generator) -> tuple[int, int, int, int]:
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
