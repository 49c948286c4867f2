"""Runs that learned nothing: dead ones, and those that ended at chance where other seeds did not.

The network of a dead run gives every image the same features, and the rest of its training is idle. A
loss whose gradient vanishes at a constant feature keeps it there (LeNet, which has no batch
normalisation, does it under CAL in one of three seeds). Such a run says nothing about its method: it is
named wherever its cell is shown, and no verdict rests on that cell.
"""

from collections.abc import Sequence
from statistics import median

from ncmc.results.record import Record

# Mean cosine between the class means of a dead run; trained ones of CIFAR-10 end below 0.9.
ALIKE = 0.999
GUESSING = 1.5  # times the share of the largest class of the test images
TRAINED = 3.0  # times chance: where the other seeds must be for a run at chance to have diverged


def is_dead(record: Record) -> bool:
    """Whether a run ended with the same features for every image, and an accuracy of chance.

    Features that are all 0 have no direction: their variability is 1 and their NC has no spread.
    A run whose accuracy is at chance for another reason (CAL at theta = 0) has different features.
    """
    end = next((e.collapse for e in reversed(record.result.history) if e.collapse), None)
    if end is None:
        return False
    alike = end.class_cosine is not None and end.class_cosine >= ALIKE
    all_zero = end.variability == 1 and end.nc_std == 0
    return (alike or all_zero) and record.result.accuracy.last <= GUESSING * _largest_class(record)


def has_diverged(record: Record, others: Sequence[Record]) -> bool:
    """Whether a run ended at chance where the other seeds of its cell learned something."""
    chance, rest = _largest_class(record), [r.result.accuracy.last for r in others]
    at_chance = record.result.accuracy.last <= GUESSING * chance
    return at_chance and bool(rest) and median(rest) >= TRAINED * chance


def _largest_class(record: Record) -> float:
    """Percent of the test images that the largest class has: what a constant answer gets."""
    images = [sum(row) for row in record.result.confusion]
    return 100 * max(images, default=0) / max(1, sum(images))


def dead_words(record: Record) -> str:
    """A dead run in words: `seed 1 is dead: ...`."""
    if not is_dead(record):
        return (
            f"seed {record.run.seed} ended at {record.result.accuracy.last:.1f} %, the level of chance, "
            "and the other seeds did not: its training diverged"
        )
    return (
        f"seed {record.run.seed} is dead: its network gives every image the same features, and is right "
        f"in {record.result.accuracy.last:.1f} %, as guessing is"
    )
