"""What JPEG copies cost: the same images twice, as original pixels and as JPEG copies.

    python tools/jpeg_copies.py cifar10-sample.npz cifar10-jpeg.tar.gz FOLDER

writes FOLDER/cifar10-sample.tar (PNG, the original pixels) and FOLDER/cifar10-sample-jpeg.tar (the very
files of the JPEG copies), class by class and in one order, so that both give the same split.
`ncmc fetch cifar10_sample --from ...` and `ncmc fetch cifar10_sample_jpeg --from ...` take them;
`study_jpeg` (config/studies.yaml) trains on both.

Each original is matched with the copy of its class whose pixels are nearest to it.
"""

import io
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

FARTHEST = (
    20.0  # mean absolute difference, of 255, of a pair; the copies of CIFAR-10 are at about 6
)


def main(sample: str, copies: str, folder: str) -> None:
    """Write both archives."""
    images = np.load(sample)
    names = [str(name) for name in images["class_names"]]
    encoded = _encoded(copies)
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with (
        tarfile.open(out / "cifar10-sample.tar", "w") as originals,
        tarfile.open(out / "cifar10-sample-jpeg.tar", "w") as compressed,
    ):
        for part in ("train", "test"):
            for k, name in enumerate(names):
                pixels = images[f"{part}_images"][images[f"{part}_labels"] == k]
                for i, (one, copy) in enumerate(_matched(pixels, encoded[f"{part}/{name}"])):
                    _add(originals, f"{part}/{name}/{i:04d}.png", _png(one))
                    _add(compressed, f"{part}/{name}/{i:04d}.jpg", copy)


def _encoded(path: str) -> dict[str, list[bytes]]:
    """The files of every `part/class`."""
    found: dict[str, list[bytes]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                found.setdefault(str(Path(member.name).parent), []).append(file.read())
    return found


def _matched(pixels: np.ndarray, encoded: list[bytes]) -> list[tuple[np.ndarray, bytes]]:
    """Each original with its copy; stops the program where a copy is far, or taken twice."""
    decoded = np.stack(
        [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in encoded]
    )
    flat = decoded.reshape(len(decoded), -1).astype(np.float32)
    pairs, taken = [], set()
    for one in pixels:
        apart = ((flat - one.reshape(-1).astype(np.float32)) ** 2).mean(1)
        nearest = int(apart.argmin())
        off = np.abs(decoded[nearest].astype(int) - one.astype(int)).mean()
        if off > FARTHEST or nearest in taken:
            raise SystemExit(f"no copy of one image: the nearest is {off:.1f} of 255 away")
        taken.add(nearest)
        pairs.append((one, encoded[nearest]))
    return pairs


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
