"""Image files (JPEG, PNG, ...) -> uint8 arrays of one size."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from ncmc.errors import UserError, shortened

# Listed here, for which files are read must not depend on Pillow's version, and EPS would start
# Ghostscript on a stranger's file.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")
SUFFIXES = {
    *(".avif", ".avifs", ".bmp", ".gif", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".j2c"),
    *(".jpc", ".jpf", ".jpx", ".png", ".apng", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga"),
    *(".icb", ".vda", ".vst", ".tif", ".tiff", ".webp"),
}
MODES = {1: "L", 3: "RGB"}
WITH_FRAMES = frozenset({"AVIF", "GIF", "PNG", "TIFF", "WEBP"})
SIXTEEN = frozenset({"PNG", "PPM"})  # formats whose pixels Pillow may give as 32-bit integers


def suffix(name: str) -> str:
    """The suffix of a file name in small letters, such as .png; empty if it has none."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else ""


def open_image(content: bytes, name: object) -> Image.Image:
    """An image file. Raises UserError naming it if it is damaged, or a decompression bomb."""
    with _named(name):
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if not 0 < image.width * image.height <= (Image.MAX_IMAGE_PIXELS or math.inf):
            raise ValueError(f"{image.width} x {image.height} pixels are not plausible")
        return image


def pixels(image: Image.Image, name: object, channels: int) -> np.ndarray:
    """(H, W, channels) uint8."""
    with _named(name):
        array = np.asarray(_in_mode(image, channels))
    return array.reshape(array.shape[0], array.shape[1], channels)


def whole(image: Image.Image, name: object, size: int | None, channels: int) -> np.ndarray:
    """An image as it is; if it is not `size` x `size`, its shorter side scaled to that, the middle.

    size None: whatever size it has.
    """
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


def oddities(image: Image.Image, name: object, size: int | None) -> list[str]:
    """What of an image file is lost or made up when it becomes 8 bits per channel, `size` x `size`."""
    with _named(name):
        frames = getattr(image, "n_frames", 1) if image.format in WITH_FRAMES else 1
        image.load()
        scaled = image.mode.startswith("I")
        brightest = np.asarray(image).max() / 65535 if scaled else 1
    oddity = {
        "of 16 bits, scaled to 8 (value / 257)": scaled,
        "of 16 bits without a value in the upper three quarters (10, 12 or 14 bits of data?), so "
        "that they become dark: scale the values to 16 bits": brightest < 0.25,
        "of CMYK colours, converted without a profile": image.mode == "CMYK",
        "with transparency, which is dropped": image.has_transparency_data,
        "with several frames, of which the first is read": frames > 1,
        "with a rotation in their Exif data, which is not applied": _is_turned(image),
        "smaller than image_size, enlarged": size is not None and min(image.size) < size,
    }
    return [what for what, holds in oddity.items() if holds]


def _is_turned(image: Image.Image) -> bool:
    """Whether Exif data ask for a rotation; damaged ones ask for nothing."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1)
    except Exception:  # Pillow raises many kinds
        return False


def _in_mode(image: Image.Image, channels: int) -> Image.Image:
    """8 bits per channel; 16 bits are scaled. Raises ValueError for what has no such range."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in SIXTEEN):
        values = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    elif image.mode in ("I", "F"):
        kind = "signed or 32-bit integers" if image.mode == "I" else "floating-point numbers"
        raise ValueError(
            f"its pixels are {kind}, whose range is unknown: save it with 8 or 16 bits"
        )
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
