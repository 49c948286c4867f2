"""Reading data: the harness against the obvious torchvision way, both in this one run.

    python benchmarks/data.py [--rounds 5] [--only cifar,split,svhn,imagenet] [--out F.json]

All data are made here, in the official formats and sizes, from a seed; nothing is downloaded.
Where two sides are timed they take turns, and the ratio (theirs / ours, above 1: we are faster) is
taken round by round. Memory is the peak of a process of its own for each side.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
SVHN_PARTS = {"train": 73_257, "extra": 531_131, "test": 26_032}  # images
IMAGENET_LT = 115_846  # training images
IMAGE, PHOTO = 32, (500, 375)  # pixels: CIFAR and SVHN; a usual ImageNet picture
PHOTOS, PICTURES, BATCH, WORKERS = 512, 2048, 64, 2  # files; images of an epoch


def main() -> None:
    """Print one line a measurement, and write all of them as JSON with --out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="cifar,split,svhn,imagenet")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    benchmarks = {"cifar": cifar, "split": split, "svhn": svhn, "imagenet": imagenet}
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="ncmc-data-") as folder:
        for name in chosen.only.split(","):
            os.environ["NCMC_ROOT"] = str(make_project(Path(folder) / name))
            found[name] = benchmarks[name](Path(folder) / name, chosen.rounds)
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_text(json.dumps(found, indent=1) + "\n")


