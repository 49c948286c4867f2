"""Small archives in the format of each reader, always the same bytes: what golden runs train on."""

import gzip
import io
import pickle
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

SETS = {  # name -> the fields of its entry in config/datasets.yaml
    "g_cifar": {"reader": "cifar", "recipe": "small"},
    "g_binary": {"reader": "cifar_binary", "recipe": "small"},
    "g_svhn": {"reader": "svhn", "recipe": "plain"},
    "g_stl": {"reader": "stl10", "recipe": "plain"},
    "g_folder": {"reader": "imagefolder", "recipe": "small"},
    "g_lists": {
        "reader": "imagenet_lt",
        "recipe": "imagenet",
        "image_size": 24,
        "split": {"imbalance": "given"},
    },
}


def write_archives(folder: Path) -> None:
    """A small archive in the format of each reader, below the name of its set."""
    for name in SETS:
        (folder / name).mkdir(parents=True)
    images, labels = pictures(180), np.arange(180) % 10
    rows = images.transpose(0, 3, 1, 2).reshape(180, -1)  # channels first

    batch = {"data": rows, "labels": labels.tolist()}
    test = {"data": rows[:40], "labels": labels[:40].tolist()}
    names = {"label_names": [f"class{k}" for k in range(10)]}
    content = {"batches.meta": names, "data_batch_1": batch, "test_batch": test}
    write_tar(
        folder / "g_cifar" / "c.tar.gz",
        {f"cifar-10-batches-py/{file}": pickle.dumps(value, 2) for file, value in content.items()},
    )

    for i in range(6):
        part = slice(30 * i, 30 * (i + 1))
        file = f"data_batch_{i + 1}.bin" if i < 5 else "test_batch.bin"
        both = np.hstack([labels[part, None].astype(np.uint8), rows[part]])
        (folder / "g_binary" / file).write_bytes(both.tobytes())

    for origin, n in (("train", 120), ("extra", 60), ("test", 40)):
        arrays = {
            "X": images[:n].transpose(1, 2, 3, 0),
            "y": np.where(labels[:n], labels[:n], 10)[:, None],
        }
        arrays["y"] = arrays["y"].astype(np.uint8)
        scipy.io.savemat(folder / "g_svhn" / f"{origin}_32x32.mat", arrays)

    large = pictures(100, 96).transpose(0, 3, 2, 1)  # column by column
    binary = {"class_names.txt": "\n".join(f"class{k}" for k in range(10)).encode()}
    for origin, part in (("train", slice(0, 80)), ("test", slice(80, 100))):
        binary[f"{origin}_X.bin"] = np.ascontiguousarray(large[part]).tobytes()
        binary[f"{origin}_y.bin"] = (labels[part] + 1).astype(np.uint8).tobytes()
    write_tar(
        folder / "g_stl" / "stl10_binary.tar.gz",
        {f"stl10_binary/{file}": value for file, value in binary.items()},
    )

    write_tar(
        folder / "g_folder" / "pets.tar.gz",
        {
            f"{'train' if i < 90 else 'test'}/class{i % 3}/{i}.png": encoded(images[i], "png")
            for i in range(120)
        },
    )
    write_lists(folder / "g_lists", pictures(40, 64))


def write_lists(folder: Path, images: np.ndarray) -> None:
    """ImageNet-LT's lists, and the files that they name."""
    lines: dict[str, list[str]] = {"train": [], "test": []}
    wanted = [
        (part, k, i)
        for k in range(3)
        for part, n in (("train", 8 >> k), ("val", 4))
        for i in range(n)
    ]
    for image, (part, k, i) in zip(images, wanted, strict=False):
        file = f"{part}/n{k:08}/n{k:08}_{i}.JPEG"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(encoded(image, "jpeg"))
        lines["train" if part == "train" else "test"].append(f"{file} {k}")
    for part, listed in lines.items():
        (folder / f"ImageNet_LT_{part}.txt").write_text("\n".join(listed) + "\n")


def pictures(n: int, size: int = 32) -> np.ndarray:
    """(n, size, size, 3) uint8, of ten kinds in turn: a colour of its own below the noise."""
    rng = np.random.default_rng(n + size)
    noise = rng.integers(0, 128, (n, size, size, 3))
    colours = rng.integers(0, 128, (10, 1, 1, 3))
    return (noise + colours[np.arange(n) % 10]).astype(np.uint8)


def encoded(image: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def write_tar(path: Path, content: Mapping[str, bytes]) -> None:
    """A tar of these files, the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
