"""The contract of a dataset: an entry of config/datasets.yaml, its reader, and what was fetched."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncmc.data import datasets, dvc_store, fetch, raw, splits
from ncmc.data.array_writer import PARTS
from ncmc.data.datasets import Images
from ncmc.data.tree_summary import listed
from ncmc.errors import Finding, UserError, examine, unknown
from ncmc.plan.dataset_entries import FILE, Dataset, dataset_entries, dataset_entry
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
    counts = zip(train.class_names, train.counts, test.counts, strict=True)
    classes = listed([f"{class_name}: {n:,} + {m:,}" for class_name, n, m in counts], SHOWN)
    summary = datasets.tree_summary(project, name)
    lines = [
        f"{len(train.counts)} classes, {len(train):,} training + {len(test):,} test images: {classes}",
        *(summary.lines if summary else ()),
    ]
    if unequal := splits.unequal_note(train, dataset_entry(project, name).split):
        lines.append(unequal)
    if summary and min(test.counts) < (1 - splits.ROUNDING) * max(test.counts):
        lines.append(
            f"unequal classes in the test part ({min(test.counts):,} to {max(test.counts):,} images): "
            "accuracy is the share of all test images, so that it says most of the largest classes"
        )
    return lines


def check(project: Project, name: str) -> list[Finding]:
    """What holds of a dataset, and what is wrong with it, check by check.

    Raises UsageError for a name without an entry, with the lines to add.
    """
    try:
        known = name in dataset_entries(project)
    except UserError:  # another entry may be wrong: the first check tells
        known = True
    if not known:
        fetch.declared_entry(project, name)
    return examine(Subject(project, name), CHECKS, NEEDED, project.config(FILE))


def _has_an_entry(subject: Subject) -> None:
    fetch.declared_entry(subject.project, subject.name)


def _has_a_recipe(subject: Subject) -> None:
    entry, known = subject.entry, recipes(subject.project)
    if entry.recipe not in known:
        raise unknown("recipe (of config/train.yaml)", entry.recipe, known)
    mean = known[entry.recipe].values["mean"]
    if len(mean) != entry.channels:
        raise UserError(
            f"recipe '{entry.recipe}' normalises {len(mean)} channels, the images have "
            f"{entry.channels}. Set channels to {len(mean)}, or take another recipe."
        )


def _has_checksums(subject: Subject) -> None:
    entry = subject.entry
    unchecked = [file.name for file in entry.files if not (file.sha256 or file.md5)]
    if unchecked and dvc_store.recorded(subject.project, subject.name) is None:
        raise UserError(
            f"nothing says which bytes {', '.join(unchecked)} should hold: give it `sha256`, or run "
            f"`ncmc fetch {subject.name} --from PATH`, which records them in dvc.lock."
        )


def _is_here(subject: Subject) -> None:
    raw.verified(subject.project, subject.name)


def _can_be_read(subject: Subject) -> None:
    datasets.prepare(subject.project, subject.name)  # names every image that cannot be read
    assert all(map(len, subject.parts))


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


def _images_differ(subject: Subject) -> None:
    for part in subject.parts:
        chosen = np.linspace(0, len(part) - 1, min(len(part), LOOKED_AT)).astype(int)
        first, *others = [np.asarray(part.images[int(i)]) for i in chosen]
        if others and all(np.array_equal(image, first) for image in others):
            raise UserError(
                f"{part.part}: all {len(chosen)} images looked at are the same: mend read() of "
                f"ncmc/data/readers/{subject.entry.reader}.py."
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
    "its entry in config/datasets.yaml can be read, and names files and a reader": _has_an_entry,
    "its recipe is in config/train.yaml and fits its channels": _has_a_recipe,
    "every file has a checksum, declared or recorded": _has_checksums,
    "the archives are here, and the right ones": _is_here,
    "they can be read": _can_be_read,
    "the arrays are as they were made": _arrays_are_as_made,
    "classes and images are as many as the entry says": _has_the_counts,
    "every class has training and test images": _every_class_has_images,
    "images differ": _images_differ,
    "no image is in both parts, or in two classes": _no_image_is_twice,
    f"a long-tailed split can be drawn (tau {TAU:g})": _can_be_split,
}
NEEDED = 5  # the first of them: without these no other makes sense