def make_project(root: Path) -> Path:
    """A project in a folder of its own."""
    for name in ("dvc.yaml", ".dvc/config"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text((CHECKOUT / name).read_text())
    (root / "config").mkdir()
    (root / "config" / "grid.yaml").write_text("{}\n")
    return root


def declare(root: Path, name: str, reader: str, files: list[str]) -> None:
    """The entry of the one data set of a benchmark."""
    entry = {"title": name, "reader": reader, "recipe": "small", "licence": "", "source": "made"}
    listed = {"datasets": {name: {**entry, "files": [{"name": f} for f in files]}}}
    (root / "config" / "datasets.yaml").write_text(yaml.safe_dump(listed))


def take_turns(
    what: str, rounds: int, ours: Callable[[], object], theirs: Callable[[], object]
) -> dict[str, Any]:
    """Time both sides, alternating; one untimed turn each first."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(rounds + 1):
        for side, work in (("ours", ours), ("theirs", theirs)):
            started = time.perf_counter()
            work()
            if turn:
                times[side].append(time.perf_counter() - started)
    ratios = [b / a for a, b in zip(times["ours"], times["theirs"], strict=True)]
    ours_s, theirs_s = (statistics.median(times[side]) for side in ("ours", "theirs"))
    print(
        f"{what}: ours {ours_s:.3f} s, theirs {theirs_s:.3f} s, ratio "
        f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]",
        flush=True,
    )
    return {"ours_s": times["ours"], "theirs_s": times["theirs"], "ratio": ratios}


# --- CIFAR-10 -----------------------------------------------------------------------------------


def cifar(root: Path, rounds: int) -> dict[str, Any]:
    """50,000 + 10,000 images: the first reading from the archive, and every later one."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import calculate_md5, extract_archive

    from ncmc.data import datasets, fetch
    from ncmc.project import Project

    rng = np.random.default_rng(0)
    archive = root / "cifar-10-python.tar.gz"
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in [*names, "batches.meta"]:
            labels = {"label_names": [str(k) for k in range(10)]}
            pixels = rng.integers(0, 256, (10_000, 3072), dtype=np.uint8)
            batch = {"data": pixels, "labels": (np.arange(10_000) % 10).tolist()}
            data = pickle.dumps(labels if name == "batches.meta" else batch, protocol=2)
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
    declare(root, "cifar10", "cifar", [archive.name])
    project = Project(root)
    fetch.fetch(project, "cifar10", archive)
    extract_archive(str(archive), str(root))
    sums = {n: calculate_md5(str(root / CIFAR10.base_folder / n)) for n in [*names, "batches.meta"]}

    class Made(CIFAR10):  # type: ignore[misc]  # the same class, with the checksums of the files made here
        train_list: ClassVar = [[n, sums[n]] for n in names[:-1]]
        test_list: ClassVar = [[names[-1], sums[names[-1]]]]
        meta: ClassVar = {**CIFAR10.meta, "md5": sums["batches.meta"]}

    def ours() -> None:
        for part in ("train", "test"):
            np.array(datasets.load(project, "cifar10", part).images)  # into memory, not only mapped

    def ours_first() -> None:
        (datasets.folder(project, "cifar10") / "meta.json").unlink(missing_ok=True)
        datasets.prepare(project, "cifar10")
        ours()

    def theirs() -> None:
        for train in (True, False):
            Made(str(root), train=train)

    def theirs_first() -> None:
        calculate_md5(str(archive))
        extract_archive(str(archive), str(root))
        theirs()

    return {
        "first": take_turns("CIFAR-10 from its archive", rounds, ours_first, theirs_first),
        "later": take_turns("CIFAR-10 once it is here", rounds, ours, theirs),
    }


# --- the split of ImageNet-LT -------------------------------------------------------------------


def split(root: Path, rounds: int) -> dict[str, Any]:
    """Indices of a long-tailed set out of 115,846 images of 1,000 classes."""
    from ncmc.data import splits

    labels = np.random.default_rng(0).integers(0, 1000, IMAGENET_LT)

    def ours() -> np.ndarray:
        return splits.long_tailed_indices(labels, 0.01)

    def theirs() -> np.ndarray:
        np.random.seed(0)
        picked = []
        for k in range(1000):
            indices = np.where(labels == k)[0]
            np.random.shuffle(indices)
            picked.append(indices[: int(IMAGENET_LT / 1000 * 0.01 ** (k / 999))])
        return np.concatenate(picked)

    assert np.array_equal(ours(), theirs())
    return take_turns(f"split of {IMAGENET_LT:,} images", rounds, ours, theirs)


# --- SVHN ---------------------------------------------------------------------------------------

OURS_SVHN = """
from ncmc.data import datasets, splits
from ncmc.project import Project
project = Project.find()
datasets.prepare(project, "svhn")
train = datasets.load(project, "svhn", "train")
split = splits.make_split(project, "svhn", 0.01)
chosen = train.images[split.indices]
assert len(train) == 604388
"""
THEIRS_SVHN = """
import numpy as np
from torchvision.datasets import SVHN
SVHN._check_integrity = lambda self: True
parts = [SVHN({root!r}, split=name) for name in ("train", "extra")]
images = np.concatenate([part.data for part in parts])
assert len(images) == 604388
"""


def svhn(root: Path, rounds: int) -> dict[str, Any]:
    """Peak memory and time from the three archives to arrays of 604,388 training images."""
    import scipy.io

    from ncmc.data import fetch
    from ncmc.project import Project

    rng = np.random.default_rng(0)
    for part, n in SVHN_PARTS.items():
        some = rng.integers(0, 256, (8, 8, 3, n), dtype=np.uint8)
        labels = (np.arange(n) % 10 + 1)[:, None].astype(np.uint8)
        content = {"X": some.repeat(4, 0).repeat(4, 1), "y": labels}
        scipy.io.savemat(root / f"{part}_32x32.mat", content, do_compression=True)
        del content, some
    names = [f"{part}_32x32.mat" for part in SVHN_PARTS]
    declare(root, "svhn", "svhn", names)
    fetch.fetch(Project(root), "svhn", root)
    found = {
        side: _child(code)
        for side, code in (
            ("ours", OURS_SVHN),
            ("ours again", OURS_SVHN),  # the arrays are there
            ("theirs", THEIRS_SVHN.format(root=str(root))),
        )
    }
    for side, (seconds, peak) in found.items():
        print(f"SVHN train + extra, {side}: {peak / 2**30:.2f} GiB at most, {seconds:.1f} s")
    ratio = found["theirs"][1] / found["ours"][1]
    fits = "within" if found["ours"][1] < 3 * 2**30 else "NOT within"
    print(f"SVHN memory, theirs / ours: {ratio:.2f}; ours {fits} 3 GiB", flush=True)
    return {side: {"seconds": s, "peak_bytes": p} for side, (s, p) in found.items()}


def _child(code: str) -> tuple[float, int]:
    """Seconds and peak memory (bytes) of a Python process (Linux).

    VmHWM, not ru_maxrss: the latter starts from the size of the process that starts this one.
    """
    report = (
        "\nfrom pathlib import Path"
        "\nprint(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return time.perf_counter() - started, int(done.stdout.split()[-1]) * 1024


# --- ImageNet -----------------------------------------------------------------------------------


def imagenet(root: Path, rounds: int) -> dict[str, Any]:
    """Training batches out of JPEG files: random resized crop to 224, mirroring, batches of 64."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, RandomSampler
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    from ncmc.data.image_stream import ImageFiles
    from ncmc.training.batches import Stored

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    names = []
    for i in range(PHOTOS):
        coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize(PHOTO, Image.Resampling.BICUBIC)
        grain = rng.integers(0, 40, (PHOTO[1], PHOTO[0], 3), dtype=np.uint8)
        photo = Image.fromarray((np.asarray(photo) // 2 + grain).astype(np.uint8))
        names.append(f"{i % 8}/{i}.jpg")
        (root / "train" / names[-1]).parent.mkdir(parents=True, exist_ok=True)
        photo.save(root / "train" / names[-1], quality=92)
    size = sum((root / "train" / n).stat().st_size for n in names) / PHOTOS / 1000
    print(f"{PHOTOS} JPEG files of {PHOTO[0]} x {PHOTO[1]} pixels, {size:.0f} kB on average")
    stored = Stored(ImageFiles(root / "train", names, 224), np.arange(PHOTOS), WORKERS)

    def ours() -> None:
        order = np.random.default_rng(1).integers(0, PHOTOS, PICTURES)
        batches = np.split(order, range(BATCH, PICTURES, BATCH))
        for _ in stored.read(batches, batches):  # any numbers will do as seeds of the crops
            pass

    def loader(last: Any) -> Callable[[], None]:
        steps = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), last]
        data = ImageFolder(str(root / "train"), transforms.Compose(steps))

        def theirs() -> None:
            sampler = RandomSampler(data, replacement=True, num_samples=PICTURES)
            for _ in DataLoader(data, BATCH, sampler=sampler, num_workers=WORKERS):
                pass

        return theirs

    what = f"ImageNet stream, {WORKERS} workers, theirs to"
    kinds = {"float": transforms.ToTensor(), "uint8": transforms.PILToTensor()}
    return {
        kind: take_turns(f"{what} {kind}", rounds, ours, loader(last))
        for kind, last in kinds.items()
    }


if __name__ == "__main__":
    main()
