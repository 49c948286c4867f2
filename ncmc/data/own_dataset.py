"""The contract of a dataset: an entry of config/datasets.yaml, its reader, and what was fetched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncmc.data import datasets, dvc_store, fetch, raw, readers, splits
from ncmc.data.array_writer import PARTS
from ncmc.data.datasets import Images
from ncmc.data.tree_summary import listed
from ncmc.errors import Finding, UsageError, UserError, examine, unknown
from ncmc.plan.dataset_entries import FILE, NAME, Dataset, dataset_entries, dataset_entry
from ncmc.plan.recipes import recipes
from ncmc.project import Project

SHOWN = 12  # classes that a line names
TAU = 0.5  # of the split that is drawn
LOOKED_AT = 1000  # images whose pixels are looked at


@dataclass
class Subject:
    """A dataset that is looked at."""

    project: Project
    name: str

    @property
    def entry(self) -> Dataset:
        """Its entry in config/datasets.yaml."""
        return dataset_entry(self.project, self.name)

    @cached_property
    def parts(self) -> list[Images]:
        """Its training and test part."""
        return [datasets.load(self.project, self.name, part) for part in PARTS]


def described(project: Project, name: str) -> list[str]:
    """What was understood of a prepared dataset, a line each: classes with their counts, and the rest.

    Raises UserError if it is not prepared.
    """
    train, test = (datasets.load(project, name, part) for part in PARTS)
    classes = [
        f"{name}: {n:,} + {m:,}"
        for name, n, m in zip(train.class_names, train.counts, test.counts, strict=True)
    ]
    summary = datasets.tree_summary(project, name)
    unequal = splits.unequal_note(train, dataset_entry(project, name).split)
    return [
        f"{len(classes)} classes, {len(train):,} training + {len(test):,} test images: "
        + listed(classes, SHOWN),
        *(summary.notes if summary else ()),
        *([unequal] if unequal else ()),
    ]


def check(project: Project, name: str) -> list[Finding]:
    """What holds of a dataset, and what is wrong with it, check by check.

    Raises UsageError for a name without an entry, with the lines to add.
    """
    known: Mapping[str, Dataset | None]
    try:
        known = dataset_entries(project)
    except UserError:  # another entry may be wrong too: the first check tells
        known = {name: None}
    if name not in known:
        error = unknown("dataset", name, known)
        if not NAME.fullmatch(name):
            raise error
        raise UsageError(
            f"{error} For your own, add an entry to config/datasets.yaml, such as\n"
            + fetch.example_entry(name).rstrip()
        )
    return examine(Subject(project, name), CHECKS, NEEDED, project.config(FILE))


def _has_an_entry(subject: Subject) -> None:
    dataset_entry(subject.project, subject.name)


def _has_a_recipe(subject: Subject) -> None:
    entry, known = subject.entry, recipes(subject.project)
    if entry.recipe not in known:
        raise UserError(
            f"recipe '{entry.recipe}' is not in config/train.yaml; take one of "
            f"{', '.join(sorted(known))}, or add it there."
        )
    mean = known[entry.recipe].values["mean"]
    if len(mean) != entry.channels:
        raise UserError(
            f"recipe '{entry.recipe}' normalises {len(mean)} channels, the images have "
            f"{entry.channels}. Set channels to {len(mean)}, or take another recipe."
        )


def _has_a_reader(subject: Subject) -> None:
    module = readers.load(subject.entry.reader)
    if not callable(getattr(module, "read", None)):
        raise UserError(
            f"ncmc/data/readers/{subject.entry.reader}.py has no function read(folder, entry, sink): "
            "see ncmc/data/readers/__init__.py."
        )


def _has_checksums(subject: Subject) -> None:
    entry = subject.entry
    if not entry.files:
        raise UserError(
            f"no files are named. Add one, such as files: [{{name: {subject.name}.tar}}]"
        )
    unknown = [file.name for file in entry.files if not (file.sha256 or file.md5)]
    if unknown and dvc_store.recorded(subject.project, subject.name) is None:
        raise UserError(
            f"nothing says which bytes {', '.join(unknown)} should hold: give it `sha256`, or run "
            f"`ncmc fetch {subject.name} --from PATH`, which records them in dvc.lock."
        )


def _is_here(subject: Subject) -> None:
    raw.verified(subject.project, subject.name)


def _was_read(subject: Subject) -> None:
    for part in subject.parts:
        assert len(part)


def _arrays_are_as_made(subject: Subject) -> None:
    datasets.verify(subject.project, subject.name)


def _has_the_counts(subject: Subject) -> None:
    entry, (train, test) = subject.entry, subject.parts
    datasets.compare(
        subject.name, entry, {"train": train.counts, "test": test.counts}, (None, None, None)
    )


def _every_class_has_images(subject: Subject) -> None:
    for part in subject.parts:
        names = [name for name, n in zip(part.class_names, part.counts, strict=True) if n == 0]
        if names:
            raise UserError(
                f"{part.part}: class {', '.join(names[:10])} has no images. Add some, or leave the "
                "class out of the archive: its accuracy could not be measured."
            )


def _images_are_images(subject: Subject) -> None:
    entry = subject.entry
    for part in subject.parts:
        chosen = np.linspace(0, len(part) - 1, min(len(part), LOOKED_AT)).astype(int)
        pixels = [np.asarray(part.images[int(i)]) for i in chosen]
        found = {(image.dtype.name, image.shape[-1]) for image in pixels}
        if found != {("uint8", entry.channels)}:
            raise UserError(
                f"{part.part}: images are {sorted(found)} (type, channels); they must be uint8 with "
                f"{entry.channels} channels: mend read() of ncmc/data/readers/{entry.reader}.py."
            )
        if all(np.array_equal(image, pixels[0]) for image in pixels[1:]) and len(pixels) > 1:
            raise UserError(
                f"{part.part}: all {len(pixels)} images looked at are the same: mend read() of "
                f"ncmc/data/readers/{entry.reader}.py."
            )


def _no_image_is_twice(subject: Subject) -> None:
    summary = datasets.tree_summary(subject.project, subject.name)
    if summary and summary.faults:
        raise UserError(
            f"{'; '.join(summary.faults)}. Take them out of one of the two, and fetch it again with "
            "--replace."
        )


def _can_be_split(subject: Subject) -> None:
    if subject.entry.split.imbalance != "given":  # comes long-tailed
        splits.make_split(subject.project, subject.name, TAU, train=subject.parts[0])


CHECKS: dict[str, Callable[[Subject], None]] = {
    "its entry in config/datasets.yaml can be read": _has_an_entry,
    "its recipe is in config/train.yaml and fits its channels": _has_a_recipe,
    "its reader has a function read()": _has_a_reader,
    "every file has a checksum, declared or recorded": _has_checksums,
    "the archives are here, and the right ones": _is_here,
    "they were read": _was_read,
    "the arrays are as they were made": _arrays_are_as_made,
    "classes and images are as many as the entry says": _has_the_counts,
    "every class has training and test images": _every_class_has_images,
    "images are bytes in the declared channels, and differ": _images_are_images,
    "no image is in both parts, or in two classes": _no_image_is_twice,
    f"a long-tailed split can be drawn (tau {TAU:g})": _can_be_split,
}
NEEDED = 6  # the first of them: without these no other makes sense
