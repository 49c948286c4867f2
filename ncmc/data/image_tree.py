"""A tree of class folders -> which file is which image: train/CLASS/... and test/CLASS/..., or CLASS/...

Paths alone decide. A tree that can be read in two ways is refused, lest parts become classes.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from ncmc.data import image_files
from ncmc.data.tree_summary import TreeSummary, listed
from ncmc.errors import UserError

PARTS = {  # what a top folder may be called, in any capitals -> its part
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
}
EXPECTED = "Expected: CLASS/IMAGE, or train/CLASS/IMAGE and test/CLASS/IMAGE (see docs/data.md)."
HINTS = {  # suffixes of what others keep images or labels in -> what to do
    ".zip .tar .gz .tgz .7z .rar .bz2 .xz .zst": "Archives inside are not opened: unpack them first.",
    ".npy .npz .mat .h5 .hdf5 .pkl .parquet .arrow .tfrecord .bin .pt": (
        "Arrays are not read: save each image as a PNG in the folder of its class."
    ),
    ".csv .tsv .json .jsonl .xml .yaml .txt .xlsx": (
        "Labels in a file are not read: put each image into the folder of its class."
    ),
}

Parts = dict[
    PurePosixPath, tuple[str, ...]
]  # file -> its folders and name, from the first that counts


@dataclass
class Layout:
    """Which file is which image: part -> (file, label), in order; and what else the tree holds."""

    class_names: list[str]
    summary: TreeSummary
    train: list[tuple[PurePosixPath, int]] = field(default_factory=list)
    test: list[tuple[PurePosixPath, int]] = field(default_factory=list)


@dataclass
class _Tree:
    """The files of a tree, told apart."""

    where: str
    images: Parts
    others: Parts  # neither images nor hidden
    folders: set[tuple[str, ...]]  # that are named, or hold anything but hidden files

    def without_top(self) -> "_Tree":
        """The tree below its only top folder that holds images."""
        top = next(iter(self.images.values()))[0]
        images, others = (
            {n: p[1:] for n, p in kind.items() if p[0] == top}
            for kind in (self.images, self.others)
        )
        folders = {f[1:] for f in self.folders if f[0] == top and len(f) > 1}
        return _Tree(self.where, images, others, folders)

    @cached_property
    def inside(self) -> dict[str, set[str]]:
        """Top folder that holds images -> the folders in it that do, sorted by name."""
        found: dict[str, set[str]] = {}
        for parts in self.images.values():
            found.setdefault(parts[0], set()).update(parts[1:2] if len(parts) > 2 else ())
        return dict(sorted(found.items()))

    @property
    def tops(self) -> list[str]:
        """Its top folders that hold images, sorted."""
        return list(self.inside)

    def refuse(self, what: str) -> UserError:
        return UserError(f"{self.where}: {what}")


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
) -> Layout:
    """Parts, classes and order from the paths of the files (and of the folders) of `where`.

    `held_out`: images of each class for the test, where the tree has no test part.
    Raises UserError, which says what is expected, if the paths do not tell, or tell two things.
    """
    files = sorted(set(names), key=str)
    passed_over = Counter(_kind(name) for name in files if not is_image(name))
    tree = _tree(files, folders, where)
    if not tree.images:
        raise tree.refuse(f"no image files{_instead(passed_over)}. {_hint(passed_over)}{EXPECTED}")
    while len(tree.tops) == 1 and all(len(parts) > 2 for parts in tree.images.values()):
        _refuse_empty_parts(tree)
        tree = tree.without_top()
    _refuse_empty_parts(tree)
    if loose := [str(name) for name, parts in tree.images.items() if len(parts) < 2]:
        raise tree.refuse(f"{loose[0]} lies in no class folder. {_hint(passed_over)}{EXPECTED}")
    parts = [top for top in tree.tops if top.casefold() in PARTS and tree.inside[top]]
    if parts and held_out:
        raise tree.refuse(
            f"it has the parts {listed(parts)}, so that test_images: {held_out} holds out nothing. "
            "Take it out of reader_options, or the parts out of the tree."
        )
    found = _divided(tree, passed_over) if parts else _undivided(tree, held_out)
    by_capitals: dict[str, list[str]] = {}
    for name in found.class_names:
        by_capitals.setdefault(name.casefold(), []).append(name)
    alike = tuple(tuple(names) for names in by_capitals.values() if len(names) > 1)
    known = {
        "passed_over": dict(sorted(passed_over.items(), key=lambda kind: (-kind[1], kind[0]))),
        "alike": alike,
    }
    found.summary = found.summary.model_copy(update=known)
    return found


def _kind(name: PurePosixPath) -> str:
    return "hidden" if is_hidden(name) else image_files.suffix(name.name) or "without a suffix"


def _tree(files: list[PurePosixPath], folders: Iterable[PurePosixPath], where: str) -> _Tree:
    """Names of folders composed (NFC): macOS writes them decomposed, and they look the same."""
    spellings: dict[tuple[str, ...], tuple[str, ...]] = {}

    def composed(parts: tuple[str, ...]) -> tuple[str, ...]:
        result = tuple(unicodedata.normalize("NFC", part) for part in parts)
        for depth in range(1, len(parts) + 1):
            if spellings.setdefault(result[:depth], parts[:depth]) != parts[:depth]:
                raise UserError(
                    f"{where}: {'/'.join(result[:depth])} is there twice, once with composed and once "
                    "with decomposed letters, which look the same. Merge them."
                )
        return result

    seen = [name for name in files if not is_hidden(name)]
    placed = {name: (*composed(name.parts[:-1]), name.name) for name in seen}
    known = {composed(name.parts) for name in folders if name.parts and not is_hidden(name)}
    for parts in placed.values():
        known |= {parts[:depth] for depth in range(1, len(parts))}
    images = {name: parts for name, parts in placed.items() if is_image(name)}
    return _Tree(where, images, {n: p for n, p in placed.items() if n not in images}, known)


def _instead(passed_over: Counter[str]) -> str:
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in passed_over.most_common(5))
    return f", only {kinds}" if kinds else ""


def _hint(passed_over: Counter[str]) -> str:
    for suffixes, hint in HINTS.items():
        if set(suffixes.split()) & set(passed_over):
            return f"{hint} "
    return ""


def _refuse_empty_parts(tree: _Tree) -> None:
    """A part without a readable image is not what was meant, least of all if another stands in."""
    tops = tree.tops
    roles = {PARTS.get(top.casefold()) for top in tops}
    for top in sorted({folder[0] for folder in tree.folders} - set(tops)):
        role = PARTS.get(top.casefold())
        if role and not (role == "val" and "test" in roles):
            found = Counter(_kind(n) for n, parts in tree.others.items() if parts[0] == top)
            raise tree.refuse(f"{top} holds no image that can be read{_instead(found)}.")


def _divided(tree: _Tree, passed_over: Counter[str]) -> Layout:
    by_role: dict[str, list[str]] = {}
    for top in tree.tops:
        by_role.setdefault(PARTS.get(top.casefold(), ""), []).append(top)
    if strangers := by_role.get(""):
        parts = [top for role, tops in by_role.items() if role for top in tops]
        raise tree.refuse(
            f"{listed(strangers)} beside {listed(parts)}: beside parts only parts may lie ("
            f"{', '.join(PARTS)}). Move it elsewhere, or rename it."
        )
    for role, tops in by_role.items():
        if len(tops) > 1:
            raise tree.refuse(
                f"{' and '.join(tops)} are both the {role} part. Merge or remove one."
            )
    tests = by_role.get("test") or by_role.get("val")
    if "train" not in by_role or not tests:
        raise tree.refuse(f"there is only {listed(tree.tops)}; needed are train and test.")
    [train], [test] = by_role["train"], tests
    left_out = [top for top in tree.tops if top not in (train, test)]
    if loose := [str(n) for n, p in tree.images.items() if len(p) < 3 and p[0] not in left_out]:
        raise tree.refuse(f"{loose[0]} lies in no class folder. {_hint(passed_over)}{EXPECTED}")
    classes = tree.inside[train]
    _check_same_classes(tree, train, test)
    if len(classes) < 2:
        raise tree.refuse(f"there is one class, {listed([*classes])}; at least 2 are needed.")
    summary = TreeSummary(
        train=train,
        test=test,
        left_out={top: sum(p[0] == top for p in tree.images.values()) for top in left_out},
        empty=_without_images(tree, {(top, name) for top in (train, test) for name in classes}, 2),
    )
    found = Layout(sorted(classes), summary)
    number = {name: k for k, name in enumerate(found.class_names)}
    for name, (top, class_name, *_) in sorted(
        tree.images.items(), key=lambda item: (item[1][1], str(item[0]))
    ):
        if top not in left_out:
            (found.train if top == train else found.test).append((name, number[class_name]))
    return found


def _check_same_classes(tree: _Tree, train: str, test: str) -> None:
    one, other = tree.inside[train], tree.inside[test]
    only = [sorted(one - other), sorted(other - one)]
    if not any(only):
        return
    capitals = {name.casefold() for name in only[0]} & {name.casefold() for name in only[1]}
    why = " Some differ in capitals only." if capitals else ""
    sides = [
        f"only {part} has {listed(names)}"
        for part, names in zip((train, test), only, strict=True)
        if names
    ]
    raise tree.refuse(f"{train} and {test} do not hold the same classes: {'; '.join(sides)}.{why}")


def _undivided(tree: _Tree, held_out: int | None) -> Layout:
    tops = tree.tops
    inside = tree.inside
    for top, folders in inside.items():
        if {"train", "test"} <= {PARTS.get(folder.casefold()) for folder in folders}:
            raise tree.refuse(
                f"{top} holds {listed(sorted(folders), 3)}, and "
                f"{listed([other for other in tops if other != top], 3)} lies beside it. Give the "
                f"folder {top} alone if those are its parts."
            )
    shared = Counter(folder for folders in inside.values() for folder in folders)
    for folder in [folder for folder, n in shared.items() if n > 1]:
        sharing = [top for top in tops if folder in inside[top]]
        if any(len(inside[top]) > 1 for top in sharing):
            raise tree.refuse(
                f"{listed(sharing)} hold the same folders ({listed(sorted(inside[sharing[0]]), 3)}). "
                f"If they are parts, call them train and test (known: {', '.join(PARTS)}); if they "
                "are classes, put their images directly into them."
            )
    by_class: dict[str, list[PurePosixPath]] = {}
    for name, parts in sorted(tree.images.items(), key=lambda item: str(item[0])):
        by_class.setdefault(parts[0], []).append(name)
    smallest = min(by_class, key=lambda c: len(by_class[c]))
    n_test = held_out or max(1, len(by_class[smallest]) // 5)
    if len(by_class) < 2 or len(by_class[smallest]) <= n_test:
        raise tree.refuse(
            f"{len(by_class)} class folders, the smallest ({smallest}) with "
            f"{len(by_class[smallest])} images. At least 2 classes are needed, and in each more "
            f"images than the {n_test} that are held out for the test."
        )
    summary = TreeSummary(
        train="all class folders (there is no test part)",
        test=f"the last {n_test} of each class",
        empty=_without_images(tree, {(top,) for top in tops}, 1),
    )
    found = Layout(sorted(by_class), summary)
    for label, class_name in enumerate(found.class_names):
        names = by_class[class_name]
        found.train += [(name, label) for name in names[:-n_test]]
        found.test += [(name, label) for name in names[-n_test:]]
    return found


def _without_images(tree: _Tree, known: set[tuple[str, ...]], depth: int) -> tuple[str, ...]:
    """Folders where a class could be that hold no image."""
    tops = {folder[0] for folder in known}
    beside = {f for f in tree.folders if len(f) == depth and (depth == 1 or f[0] in tops)}
    return tuple(sorted("/".join(folder) for folder in beside - known))
