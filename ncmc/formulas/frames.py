"""Fixed directions: the simplex ETF and the multi-center frame of Def. 3.2, rows as vectors.

Everything is made in float64 and cast at the end. `centers_per_class` is (f_1, ..., f_K); centers
of class 0 come first, then those of class 1, and so on.
"""

import math
import operator
from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from ncmc.errors import UsageError

F_COUNTS = ("released", "printed")  # what the expansion factor f counts (A25)
ORDERS = ("ascending", "descending")  # of the class-aware strategy (A16)

# --- how many centers a class gets ----------------------------------------------------------------


def mean_count(f: int, f_counts: str) -> int:
    """Centers per class on average: f as printed (Def. 3.2), f - 1 as released (assumption A25).

    The released f*K orthonormal rows are the K rows of W0 and (f - 1)*K rows of V; the printed f*K
    are those of V alone. Raises UsageError for another `f_counts`, or if no center is left.
    """
    if f_counts not in F_COUNTS:
        raise UsageError(f"f_counts is {f_counts!r}; allowed: {', '.join(F_COUNTS)} (A25).")
    least = 2 if f_counts == "released" else 1
    if whole_number("f", f) < least:
        raise UsageError(f"f is {f}; with f_counts={f_counts} allowed: {least} or more (A25).")
    return f - 1 if f_counts == "released" else f


