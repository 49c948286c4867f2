"""The contract of a dataset: an entry of config/datasets.yaml, its reader, and what was fetched."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ncmc.data import datasets, fetch, splits
from ncmc.data.array_writer import PARTS
from ncmc.data.datasets import Images
from ncmc.errors import CheckResult, UserError, examine, listed, unknown
from ncmc.plan.dataset_entries import FILE, dataset_entries, dataset_entry
from ncmc.plan.recipes import recipes
from ncmc.project import Project

SHOWN = 12  # classes that a line names
LOOKED_AT = 1000  # images whose pixels are looked at


def described(project: Project, name: str) -> list[str]:
    """What was understood of a prepared dataset, a line each: classes with their counts, and the rest.

    Raises UserError if it is not prepared.
    """
    train, test = _parts(project, name)
    counts = zip(train.class_names, train.counts, test.counts, strict=True)
    classes = listed([f"{class_name}: {n:,} + {m:,}" for class_name, n, m in counts], SHOWN)
    options = dataset_entry(project, name).split
    lines = [
        f"{len(train.counts)} classes, {len(train):,} training + {len(test):,} test images: {classes}",
        *train.summary.notes,
        *train.summary.faults,
    ]
    if options.imbalance != "given" and options.n_max_rule == "mean":
        lines += _unequal(
            train, "a split may not be of its tau; its option n_max_rule=common avoids that"
        )
    return lines + _unequal(
        test, "accuracy is of all test images, so mostly of the largest classes"
    )


def _parts(project: Project, name: str) -> list[Images]:
    return [datasets.load(project, name, part) for part in PARTS]


def _unequal(images: Images, consequence: str) -> list[str]:
    smallest, largest = min(images.counts), max(images.counts)
    if smallest >= (1 - splits.ROUNDING) * len(images) / len(images.counts):
        return []
    part = {"train": "training"}.get(images.part, images.part)
    return [f"unequal classes ({smallest:,} to {largest:,} {part} images): {consequence}"]


def check(project: Project, name: str) -> list[CheckResult]:
    """What holds of a dataset, and what is wrong with it, check by check.

    Raises UsageError for a name without an entry, with the lines to add.
    """
    try:
        known = name in dataset_entries(project)
    except UserError:  # another entry may be wrong: the first check tells
        known = True
    if not known:
        fetch.declared_entry(project, name)
    checks = {what: partial(look, name=name) for what, look in CHECKS.items()}
    return examine(project, checks, NEEDED, project.config(FILE))


def _has_an_entry(project: Project, name: str) -> None:
    entry, known = fetch.declared_entry(project, name), recipes(project)
    if entry.recipe not in known:
        raise unknown("recipe (of config/train.yaml)", entry.recipe, known)
    mean = known[entry.recipe].values["mean"]
    if len(mean) != entry.channels:
        raise UserError(
            f"recipe '{entry.recipe}' normalises {len(mean)} channels, the images have "
            f"{entry.channels}. Set channels to {len(mean)}, or take another recipe."
        )


def _can_be_read(project: Project, name: str) -> None:
    datasets.prepare(project, name)  # names every image that cannot be read
    datasets.verify(project, name)
    train, test = _parts(project, name)
    counts = {"train": train.counts, "test": test.counts}
    datasets.require_declared(name, dataset_entry(project, name), counts)


def _classes_have_images(project: Project, name: str) -> None:
    for part in _parts(project, name):
        if empty := [
            label for label, n in zip(part.class_names, part.counts, strict=True) if not n
        ]:
            raise UserError(
                f"{part.part}: class {listed(empty)} has no images. Add some, or leave the class out "
                "of the archive: its accuracy could not be measured."
            )
        chosen = np.linspace(0, len(part) - 1, min(len(part), LOOKED_AT)).astype(int)
        first, *others = [np.asarray(part.images[int(i)]) for i in chosen]
        if others and all(np.array_equal(image, first) for image in others):
            reader = dataset_entry(project, name).reader
            raise UserError(
                f"{part.part}: all {len(chosen)} images looked at are the same: mend read() of "
                f"ncmc/data/readers/{reader}.py."
            )


def _no_image_is_twice(project: Project, name: str) -> None:
    if faults := datasets.load(project, name, "train").summary.faults:
        raise UserError(
            f"{'; '.join(faults)}. Take them out of one of the two, and fetch it again with "
            "--replace."
        )


CHECKS: dict[str, Callable[..., None]] = {
    "its entry in config/datasets.yaml names files, a reader, and a recipe that fits": _has_an_entry,
    "archives and arrays are here, unaltered, and hold what the entry says": _can_be_read,
    "every class has training and test images, which differ": _classes_have_images,
    "no image is in both parts, or in two classes, pixel by pixel": _no_image_is_twice,
}
NEEDED = 2  # the first of them: without these no other makes sense
