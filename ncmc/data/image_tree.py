"""A tree of class folders -> which file is which image: train/CLASS/... and test/CLASS/..., or CLASS/...

Paths alone decide. A tree that can be read in two ways is refused, lest parts become classes.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ncmc.data import image_files
from ncmc.errors import UserError, listed

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
SYSTEM = {  # what operating systems and file servers add, in small letters
    *("__macosx", "thumbs.db", "desktop.ini", "lost+found", "system volume information"),
    *("@eadir", "@recycle", "@recently-snapshot", "@tmp", "#recycle", "#snapshot", "~snapshot"),
    "$recycle.bin",
}

Place = tuple[str, ...]  # the folders and the name of a file, or a folder, from the top that counts


@dataclass(frozen=True)
class ImageTree:
    """Which file is which image: part -> (file, label), in order; and what else the tree holds."""

    class_names: list[str]
    train: list[tuple[PurePosixPath, int]]
    test: list[tuple[PurePosixPath, int]]
    notes: tuple[str, ...]  # sentences


def is_hidden(name: PurePosixPath) -> bool:
    """Whether a file is not meant for readers: .DS_Store, __MACOSX/..., @eaDir/..., Thumbs.db."""
    return any(part.startswith(".") or part.casefold() in SYSTEM for part in name.parts)


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
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def _layout(
    names: list[PurePosixPath], held_out: int | None, folders: Iterable[PurePosixPath]
) -> ImageTree:
    if repeated := [str(n) for n, times in Counter(filter(is_image, names)).items() if times > 1]:
        raise UserError(f"it holds {listed(repeated)} twice. Pack each file once.")
    kinds = Counter(
        "hidden" if is_hidden(name) else image_files.suffix(name.name) or "without a suffix"
        for name in names
        if not is_image(name)
    )
    by_number = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    passed_over = listed([f"{n:,} {kind}" for kind, n in by_number])
    images = {name: _place(name) for name in names if is_image(name)}
    if not images:
        only = f", only {passed_over}" if passed_over else ""
        raise UserError(f"no image files{only}. {EXPECTED}")
    holding = {parent for name in names if not is_hidden(name) for parent in name.parents}
    places = {_place(n) for n in holding.union(folders) if n.parts and not is_hidden(n)}
    images, places = _from_the_parts(images, places)
    inside: dict[str, set[str]] = {}  # top folder that holds images -> the folders in it that do
    for place in sorted(images.values()):
        inside.setdefault(place[0], set()).update(place[1:2] if len(place) > 2 else ())
    divided = any(_role(top) and folders for top, folders in inside.items())
    train, test, left_out = _parts(inside, held_out) if divided else ("", "", [])
    depth = 1 if divided else 0  # of the class folders
    read = {name: place for name, place in images.items() if place[0] not in left_out}
    if loose := [str(name) for name, place in read.items() if len(place) < depth + 2]:
        raise UserError(f"{loose[0]} lies in no class folder. {EXPECTED}")
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
        raise UserError(f"there is one class, {listed([*by_class])}; at least 2 are needed.")
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
        notes=(
            *notes,
            *_notes_of_folders([*read.values()], places, depth),
            *_notes_of_names(by_class),
        ),
    )


def _place(name: PurePosixPath) -> Place:
    """Its parts with composed letters (NFC): macOS writes them decomposed, and they look the same."""
    return tuple(unicodedata.normalize("NFC", part) for part in name.parts)


def _role(folder: str) -> str | None:
    """The part that a folder is called like: `train`, `test` or `val`."""
    return PART_OF.get(folder.casefold())


def _from_the_parts(
    images: dict[PurePosixPath, Place], places: set[Place]
) -> tuple[dict[PurePosixPath, Place], set[Place]]:
    """The same without the folders around all: a top folder that alone holds every image.

    A part without a readable image is refused: it is not what was meant, least of all if another
    would stand in.
    """
    while True:
        tops = {place[0] for place in images.values()}
        roles = {_role(top) for top in tops}
        for top in sorted({place[0] for place in places} - tops):
            role = _role(top)
            if role and not (role == "val" and "test" in roles):
                raise UserError(f"{top} holds no image that can be read. {EXPECTED}")
        if len(tops) > 1 or min(map(len, images.values())) < 3:
            return images, places
        images = {name: place[1:] for name, place in images.items()}
        places = {place[1:] for place in places if place[0] in tops and len(place) > 1}


def _parts(inside: dict[str, set[str]], held_out: int | None) -> tuple[str, str, list[str]]:
    """The top folders that are the training and the test part, and those that are not read."""
    if held_out:
        raise UserError(
            f"it has the parts {listed([*inside])}, so that test_images: {held_out} holds out nothing. "
            "Take it out of reader_options, or the parts out of the tree."
        )
    by_role: dict[str, list[str]] = {}
    for top in inside:
        by_role.setdefault(_role(top) or "", []).append(top)
    trains, tests = by_role.get("train", []), by_role.get("test") or by_role.get("val", [])
    if "" in by_role or not trains or not tests or max(map(len, by_role.values())) > 1:
        raise UserError(
            f"the top folders are {listed([*inside])}. Needed are one training part, one test or "
            f"validation part, and nothing else beside them ({', '.join(PART_OF)})."
        )
    return trains[0], tests[0], [top for top in inside if top not in (trains[0], tests[0])]


def _check_same_classes(inside: dict[str, set[str]], train: str, test: str) -> None:
    sides = [(train, inside[train] - inside[test]), (test, inside[test] - inside[train])]
    if only := [f"only {part} has {listed(sorted(names))}" for part, names in sides if names]:
        only += _notes_of_names(inside[train] | inside[test])
        raise UserError(f"{train} and {test} do not hold the same classes: {'; '.join(only)}.")


def _check_no_parts(inside: dict[str, set[str]]) -> None:
    """Raise UserError where folders that would be classes, or lie in these, may be parts."""
    if len({_role(top) for top in inside} - {None}) > 1:
        parts = [top for top in inside if _role(top)]
        raise UserError(
            f"{listed(parts)} are called like parts, and images lie directly in them, in no class "
            f"folder. {EXPECTED}"
        )
    inner = Counter(folder for folders in inside.values() for folder in folders)
    shared = {folder for folder, n in inner.items() if n > 1}
    roles = {_role(folder) for folder in inner} - {None}
    if len(roles) > 1 or any(f & shared and len(f) > 1 for f in inside.values()):
        raise UserError(
            f"inside {listed([top for top in inside if inside[top]])} lie {listed(sorted(inner))}: "
            "are they parts, classes or neither? Parts lie at the top, beside nothing else "
            f"({', '.join(PART_OF)}), class folders in them, and images directly in these."
        )


def _n_test(by_class: dict[str, list[PurePosixPath]], wanted: int | None) -> int:
    """Images of each class that are for the test: `wanted`, or a fifth of the smallest class."""
    smallest = min(by_class, key=lambda name: len(by_class[name]))
    n_test = wanted or max(1, len(by_class[smallest]) // 5)
    if len(by_class[smallest]) <= n_test:
        raise UserError(
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


def _notes_of_names(class_names: Iterable[str]) -> list[str]:
    """Folders that a reader would take for the same class, such as `Cat` and `cat`."""
    by_letters: dict[str, list[str]] = {}
    for name in sorted(class_names):
        plain = unicodedata.normalize("NFKC", name).casefold()
        letters = [c for c in plain if c not in " _-" and c.isprintable()]
        by_letters.setdefault("".join(letters) or name, []).append(name)
    alike = [names for names in by_letters.values() if len(names) > 1]
    return [f"classes whose names are nearly the same: {listed(names)}" for names in alike[:10]]