def class_aware_counts(
    counts: Sequence[int], f: int, order: str = "ascending", f_counts: str = "printed"
) -> list[int]:
    """Centers per class, f_k, in the order of `counts`: the class-aware strategy (Sec. 3.5).

    a_k = floor((m - 1) K n_k / N) + 1 over the classes from the largest to the smallest, where m is
    `mean_count(f, f_counts)`, the f_k's mean. `order` (A16): "ascending" as the released loss does,
    1 added from the largest class on until the sum is m*K, then the list reversed, which gives the
    worked example (1, 3, 3), f = 3 -> (4, 4, 1); "descending": reversed first, then 1 added from
    the left. Of equally large classes the later one comes nearer to the rarest, in an ascending
    list the earlier one: a list in reverse gets the same f_k in reverse.
    Raises UsageError for f < 2, an empty or non-positive count, another order or f_counts.
    """
    n = _whole_numbers("counts", counts)
    if whole_number("f", f) < 2:
        raise UsageError(f"f is {f}; the class-aware strategy (Sec. 3.5) needs 2 or more.")
    if order not in ORDERS:
        raise UsageError(f"order is {order!r}; allowed: {', '.join(ORDERS)} (A16).")
    k_classes, total, mean = len(n), sum(n), mean_count(f, f_counts)
    largest_first = sorted(range(k_classes), key=lambda k: -n[k])  # stable
    if order == "ascending" and n == sorted(n):
        largest_first = list(range(k_classes))[::-1]
    # The product comes before the floor, in integers: n_k / N in floating point floors wrongly.
    a = [((mean - 1) * k_classes * n[k]) // total + 1 for k in largest_first]
    remainder = mean * k_classes - sum(a)  # 0 <= remainder < K: each floor loses less than 1
    if order == "descending":
        a.reverse()
    a = [share + (place < remainder) for place, share in enumerate(a)]
    if order == "ascending":
        a.reverse()
    centers = dict(zip(largest_first, a, strict=True))
    return [centers[k] for k in range(k_classes)]


def needed_dim(centers_per_class: Sequence[int]) -> int:
    """Dimensions that a multi-center frame needs: sum f_k + K.

    That is (f+1)K where f counts the centers alone (Def. 3.2), f*K as the released code counts.
    """
    f = _whole_numbers("centers_per_class", centers_per_class)
    return sum(f) + len(f)


def center_classes(centers_per_class: Sequence[int]) -> Int64[Tensor, " F"]:
    """(F,) int64: the class of each center."""
    f = torch.tensor(_whole_numbers("centers_per_class", centers_per_class))
    return torch.repeat_interleave(torch.arange(len(f)), f)


# --- the frames -----------------------------------------------------------------------------------


def orthonormal_rows(
    n: int, dim: int, generator: torch.Generator | None, dtype: torch.dtype | None = None
) -> Float[Tensor, "{n} {dim}"]:
    """(n, dim) random orthonormal rows, uniform over all such frames (Haar measure)."""
    if not 1 <= n <= dim:
        raise UsageError(f"dim is {dim}; {n} orthonormal vectors need at least {n}.")
    device = generator.device if generator is not None else "cpu"
    gaussian = torch.randn(dim, n, generator=generator, dtype=torch.float64, device=device)
    q, r = torch.linalg.qr(gaussian)
    # QR leaves the signs to the library; a positive diagonal of R makes Q unique and uniform.
    return (q * torch.sign(r.diagonal())).T.contiguous().to(_or_default(dtype))


def simplex_etf(
    n_classes: int,
    dim: int,
    generator: torch.Generator | None,
    dtype: torch.dtype | None = None,
) -> Float[Tensor, "{n_classes} {dim}"]:
    """(K, dim) unit rows with pairwise cosine -1/(K-1), in a random orientation (Yang et al. 2022).

    sqrt(K/(K-1)) (I - J/K) P with P orthonormal; as the rows sum to zero, K - 1 dimensions suffice.
    Raises UsageError for K < 2 or dim < K - 1.
    """
    if n_classes < 2:
        raise UsageError(f"n_classes is {n_classes}; a simplex ETF needs 2 or more.")
    if dim < n_classes - 1:
        raise UsageError(
            f"dim is {dim}; a simplex ETF of {n_classes} classes needs at least {n_classes - 1} "
            "(K - 1). Use a wider backbone."
        )
    centering = torch.eye(n_classes, dtype=torch.float64) - 1 / n_classes
    sum_zero = torch.linalg.qr(centering[:, :-1]).Q  # (K, K-1), orthonormal columns, each sums to 0
    rows = orthonormal_rows(n_classes - 1, dim, generator, torch.float64)
    etf = math.sqrt(n_classes / (n_classes - 1)) * sum_zero.to(rows.device) @ rows
    return etf.to(_or_default(dtype))


def multi_center_basis(
    centers_per_class: Sequence[int],
    dim: int,
    generator: torch.Generator | None,
    dtype: torch.dtype | None = None,
) -> Float[Tensor, "rows {dim}"]:
    """(K + F, dim) orthonormal rows: w_1, ..., w_K, then all v_j^(k) class by class (Def. 3.2).

    The frame's memory-light form: a center is cos(theta) v_j^(k) + sin(theta) w_k and need not
    be formed. Raises UsageError if dim is below sum f_k + K.
    """
    needed = needed_dim(centers_per_class)
    if dim < needed:
        raise UsageError(
            f"dim is {dim}; a frame of {needed - len(centers_per_class)} centers and "
            f"{len(centers_per_class)} classes needs at least {needed} (sum of f_k + K, Def. 3.2). "
            "Put a linear layer of that width before it, or lower f."
        )
    return orthonormal_rows(needed, dim, generator, dtype)


def multi_center_frame(
    centers_per_class: Sequence[int],
    dim: int,
    theta: float,
    generator: torch.Generator | None,
    dtype: torch.dtype | None = None,
) -> tuple[Float[Tensor, "F {dim}"], Float[Tensor, "K {dim}"]]:
    """Centers (F, dim) and classifier (K, dim) of Def. 3.2, all of unit norm; theta in radians.

    w_j^(k) = cos(theta) v_j^(k) + sin(theta) w_k: centers of two classes are orthogonal, two of one
    class have cosine sin^2(theta). Raises UsageError for theta outside [0, pi/2] or a small dim.
    """
    check_theta(theta)
    basis = multi_center_basis(centers_per_class, dim, generator, torch.float64)
    classifier, v = basis[: len(centers_per_class)], basis[len(centers_per_class) :]
    own = classifier[center_classes(centers_per_class).to(basis.device)]  # (F, dim)
    centers = math.cos(theta) * v + math.sin(theta) * own
    return centers.to(_or_default(dtype)), classifier.to(_or_default(dtype))


def mean_center_coordinates(
    centers_per_class: Sequence[int], theta: float
) -> Float[Tensor, "K rows"]:
    """(K, K + F) float64: the unit rows wbar_k / |wbar_k| in coordinates of `multi_center_basis`.

    wbar_k = sin(theta) w_k + cos(theta)/f_k sum_j v_j^(k) is where features of class k collapse to.
    """
    classes = torch.arange(len(centers_per_class))
    own = center_classes(centers_per_class) == classes[:, None]  # (K, F)
    f = own.sum(1, keepdim=True)
    wbar = torch.cat(
        [math.sin(theta) * torch.eye(len(classes), dtype=torch.float64), math.cos(theta) / f * own],
        dim=1,
    )
    return wbar / mean_center_cosines(centers_per_class, theta)[:, None]


# --- angles ---------------------------------------------------------------------------------------


def mean_center_cosines(centers_per_class: Sequence[int], theta: float) -> Float64[Tensor, " K"]:
    """(K,) float64: cos(alpha_k) = |wbar_k| = sqrt((cos^2 theta + f_k sin^2 theta) / f_k)."""
    check_theta(theta)
    f = torch.tensor(_whole_numbers("centers_per_class", centers_per_class), dtype=torch.float64)
    return ((math.cos(theta) ** 2 + f * math.sin(theta) ** 2) / f).sqrt()


def check_theta(theta: float) -> None:
    """Raises UsageError unless theta, in radians, is in [0, pi/2]."""
    if not 0 <= theta <= math.pi / 2:
        raise UsageError(
            f"theta is {theta}; allowed: 0 to pi/2 = {math.pi / 2} radians (Def. 3.2)."
        )


# --- checks ---------------------------------------------------------------------------------------


def whole_number(name: str, value: object) -> int:
    """`value` as an int, whatever type of whole number it is. Raises UsageError for any other."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(f"{name} is {value!r}; allowed: a whole number.") from None


def _whole_numbers(name: str, values: Sequence[int]) -> list[int]:
    numbers = [whole_number(name, value) for value in values]
    if not numbers or min(numbers) < 1:
        raise UsageError(f"{name} are {numbers}; allowed: one number a class, each 1 or more.")
    return numbers


def _or_default(dtype: torch.dtype | None) -> torch.dtype:
    return dtype if dtype is not None else torch.get_default_dtype()
