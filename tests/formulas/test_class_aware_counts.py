"""Centers a class: the class-aware strategy, as printed (Sec. 3.5) and as released (A16, A25)."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncmc.errors import UsageError
from ncmc.formulas.frames import ORDERS, class_aware_counts, mean_count, needed_dim
from ncmc.plan.class_counts import long_tailed_counts

FEW = settings(max_examples=60, deadline=None)
counts_lists = st.lists(st.integers(1, 6000), min_size=1, max_size=30)
tied_lists = st.lists(st.integers(1, 5), min_size=1, max_size=12)
# n_max and K of CIFAR-10, CIFAR-100, SVHN (A4), STL-10, half of CIFAR-100; ImageNet-LT's K
SIZES = ((5000, 10), (500, 100), (7325, 10), (500, 10), (250, 100), (1280, 1000))
SETTINGS = list(product(SIZES, (0.005, 0.01, 0.02, 0.1, 1.0), (2, 3, 5, 10, 20)))


def as_released(n: Sequence[int], f: int) -> list[int]:
    """The released counts of a descending list, written from their description alone."""
    k, total = len(n), sum(n)
    a = [int(Fraction((f - 2) * k * x, total)) + 1 for x in n]
    i = 0
    while sum(a) < (f - 1) * k:
        a[i] += 1
        i += 1
    return a[::-1]


def as_printed(n: Sequence[int], f: int) -> list[int]:
    """Sec. 3.5 step by step, in exact fractions, the list taken as it comes."""
    k, total = len(n), sum(n)
    scaled = [Fraction(x, total) for x in n]  # step 1
    a = [math.floor((f - 1) * k * share) + 1 for share in scaled]  # step 2
    a.reverse()  # step 3
    i = 0
    while sum(a) < f * k:
        a[i % k] += 1
        i += 1
    return a


def scattered(counts: Sequence[int], centers: Sequence[int]) -> list[int]:
    """Numbers for the stably sorted, descending list, put back where the classes stand."""
    places = sorted(range(len(counts)), key=lambda i: -counts[i])
    return [centers[places.index(i)] for i in range(len(counts))]


# --- the released counts --------------------------------------------------------------------------


def test_the_released_list_of_cifar10_is_the_one_derived_by_hand() -> None:
    """n sums to 11203. int(180 n / 11203) + 1 is 81, 45, 25, 14, 8, 5, 3, 2, 1, 1: 185 of 190.

    Five more from the first on: 82, 46, 26, 15, 9, 5, 3, 2, 1, 1; reversed.
    """
    counts = long_tailed_counts(5000, 10, 0.005)
    assert counts == [5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25]
    centers = class_aware_counts(counts, 20, f_counts="released")
    assert centers == [1, 1, 2, 3, 5, 9, 15, 26, 46, 82]
    assert sum(centers) == 190
    assert needed_dim(centers) == 200


def test_the_worked_example_is_the_released_f_4_and_the_printed_f_3() -> None:
    """By hand: a = (3, 3, 1) of (3, 3, 1), 2 more from the first on: (4, 4, 1); reversed."""
    assert class_aware_counts([3, 3, 1], 4, f_counts="released") == [1, 4, 4]
    assert class_aware_counts([1, 3, 3], 4, f_counts="released") == [4, 4, 1]
    assert class_aware_counts([1, 3, 3], 3, f_counts="printed") == [4, 4, 1]
    assert class_aware_counts([1, 3, 3], 3) == [4, 4, 1]


def test_f_2_leaves_one_center_a_class_as_released_and_two_on_average_as_printed() -> None:
    assert class_aware_counts([900, 9, 1], 2, f_counts="released") == [1, 1, 1]
    # By hand: int(3 * n / 910) + 1 = 3, 1, 1: 5 of 6, so 4, 1, 1; reversed.
    assert class_aware_counts([900, 9, 1], 2) == [1, 1, 4]


@pytest.mark.parametrize(("size", "tau", "f"), SETTINGS)
def test_the_default_order_equals_the_released_code(
    size: tuple[int, int], tau: float, f: int
) -> None:
    """150 settings, classes of equal size among them: position by position, not as a set."""
    counts = long_tailed_counts(*size, tau)
    centers = class_aware_counts(counts, f, f_counts="released")
    assert centers == as_released(counts, f)
    assert class_aware_counts(counts[::-1], f, f_counts="released") == centers[::-1]
    if f > 2:
        assert centers == class_aware_counts(counts, f - 1)


def test_a_thousand_classes_have_their_sum_and_rise_towards_the_rarest() -> None:
    counts = long_tailed_counts(1280, 1000, 5 / 1280)
    for f_counts, total in (("released", 19_000), ("printed", 20_000)):
        centers = class_aware_counts(counts, 20, f_counts=f_counts)
        assert sum(centers) == total
        assert centers == sorted(centers)
        assert min(centers) == 1


@given(counts_lists, st.integers(2, 40))
@FEW
def test_the_released_order_follows_an_unsorted_list(counts: list[int], f: int) -> None:
    if counts != sorted(counts):  # an ascending one is mirrored
        in_order = as_released(sorted(counts, reverse=True), f)
        assert class_aware_counts(counts, f, f_counts="released") == scattered(counts, in_order)


@given(tied_lists, st.integers(2, 12), st.sampled_from(["released", "printed"]))
@FEW
def test_a_sorted_list_in_reverse_gets_the_same_in_reverse(
    counts: list[int], f: int, f_counts: str
) -> None:
    """Of equal classes the one nearer to the rarest gets no fewer, whichever end comes first."""
    counts.sort()
    rising = class_aware_counts(counts, f, f_counts=f_counts)
    falling = class_aware_counts(counts[::-1], f, f_counts=f_counts)
    assert rising == falling[::-1]
    assert falling == sorted(falling)


# --- the printed counts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tau", "f", "expected"),
    [
        (0.005, 20, [2, 2, 3, 4, 5, 9, 15, 27, 48, 85]),
        (0.01, 20, [2, 3, 4, 5, 7, 11, 17, 28, 46, 77]),
        (0.02, 20, [3, 4, 5, 6, 9, 13, 19, 29, 44, 68]),
        (0.01, 10, [2, 2, 3, 3, 4, 5, 8, 14, 22, 37]),
    ],
)
def test_the_descending_lists_of_cifar10_are_the_known_ones(
    tau: float, f: int, expected: list[int]
) -> None:
    assert class_aware_counts(long_tailed_counts(5000, 10, tau), f, "descending") == expected


def test_the_worked_example_does_not_come_out_of_the_descending_order() -> None:
    assert class_aware_counts([3, 3, 1], 3, "descending") == [2, 4, 3]


@given(counts_lists, st.integers(2, 40))
@FEW
def test_the_descending_order_is_the_strategy_step_by_step(counts: list[int], f: int) -> None:
    in_order = as_printed(sorted(counts, reverse=True), f)
    assert class_aware_counts(counts, f, "descending") == scattered(counts, in_order)


@given(tied_lists, st.integers(2, 12))
@FEW
def test_an_ascending_list_gets_what_the_printed_steps_make_of_it(
    counts: list[int], f: int
) -> None:
    """As the worked example takes its list."""
    counts.sort()
    assert class_aware_counts(counts, f) == as_printed(counts, f)


def test_three_cifar100_settings_are_not_monotone_in_descending_order() -> None:
    """A finding of the prototype: where classes are of equal size, the floors' remainder shows."""
    mixed = []
    for f, tau in product((10, 20), (0.005, 0.01, 0.02)):
        centers = class_aware_counts(long_tailed_counts(500, 100, tau), f, "descending")
        if centers != sorted(centers):
            mixed.append((f, tau))
    assert mixed == [(10, 0.005), (20, 0.005), (20, 0.02)]


