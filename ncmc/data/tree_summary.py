"""What was understood of somebody's own images: kept with the arrays, shown by fetch and checks."""

from typing import Any

from pydantic import Field

from ncmc.system.documents import Strict


class EqualImages(Strict):
    """Images whose pixels are equal, as they are trained on."""

    in_train: int = 0  # training images that equal an earlier one of their class
    in_test: int = 0  # test images, likewise
    across: int = 0  # test images that equal a training image
    labels: int = 0  # images that equal one of another class
    example_across: tuple[str, ...] = ()  # the first pair
    example_labels: tuple[str, ...] = ()


NONE: Any = Field(default_factory=dict)


class TreeSummary(Strict):
    """What a tree of class folders holds besides its classes and their counts."""

    train: str  # where the training images come from, in words
    test: str
    left_out: dict[str, int] = NONE  # part that is not read -> its images
    passed_over: dict[str, int] = NONE  # suffix of what is no image, or "hidden" -> files
    empty: tuple[str, ...] = ()  # folders without an image where a class could be
    nested: tuple[str, ...] = ()  # folders inside class folders
    alike: tuple[tuple[str, ...], ...] = ()  # class names that are nearly the same
    oddities: dict[str, int] = NONE  # what images lost, or what is odd of them -> images
    equal: EqualImages = EqualImages()

    @property
    def notes(self) -> list[str]:
        """One line for everything that a reader should know."""
        notes = [f"training images from {self.train}; test images from {self.test}"]
        notes += [
            f"{part} is not read ({n:,} images): beside a test part, runs have no use for it"
            for part, n in self.left_out.items()
        ]
        if self.passed_over:
            kinds = ", ".join(f"{n:,} {kind}" for kind, n in self.passed_over.items())
            notes.append(f"passed over: {kinds}")
        if self.empty:
            notes.append(f"folders without an image: {listed(self.empty)}")
        if self.nested:
            notes.append(f"folders inside class folders are no classes: {listed(self.nested)}")
        notes += [f"classes whose names are nearly the same: {', '.join(n)}" for n in self.alike]
        notes += [f"images {what}: {n:,}" for what, n in self.oddities.items()]
        repeats = {"training": self.equal.in_train, "test": self.equal.in_test}
        notes += [
            f"{part} images that repeat another of their class: {n:,}"
            for part, n in repeats.items()
            if n
        ]
        return notes + self.faults

    @property
    def faults(self) -> list[str]:
        """What makes results on the set worthless, or close to it."""
        equal, faults = self.equal, []
        if equal.across:
            faults.append(
                f"test images that are training images too, pixel by pixel: {equal.across:,} "
                f"(such as {' = '.join(equal.example_across)})"
            )
        if equal.labels:
            faults.append(
                f"images with the pixels of one in another class: {equal.labels:,} "
                f"(such as {' = '.join(equal.example_labels)})"
            )
        return faults


def listed(names: tuple[str, ...] | list[str], most: int = 10) -> str:
    """Names for a sentence: the first ones, and how many more."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
