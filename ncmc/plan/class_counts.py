"""How many training images each class gets (assumptions A2, A3): pure arithmetic."""

from collections.abc import Sequence

from ncmc.plan.dataset_entries import Dataset, SplitOptions
from ncmc.plan.run import check_tau

NOT_OF_TAU = "is not of tau"  # stands in the note of a split whose classes are too small for it


def long_tailed_counts(n_max: float, n_classes: int, tau: float) -> list[int]:
    """n_k = int(n_max * tau^(k/(K-1))) for k = 0..K-1, class 0 the largest (assumption A2).

    `n_max` need not be whole (A3: len(train set)/K is not, for SVHN). A tiny set may leave a class
    with 0 images. Raises UsageError for a tau outside (0, 1].
    """
    check_tau(tau)
    # in this order and with a float exponent, as the reference does: the floor sees the last bit
    return [int(n_max * tau ** (k / max(n_classes - 1.0, 1.0))) for k in range(n_classes)]


def step_counts(n_max: float, n_classes: int, tau: float) -> list[int]:
    """The first half of the classes n_max images each, the second half n_max * tau.

    With an odd number of classes the middle one is small (the reference drops its last class).
    """
    check_tau(tau)
    large = n_classes // 2
    return [int(n_max)] * large + [int(n_max * tau)] * (n_classes - large)


def part_counts(available: Sequence[int], tau: float, options: SplitOptions) -> list[int]:
    """What the recipe asks of a released part, class by class; not capped by what there is."""
    n_classes = len(available)
    by_rule = sum(available) / n_classes if options.n_max_rule == "mean" else min(available)
    n_max = by_rule if options.n_max is None else options.n_max
    make = step_counts if options.imbalance == "step" else long_tailed_counts
    return make(n_max, n_classes, tau)


def expected_counts(entry: Dataset, tau: float, options: SplitOptions) -> list[int] | None:
    """Training images per class of a split, from the catalog alone; None where it does not say.

    The classes of an entry without `train_counts` are taken for equally large.
    """
    total, classes = entry.train_images, entry.classes
    if not entry.train_counts and not (total and classes):
        return None
    available = entry.train_counts or ((total or 0) // (classes or 1),) * (classes or 1)
    if options.imbalance == "given":
        return list(available)
    wanted = part_counts(available, tau, options)
    return [min(n, there) for n, there in zip(wanted, available, strict=True)]
