"""Any folder of class folders, as a tar or zip: train/CLASS/... and test/CLASS/..., or CLASS/...

Classes are numbered in the order of their names, images in the order of class and file name.
Without a test part, the last images of each class are held out: `reader_options: {test_images: N}`
of each, by default a fifth of the smallest class. `val` is the test part where there is no `test`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from ncmc.data import archives, image_files
from ncmc.data.array_writer import Sink
from ncmc.errors import UsageError, UserError
from ncmc.plan.dataset_entries import Dataset
from ncmc.system import ordered_threads

FOLDERS = True  # `ncmc fetch --from` may name a folder; it is packed into the entry's file
TRAIN, TEST = ("train",), ("test", "val")
CHUNK = 64  # images handed to a thread at once


@dataclass
class Layout:
    """Which file is which image: part -> (file, label), in order."""

    class_names: list[str]
    train: list[tuple[PurePosixPath, int]] = field(default_factory=list)
    test: list[tuple[PurePosixPath, int]] = field(default_factory=list)


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """All images, scaled to the entry's image_size if it has one, decoded on several threads."""
    path = folder / entry.files[0].name
    names = [member.name for member in archives.members(path)]
    found = layout(names, str(path), _held_out(entry))
    parts = {"train": found.train, "test": found.test}
    place = {n: (part, i) for part, files in parts.items() for i, (n, _) in enumerate(files)}
    labels = {
        part: np.array([label for _, label in files], np.int64) for part, files in parts.items()
    }
    images: dict[str, np.ndarray] = {}

    def decode(chunk: list[tuple[PurePosixPath, bytes]]) -> list[tuple[PurePosixPath, np.ndarray]]:
        size, channels = entry.image_size, entry.channels
        return [(n, image_files.whole(data, f"{n} in {path}", size, channels)) for n, data in chunk]

    for chunk in ordered_threads.in_order(decode, _chunks(path, place), workers=2, ahead=8):
        for name, pixels in chunk:
            if not images:
                images = {p: sink.slots(p, labels[p], pixels.shape) for p in parts}
            part, i = place[name]
            _check_shape(pixels.shape, images[part].shape[1:], name, path)
            images[part][i] = pixels
    sink.class_names = found.class_names


def _held_out(entry: Dataset) -> int | None:
    options = dict(entry.reader_options)
    n = options.pop("test_images", None)
    if options or not (n is None or (isinstance(n, int) and n > 0)):
        raise UsageError(
            f"{entry.title}: reader_options are {dict(entry.reader_options)}; imagefolder knows "
            "test_images, a number of images above 0."
        )
    return n


def _chunks(
    path: Path, place: dict[PurePosixPath, tuple[str, int]]
) -> Iterator[list[tuple[PurePosixPath, bytes]]]:
    chunk: list[tuple[PurePosixPath, bytes]] = []
    for member in archives.members(path):
        if member.name in place:
            chunk.append((member.name, member.read()))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _check_shape(
    found: tuple[int, ...], first: tuple[int, ...], name: PurePosixPath, path: Path
) -> None:
    if found != first or found[0] != found[1]:
        raise UserError(
            f"{path}: {name} is {found[1]} x {found[0]} pixels, the first image {first[1]} x "
            f"{first[0]}; they must be equal and square. Give image_size in config/datasets.yaml: "
            "then each is scaled to it and its middle taken."
        )


def layout(names: Iterable[PurePosixPath], where: str, held_out: int | None = None) -> Layout:
    """Parts, classes and order from the paths of the files in `where`.

    Raises UserError that says what is expected if the paths do not tell.
    """
    files = sorted((n for n in names if _counts(n)), key=str)
    if not files:
        raise UserError(
            f"{where} holds no image files (looked for {', '.join(sorted(image_files.SUFFIXES))})."
        )
    inner = _without_shared_top({name: name.parts for name in files})
    if loose := [str(name) for name, parts in inner.items() if len(parts) < 2]:
        raise UserError(
            f"{where}: {loose[0]} lies in no class folder. Expected CLASS/IMAGE, or "
            "train/CLASS/IMAGE and test/CLASS/IMAGE."
        )
    tops = {parts[0] for parts in inner.values()}
    test = next((top for top in TEST if top in tops), None)
    if tops <= {*TRAIN, *TEST} and "train" in tops and test:
        return _divided(inner, test, where)
    return _undivided(inner, where, held_out)


def _counts(name: PurePosixPath) -> bool:
    hidden = any(p.startswith(".") or p == "__MACOSX" for p in name.parts)
    return not hidden and image_files.is_picture(name.name)


def _without_shared_top(
    paths: dict[PurePosixPath, tuple[str, ...]],
) -> dict[PurePosixPath, tuple[str, ...]]:
    """Without the folders that all files share, such as the archive's own name."""
    while len({parts[0] for parts in paths.values()}) == 1 and all(
        len(parts) > 2 for parts in paths.values()
    ):
        paths = {name: parts[1:] for name, parts in paths.items()}
    return paths


def _divided(inner: dict[PurePosixPath, tuple[str, ...]], test: str, where: str) -> Layout:
    if loose := [str(name) for name, parts in inner.items() if len(parts) < 3]:
        raise UserError(f"{where}: {loose[0]} lies in no class folder.")
    classes = {t: sorted({p[1] for p in inner.values() if p[0] == t}) for t in ("train", test)}
    if classes["train"] != classes[test]:
        odd = sorted(set(classes["train"]) ^ set(classes[test]))
        raise UserError(
            f"{where}: train and {test} do not hold the same classes; only one of them has "
            f"{', '.join(odd[:5])}{', ...' if len(odd) > 5 else ''}."
        )
    found = Layout(classes["train"])
    number = {name: k for k, name in enumerate(found.class_names)}
    by_class = sorted(inner.items(), key=lambda item: (item[1][1], str(item[0])))
    for name, parts in by_class:
        if parts[0] in ("train", test):
            (found.train if parts[0] == "train" else found.test).append((name, number[parts[1]]))
    return found


def _undivided(
    inner: dict[PurePosixPath, tuple[str, ...]], where: str, held_out: int | None
) -> Layout:
    by_class: dict[str, list[PurePosixPath]] = {}
    for name, parts in sorted(inner.items(), key=lambda item: str(item[0])):
        by_class.setdefault(parts[0], []).append(name)
    smallest = min(by_class, key=lambda c: len(by_class[c]))
    n_test = held_out or max(1, len(by_class[smallest]) // 5)
    if len(by_class) < 2 or len(by_class[smallest]) <= n_test:
        raise UserError(
            f"{where} has {len(by_class)} class folders, the smallest ({smallest}) with "
            f"{len(by_class[smallest])} images. At least 2 classes are needed, and in each more "
            f"images than the {n_test} that are held out for the test."
        )
    found = Layout(sorted(by_class))
    for label, class_name in enumerate(found.class_names):
        files = by_class[class_name]
        found.train += [(name, label) for name in files[:-n_test]]
        found.test += [(name, label) for name in files[-n_test:]]
    return found


def pack(folder: Path, target: Path) -> None:
    """A folder of class folders as a tar that depends on names and contents only."""
    names = [name for name, _ in archives.walk(folder)]
    layout(names, str(folder))  # refuse early what could not be read later
    archives.pack(folder, [name for name in names if _counts(name)], target)
