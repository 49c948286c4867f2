"""A tree of class folders -> which file is which image: train/CLASS/... and test/CLASS/..., or CLASS/...

Paths alone decide. A tree that can be read in two ways is refused, lest parts become classes.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ncmc.data import image_files
from ncmc.data.tree_summary import listed
from ncmc.errors import UserError

ROLES = {  # part -> what a top folder may be called, in any capitals
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "valid", "validation", "dev"),
}
PART_OF = {name: role for role, names in ROLES.items() for name in names}
EXPECTED = (
    "Expected: CLASS/IMAGE, or train/CLASS/IMAGE and test/CLASS/IMAGE (see docs/data.md). Archives "
    "inside, arrays and tables of labels are not read: each image is a file in the folder of its class."
)

Place = tuple[str, ...]  # the folders and the name of a file, or a folder, from the top that counts


@dataclass(frozen=True)
class ImageTree:
    """Which file is which image: part -> (file, label), in order; and what else the tree holds."""

    class_names: list[str]
    train: list[tuple[PurePosixPath, int]]
    test: list[tuple[PurePosixPath, int]]
    notes: tuple[str, ...]  # sentences


class _UnclearError(Exception):
    """What a tree holds cannot be told, or can in two ways: the message."""


def is_hidden(name: PurePosixPath) -> bool:
    """Whether a file is not meant for readers: .DS_Store, __MACOSX/..., Thumbs.db."""
    return any(
        part.startswith(".") or part in ("__MACOSX", "Thumbs.db", "desktop.ini")
        for part in name.parts
    )


def is_image(name: PurePosixPath) -> bool:
    """Whether a file is read: an image by its suffix, and not hidden."""
    return not is_hidden(name) and image_files.suffix(name.name) in image_files.SUFFIXES


def layout(
    names: Iterable[PurePosixPath],
    where: str,
    held_out: int | None = None,
    folders: Iterable[PurePosixPath] = (),
) -> ImageTree:
    """Parts, classes and order from the paths of the files (and of the folders) of `where`.

    `held_out`: images of each class for the test, where the tree has no test part.
    Raises UserError, which says what is expected, if the paths do not tell, or tell two things.
    """
    try:
        return _layout(sorted(names, key=str), held_out, folders)
    except _UnclearError as error:
        raise UserError(f"{where}: {error}") from error


def _layout(
    names: list[PurePosixPath], held_out: int | None, folders: Iterable[PurePosixPath]
) -> ImageTree:
    if repeated := [str(n) for n, times in Counter(filter(is_image, names)).items() if times > 1]:
        raise _UnclearError(f"it holds {listed(repeated)} twice. Pack each file once.")
    kinds = Counter(_kind(name) for name in names if not is_image(name))
    by_number = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    passed_over = ", ".join(f"{n:,} {kind}" for kind, n in by_number)
    images, places = _composed(names, folders)
    if not images:
        only = f", only {passed_over}" if passed_over else ""
        raise _UnclearError(f"no image files{only}. {EXPECTED}")
    images, places = _from_the_parts(images, places)
    inside: dict[str, set[str]] = {}  # top folder that holds images -> the folders in it that do
    for place in sorted(images.values()):
        inside.setdefault(place[0], set()).update(place[1:2] if len(place) > 2 else ())
    divided = any(top.casefold() in PART_OF and folders for top, folders in inside.items())
    train, test, left_out = _parts(inside, held_out) if divided else ("", "", [])
    depth = 1 if divided else 0  # of the class folders
    read = {name: place for name, place in images.items() if place[0] not in left_out}
    if loose := [str(name) for name, place in read.items() if len(place) < depth + 2]:
        raise _UnclearError(f"{loose[0]} lies in no class folder. {EXPECTED}")
    by_class: dict[str, list[PurePosixPath]] = {}
    for name, place in read.items():
        by_class.setdefault(place[depth], []).append(name)
    if divided:
        _check_same_classes(inside, train, test)
        tests = {name for name, place in read.items() if place[0] == test}
    else:
        _check_no_parts(inside)
        n_test = _n_test(by_class, held_out)
        tests = {name for names in by_class.values() for name in names[-n_test:]}
        train = "all class folders (there is no test part)"
        test = f"the last {n_test} of each class"
    if len(by_class) < 2:
        raise _UnclearError(f"there is one class, {listed([*by_class])}; at least 2 are needed.")
    notes = [f"training images from {train}; test images from {test}"]
    for top in left_out:
        n_unread = sum(place[0] == top for place in images.values())
        notes.append(f"{top} is not read ({n_unread:,} images): beside a test part it has no use")
    if passed_over:
        notes.append(f"passed over: {passed_over}")
    numbered = [(name, k) for k, label in enumerate(sorted(by_class)) for name in by_class[label]]
    return ImageTree(
        sorted(by_class),
        train=[(name, label) for name, label in numbered if name not in tests],
        test=[(name, label) for name, label in numbered if name in tests],
        notes=(*notes, *_notes_of_folders([*read.values()], places, depth)),
    )


def _kind(name: PurePosixPath) -> str:
    return "hidden" if is_hidden(name) else image_files.suffix(name.name) or "without a suffix"


def _composed(
    names: list[PurePosixPath], folders: Iterable[PurePosixPath]
) -> tuple[dict[PurePosixPath, Place], set[Place]]:
    """Images, and the folders that are named or hold anything visible.

    Names of folders are composed (NFC): macOS writes them decomposed, and they look the same.
    """
    spellings: dict[Place, Place] = {}

    def composed(parts: Place) -> Place:
        result = tuple(unicodedata.normalize("NFC", part) for part in parts)
        for depth in range(1, len(parts) + 1):
            if spellings.setdefault(result[:depth], parts[:depth]) != parts[:depth]:
                raise _UnclearError(
                    f"{'/'.join(result[:depth])} is there twice, once with composed and once with "
                    "decomposed letters, which look the same. Merge them."
                )
        return result

    images, places = {}, {composed(n.parts) for n in folders if n.parts and not is_hidden(n)}
    for name in names:
        if not is_hidden(name):
            folder = composed(name.parts[:-1])
            places |= {folder[:depth] for depth in range(1, len(folder) + 1)}
            if is_image(name):
                images[name] = (*folder, name.name)
    return images, places


def _from_the_parts(
    images: dict[PurePosixPath, Place], places: set[Place]
) -> tuple[dict[PurePosixPath, Place], set[Place]]:
    """The same without the folders around all: a top folder that alone holds every image.

    A part without a readable image is refused: it is not what was meant, least of all if another
    would stand in.
    """
    while True:
        tops = {place[0] for place in images.values()}
        roles = {PART_OF.get(top.casefold()) for top in tops}
        for top in sorted({place[0] for place in places} - tops):
            role = PART_OF.get(top.casefold())
            if role and not (role == "val" and "test" in roles):
                raise _UnclearError(f"{top} holds no image that can be read. {EXPECTED}")
        if len(tops) > 1 or min(map(len, images.values())) < 3:
            return images, places
        images = {name: place[1:] for name, place in images.items()}
        places = {place[1:] for place in places if place[0] in tops and len(place) > 1}


def _parts(inside: dict[str, set[str]], held_out: int | None) -> tuple[str, str, list[str]]:
    """The top folders that are the training and the test part, and those that are not read."""
    if held_out:
        raise _UnclearError(
            f"it has the parts {listed([*inside])}, so that test_images: {held_out} holds out nothing. "
            "Take it out of reader_options, or the parts out of the tree."
        )
    by_role: dict[str, list[str]] = {}
    for top in inside:
        by_role.setdefault(PART_OF.get(top.casefold(), ""), []).append(top)
    if strangers := by_role.pop("", []):
        raise _UnclearError(
            f"{listed(strangers)} beside {listed([t for tops in by_role.values() for t in tops])}: "
            f"beside parts only parts may lie ({', '.join(PART_OF)}). Move it elsewhere, or rename it."
        )
    for role, tops in by_role.items():
        if len(tops) > 1:
            raise _UnclearError(
                f"{' and '.join(tops)} are both the {role} part. Merge or remove one."
            )
    tests = by_role.get("test") or by_role.get("val")
    if "train" not in by_role or not tests:
        raise _UnclearError(f"there is only {listed([*inside])}; needed are train and test.")
    [train], [test] = by_role["train"], tests
    return train, test, [top for top in inside if top not in (train, test)]


def _check_same_classes(inside: dict[str, set[str]], train: str, test: str) -> None:
    sides = [(train, inside[train] - inside[test]), (test, inside[test] - inside[train])]
    if only := [f"only {part} has {listed(sorted(names))}" for part, names in sides if names]:
        alike = _alike(inside[train] | inside[test])
        raise _UnclearError(
            f"{train} and {test} do not hold the same classes: {'; '.join(only)}."
            f"{f' Nearly the same name: {listed(alike[0])}.' if alike else ''}"
        )


def _check_no_parts(inside: dict[str, set[str]]) -> None:
    """Raise _UnclearError where folders inside those that would be classes may be parts or classes."""
    part_names = {f for folders in inside.values() for f in folders if f.casefold() in PART_OF}
    if len({PART_OF[folder.casefold()] for folder in part_names}) > 1:
        holding = listed([top for top in inside if inside[top] & part_names])
        raise _UnclearError(
            f"inside {holding} lie {listed(sorted(part_names))}, which are names of parts. Parts belong "
            "at the top, with the classes in them; if one folder holds the parts, give it alone."
        )
    shared = Counter(folder for folders in inside.values() for folder in folders)
    for folder in [folder for folder, n in shared.items() if n > 1]:
        sharing = [top for top in inside if folder in inside[top]]
        if any(len(inside[top]) > 1 for top in sharing):
            raise _UnclearError(
                f"{listed(sharing)} hold the same folders ({listed(sorted(inside[sharing[0]]), 3)}). "
                f"If they are parts, call them train and test (known: {', '.join(PART_OF)}); if they "
                "are classes, put their images directly into them."
            )


def _n_test(by_class: dict[str, list[PurePosixPath]], wanted: int | None) -> int:
    """Images of each class that are for the test: `wanted`, or a fifth of the smallest class."""
    smallest = min(by_class, key=lambda name: len(by_class[name]))
    n_test = wanted or max(1, len(by_class[smallest]) // 5)
    if len(by_class[smallest]) <= n_test:
        raise _UnclearError(
            f"the smallest class ({smallest}) has {len(by_class[smallest])} images. In each class "
            f"there must be more than the {n_test} that are held out for the test."
        )
    return n_test


def _notes_of_folders(read: list[Place], places: set[Place], depth: int) -> Iterator[str]:
    """What is odd of the folders that are classes, `depth` folders below the top, or might be."""
    classes = {place[: depth + 1] for place in read}
    above = {place[:depth] for place in read}
    beside = {place for place in places if len(place) == depth + 1 and place[:depth] in above}
    below = {place[: depth + 2] for place in read if len(place) > depth + 2}
    if empty := sorted("/".join(place) for place in beside - classes):
        yield f"folders without an image: {listed(empty)}"
    if inner := sorted("/".join(place) for place in below):
        yield f"folders inside class folders are no classes: {listed(inner)}"
    for names in _alike({place[depth] for place in read}):
        yield f"classes whose names are nearly the same: {listed(names)}"


def _alike(class_names: Iterable[str]) -> list[list[str]]:
    """Names that differ in capitals, spaces, _ or - only."""
    by_letters: dict[str, list[str]] = {}
    for name in sorted(class_names):
        by_letters.setdefault(re.sub(r"[\s_-]", "", name.casefold()) or name, []).append(name)
    return [names for names in by_letters.values() if len(names) > 1]
