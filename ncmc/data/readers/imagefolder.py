"""Any tree of class folders, as a tar or zip: `ncmc.data.image_tree` says which file is which image.

Classes are numbered in the order of their names, images in the order of class and file name.
Without a test part, the last images of each class are held out: `reader_options: {test_images: N}`
of each, by default a fifth of the smallest class.
"""

import hashlib
from collections import Counter
from itertools import islice
from pathlib import Path, PurePosixPath

import numpy as np

from ncmc.data import archives, image_files, image_tree
from ncmc.data.array_writer import Sink, TreeSummary
from ncmc.data.image_tree import ImageTree
from ncmc.data.raw import Say
from ncmc.errors import UsageError, UserError, listed
from ncmc.plan.dataset_entries import Dataset
from ncmc.system import ordered_threads

CHUNK = 64  # images handed to a thread at once
SHOWN = 5  # reasons why images cannot be read, in an error
FLAT = 16  # grey levels: an image of a smaller range looks like one colour

# file, (H, W, C) uint8, what is odd of it; None for pixels that cannot be read, and why
Decoded = tuple[PurePosixPath, np.ndarray | None, list[str]]


def read(folder: Path, entry: Dataset, sink: Sink) -> None:
    """All images, scaled to the entry's image_size if it has one, decoded on several threads.

    Raises UserError that names the images which cannot be read.
    """
    path = folder / entry.files[0].name
    layout = examine(path, entry)
    parts = {"train": layout.train, "test": layout.test}
    place = {n: (part, i) for part, files in parts.items() for i, (n, _) in enumerate(files)}
    labels = {
        part: np.array([label for _, label in files], np.int64) for part, files in parts.items()
    }
    images: dict[str, np.ndarray] = {}
    odd: Counter[str] = Counter()
    unreadable: dict[str, list[str]] = {}  # reason -> images

    def decode(chunk: list[tuple[PurePosixPath, bytes]]) -> list[Decoded]:
        return [_decoded(name, data, entry) for name, data in chunk]

    contents = ((m.name, m.read()) for m in archives.members(path) if m.name in place)
    chunks = iter(lambda: list(islice(contents, CHUNK)), [])
    for chunk in ordered_threads.in_order(decode, chunks, workers=2, ahead=8):
        for name, pixels, remarks in chunk:
            if pixels is None:
                unreadable.setdefault(remarks[0], []).append(str(name))
                continue
            if not images:
                images = {p: sink.slots(p, labels[p], pixels.shape) for p in parts}
            part, i = place[name]
            _check_shape(pixels.shape, images[part].shape[1:], name, path)
            images[part][i] = pixels
            odd.update(remarks)
    if unreadable:
        reasons = [f"{listed(names)} in {path} {why}" for why, names in unreadable.items()]
        again = f"Once mended: `ncmc fetch {folder.name} --from PATH --replace`."
        raise UserError(" ".join([*reasons[:SHOWN], again]))
    sink.class_names = layout.class_names
    repeats, faults = equal_images(layout, images)
    losses = [f"images {what}: {n:,}" for what, n in odd.items()]
    sink.summary = TreeSummary(notes=(*layout.notes, *losses, *repeats), faults=tuple(faults))


def examine(path: Path, entry: Dataset) -> ImageTree:
    """What a tree holds, by its names alone. `path`: a tar, a zip or a folder.

    Raises UserError or UsageError where it cannot be read, or not in one way alone.
    """
    names, folders = archives.walk(path) if path.is_dir() else ([], set())
    for member in () if path.is_dir() else archives.members(path):
        if member.file:
            names.append(member.name)
        else:
            folders.add(member.name)
    return image_tree.layout(names, str(path), _held_out(entry), folders)


def pack(folder: Path, target: Path, say: Say) -> None:
    """A tree as a tar that depends on names and contents only; what is no image, by its name alone.

    Hidden files are left out, as each machine has others, and `say` is told how many.
    """
    names, folders = archives.walk(folder)
    if n_hidden := sum(map(image_tree.is_hidden, names)):
        say(f"{folder}: passed over: {n_hidden:,} hidden")
    empty = folders.difference(parent for name in names for parent in name.parents)
    visible = [name for name in (*names, *empty) if not image_tree.is_hidden(name)]
    archives.pack(folder, visible, target, image_tree.is_image)


def _held_out(entry: Dataset) -> int | None:
    options = dict(entry.reader_options)
    n = options.pop("test_images", None)
    if options or not (n is None or (isinstance(n, int) and n > 0)):
        raise UsageError(
            f"{entry.title}: reader_options are {dict(entry.reader_options)}; imagefolder knows "
            "test_images, a number of images above 0."
        )
    return n


def _decoded(name: PurePosixPath, data: bytes, entry: Dataset) -> Decoded:
    try:
        image = image_files.open_image(data, "")
        odd = image_files.oddities(image, "", entry.image_size)
        pixels = image_files.whole(image, "", entry.image_size, entry.channels)
    except UserError as error:
        return name, None, [str(error).strip()]
    if int(pixels.max()) - int(pixels.min()) < FLAT:
        odd.append(f"of nearly one colour (pixels within {FLAT} of 256 levels)")
    return name, pixels, odd


def _check_shape(
    shape: tuple[int, ...], first: tuple[int, ...], name: PurePosixPath, path: Path
) -> None:
    if shape != first or shape[0] != shape[1]:
        raise UserError(
            f"{path}: {name} is {shape[1]} x {shape[0]} pixels, the first image {first[1]} x "
            f"{first[0]}; they must be equal and square. Give image_size in config/datasets.yaml: "
            "then each is scaled to it and its middle taken."
        )


def equal_images(layout: ImageTree, images: dict[str, np.ndarray]) -> tuple[list[str], list[str]]:
    """Notes and faults of images with the same pixels: in a part, in both, under two labels.

    `images`: part -> (n, H, W, C) uint8, in the order of `layout`.
    """
    groups: dict[bytes, list[tuple[str, str, int]]] = {}
    for part, files in (("train", layout.train), ("test", layout.test)):
        for pixels, (name, label) in zip(images[part], files, strict=True):
            key = hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()
            groups.setdefault(key, []).append((part, str(name), label))
    n_repeats, n_wrong, examples = 0, Counter[str](), dict[str, str]()
    for group in groups.values():
        n_repeats += len(group) - len({(part, label) for part, _, label in group})
        n_test = sum(part == "test" for part, _, _ in group)
        for fault, n, side in (
            ("test images that are training images too, pixel by pixel", n_test, 0),
            ("images with the pixels of one in another class", len(group), 2),
        ):
            if others := [item[1] for item in group if item[side] != group[0][side]]:
                n_wrong[fault] += n
                examples.setdefault(fault, f"{group[0][1]} = {others[0]}")
    notes = [f"images that repeat another of their part and class: {n_repeats:,}"]
    faults = [f"{fault}: {n:,} (such as {examples[fault]})" for fault, n in n_wrong.items()]
    return notes if n_repeats else [], faults