# --- both -----------------------------------------------------------------------------------------


@given(counts_lists, st.integers(2, 40), st.sampled_from(ORDERS))
@FEW
def test_each_class_has_a_center_and_f_is_their_mean(counts: list[int], f: int, order: str) -> None:
    printed = class_aware_counts(counts, f, order)
    released = class_aware_counts(counts, f, order, "released")
    assert (sum(printed), sum(released)) == (f * len(counts), (f - 1) * len(counts))
    assert min(printed) >= 1
    assert min(released) >= 1


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("n_classes", [1, 3, 10])
def test_equal_classes_get_equal_counts(n_classes: int, order: str) -> None:
    assert class_aware_counts([50] * n_classes, 20, order) == [20] * n_classes
    assert class_aware_counts([7] * n_classes, 20, order, "released") == [19] * n_classes


@given(
    st.lists(st.integers(1, 6000), min_size=1, max_size=20, unique=True),
    st.sampled_from(ORDERS),
    st.randoms(),
)
@FEW
def test_counts_follow_their_classes_when_classes_are_shuffled(
    counts: list[int], order: str, random: Random
) -> None:
    by_size = dict(zip(counts, class_aware_counts(counts, 7, order), strict=True))
    random.shuffle(counts)
    assert class_aware_counts(counts, 7, order) == [by_size[n] for n in counts]


def test_the_product_comes_before_the_floor() -> None:
    """49 classes whose exact shares are whole numbers that a rounded n_k / N falls short of."""
    sizes = {49: 1, 12: 9, 7: 9, 5: 6, 3: 7, 2: 6, 1: 11}
    counts = [n for n, times in sizes.items() for _ in range(times)]
    in_floats = [math.floor(2 * 49 * (n / sum(counts))) for n in counts]
    in_integers = [2 * 49 * n // sum(counts) for n in counts]
    assert in_floats != in_integers
    assert class_aware_counts(counts, 3, "descending") == as_printed(counts, 3)
    assert class_aware_counts(counts, 4, f_counts="released") == as_released(counts, 4)


@pytest.mark.usefixtures("unchecked")
def test_numpy_counts_are_taken() -> None:
    assert class_aware_counts(np.array([3, 3, 1]), 3) == [1, 4, 4]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "f", "order"),
    [
        ([5, 3], 1, "descending"),
        ([5, 3], 0, "ascending"),
        ([5, 3], 2.5, "descending"),
        ([5, 0], 3, "descending"),
        ([5, -2], 3, "descending"),
        ([], 3, "descending"),
        ([5, 2.5], 3, "descending"),
        ([5, 3], 3, "sideways"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_counts_are_refused(counts: list[float], f: float, order: str) -> None:
    with pytest.raises(UsageError):
        class_aware_counts(counts, f, order)  # type: ignore[arg-type]


def test_what_f_counts_is_checked() -> None:
    assert (mean_count(20, "released"), mean_count(20, "printed")) == (19, 20)
    assert mean_count(1, "printed") == 1
    with pytest.raises(UsageError, match=r"f is 1; with f_counts=released allowed: 2 or more"):
        mean_count(1, "released")
    with pytest.raises(UsageError, match=r"f_counts is 'rows'; allowed: released, printed"):
        class_aware_counts([5, 3], 3, f_counts="rows")
