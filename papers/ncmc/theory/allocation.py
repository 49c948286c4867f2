"""T9: the class-aware strategy and its worked example (Sec. 3.5), in exact arithmetic."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from ncmc.formulas import frames
from ncmc.paper.theorems import Outcome, Part
from ncmc.plan.class_counts import long_tailed_counts

Strategy = Callable[[Sequence[int], int], list[int]]

EXAMPLE, EXAMPLE_F, EXAMPLE_CENTERS = (1, 3, 3), 3, (4, 4, 1)  # as printed
LISTS = 500


def steps(counts: Sequence[int], f: int) -> list[int]:
    """The three printed steps, the list taken in the order it comes in."""
    k_classes, total = len(counts), sum(counts)
    scaled = [Fraction(n, total) for n in counts]
    centers = [math.floor((f - 1) * k_classes * share) + 1 for share in scaled][::-1]
    place = 0
    while sum(centers) < f * k_classes:
        centers[place % k_classes] += 1
        place += 1
    return centers


def section_3_5_example(strategy: Strategy = steps, lists: int = LISTS) -> Outcome:
    """T9: the worked example, the total f*K, and the code's two orders against the steps."""
    found = strategy(EXAMPLE, EXAMPLE_F)
    random = random_lists(lists)
    totals = sum(sum(strategy(counts, f)) != f * len(counts) for counts, f in random)
    least = min(min(strategy(counts, f)) for counts, f in random)
    wrong = {
        order: sum(
            frames.class_aware_counts(ranked, f, order) != strategy(ranked, f)
            for counts, f in random
            for ranked in [sorted(counts, reverse=order == "descending")]
        )
        for order in ("ascending", "descending")
    }
    parts = (
        *(
            Part(f"f_{k + 1} of n = {EXAMPLE}, f = {EXAMPLE_F}", found[k], expected, 0)
            for k, expected in enumerate(EXAMPLE_CENTERS)
        ),
        Part("random lists whose f_k do not sum to f*K", totals, 0, 0),
        Part("least f_k of a random list", least, 1, 0, ">="),
        *(
            Part(f"random lists on which frames.class_aware_counts differs, {order}", n, 0, 0)
            for order, n in wrong.items()
        ),
    )
    detail = f"The printed steps in exact fractions, and {lists} random lists of class sizes."
    return Outcome(parts, detail, _beside(strategy, random))


def random_lists(number: int, seed: int = 0) -> list[tuple[list[int], int]]:
    """Class sizes and f at random, some classes of equal size."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        sizes = rng.integers(1, rng.choice([6, 100, 5000]), size=rng.integers(2, 30))
        found.append((sizes.tolist(), int(rng.integers(2, 25))))
    return found


def floors_in_floating_point(counts: Sequence[int], f: int) -> bool:
    """Whether floor((f-1) K (n_k / N)) in floating point differs from the exact floor."""
    k_classes, total = len(counts), sum(counts)
    return any(
        math.floor((f - 1) * k_classes * (n / total)) != (f - 1) * k_classes * n // total
        for n in counts
    )


def _beside(strategy: Strategy, random: Sequence[tuple[list[int], int]]) -> dict[str, float]:
    settings = [
        (long_tailed_counts(n_max, n_classes, tau), f)
        for n_max, n_classes in ((5000, 10), (500, 100))
        for tau in (0.005, 0.01, 0.02)
        for f in (10, 20)
    ]
    descending = strategy(sorted(EXAMPLE, reverse=True), EXAMPLE_F)
    largest, *_, smallest = long_tailed_counts(5000, 10, 0.005)
    rounded = sum(floors_in_floating_point(counts, f) for counts, f in random)
    return {
        "random lists that floating point floors wrongly": rounded,
        "CIFAR settings (tau x f)": len(settings),
        "CIFAR settings where f_k does not ascend": sum(
            (f_k := strategy(counts, f)) != sorted(f_k) for counts, f in settings
        ),
        "CIFAR settings where f_k does not ascend, as released": sum(
            (f_k := frames.class_aware_counts(counts, f, f_counts="released")) != sorted(f_k)
            for counts, f in settings
        ),
        **{
            f"dimensions of the frame, CIFAR-100, f = 20, {name}": frames.needed_dim(
                [frames.mean_count(20, name)] * 100
            )
            for name in ("printed", "released")
        },
        "n_max / n_min of CIFAR-10 at n_min / n_max = 0.005": largest / smallest,
        **{f"f_{k + 1} of n = (3, 3, 1), f = 3": value for k, value in enumerate(descending)},
    }
