"""ImageNet-LT: public lists of images (Liu et al. 2019) and the user's own ImageNet folder.

Nothing is copied: the images are decoded when they are used (`ncmc.data.image_stream`). Lines of a
list are `train/n01440764/n01440764_190.JPEG 0`, paths below the ImageNet folder.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np

from ncmc.data.array_writer import Sink
from ncmc.data.image_stream import ImageFiles
from ncmc.errors import UserError, listed
from ncmc.plan.dataset_entries import Dataset
from ncmc.system import documents, files

STREAMED = True
INSIDE = ("", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "imagenet")  # where `train` may lie


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """Labels and paths. Raises UserError with every image that is missing."""
    root = image_folder(folder)
    missing: list[str] = []
    names: dict[int, str] = {}
    for file in entry.files:
        part = "test" if file.name.endswith("_test.txt") else "train"
        paths, labels = parse(folder / file.name)
        places, absent = locate(paths, root)
        missing += absent
        sink.add(part, None, labels)
        sink.lines(f"{part}_paths.txt", places)
        names.update({k: Path(p).parent.name for p, k in zip(paths, labels, strict=True)})
    if missing:
        report = link(folder).with_suffix(".missing.txt")
        files.write_atomic(report, "\n".join(missing) + "\n")
        raise UserError(
            f"{folder.name}: {len(missing):,} images are missing in {root}: {listed(missing)}. All of "
            f"them: {report}. Complete the folder and run the same command again."
        )
    sink.class_names = [names.get(k, str(k)) for k in range(max(names) + 1)]


def images(arrays: Path, entry: Dataset, part: str) -> ImageFiles:
    """The images of a part, read from their files when indexed."""
    paths = documents.read_text(arrays / f"{part}_paths.txt").splitlines()
    return ImageFiles(image_folder(arrays), paths, entry.image_size or 224)


def link(beside: Path) -> Path:
    """data/images/NAME: a link to the folder that holds the images of data/raw/NAME."""
    return beside.parents[1] / "images" / beside.name


def image_folder(beside: Path) -> Path:
    """The folder that the paths of the lists start from. Raises UserError if it is not known.

    `beside`: data/raw/NAME or data/arrays/NAME.
    """
    place, name = link(beside), beside.name
    for inside in INSIDE:
        if (place / inside / "train").is_dir():
            return place / inside
    state = "holds no folder 'train'" if place.exists() else "is missing"
    raise UserError(
        f"{name} needs your own copy of ImageNet: {place} {state}. "
        f"Run `ncmc fetch {name} --from FOLDER`, the folder that holds train and val."
    )


def parse(path: Path) -> tuple[list[str], np.ndarray]:
    """Paths and labels of a list."""
    lines = [line.rpartition(" ") for line in documents.read_text(path).splitlines()]
    return [name for name, _, _ in lines], np.array([int(label) for _, _, label in lines])


def locate(paths: list[str], root: Path) -> tuple[list[str], list[str]]:
    """Where each image lies below `root`, and those that are missing.

    A validation image may lie in its class folder or, as released, directly in `val`.
    """

    @cache
    def names(folder: str) -> set[str]:
        try:
            return set(os.listdir(root / folder))
        except OSError:
            return set()

    places, missing = [], []
    for path in paths:
        part, folder, file = path.partition("/")[0], *path.rpartition("/")[::2]
        if file in names(folder):
            places.append(path)
        elif file in names(part):
            places.append(f"{part}/{file}")
        else:
            missing.append(path)
    return places, missing
