"""The kinds of check that look at the cosines of pairs."""

from collections.abc import Sequence

import fakes
import numpy as np
import pytest
from made_cells import OURS, cell_of, history
from numpy.typing import NDArray

from ncmc.results.cells import Cell
from ncmc.verdicts.kinds.orthogonal import Orthogonal
from ncmc.verdicts.kinds.stays import Stays

K = 10
ORTHOGONAL = Orthogonal(kind="orthogonal", cells={}, first=0.8, last=0.2, worst=0.5, **OURS)
STAYS = Stays(kind="stays", cells={}, above=0.5, of=0.95, **OURS)
Matrix = NDArray[np.float64]


def every_pair(cosine: float, n: int = K) -> Matrix:
    matrix = np.full((n, n), cosine)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def cancelling(size: float) -> Matrix:
    """Cosines of +-size that cancel on average."""
    signs = np.where(np.add.outer(np.arange(K), np.arange(K)) % 2, 1.0, -1.0)
    matrix = size * signs
    np.fill_diagonal(matrix, 1.0)
    return matrix


def one_pair(cosine: float) -> Matrix:
    matrix = every_pair(0.02)
    matrix[0, 1] = matrix[1, 0] = cosine
    return matrix


def elsewhere(outliers: int, n: int = 25) -> Matrix:
    """n features with cosines of 0.95, but for some that lie at right angles to the others."""
    matrix = every_pair(0.95, n)
    matrix[:outliers, outliers:] = matrix[outliers:, :outliers] = 0.0
    return matrix


def cell_with(name: str, seeds: Sequence[Sequence[Matrix | None]]) -> Cell:
    """A cell whose seeds have given matrices, one an epoch, with a little noise."""
    cell = cell_of([50.0] * len(seeds))
    rng = np.random.default_rng(0)
    records = tuple(
        fakes.with_result(record, history=history(**{name: [_noisy(m, rng) for m in series]}))
        for record, series in zip(cell.records, seeds, strict=True)
    )
    return Cell(cell.spec, records, ())


def _noisy(matrix: Matrix | None, rng: np.random.Generator) -> object:
    if matrix is None:
        return None
    noise = np.triu(rng.normal(0, 0.005, matrix.shape), 1)
    noise += noise.T
    return tuple(
        tuple(None if v is None else v + float(n) for v, n in zip(row, more, strict=True))
        for row, more in zip(matrix.tolist(), noise, strict=True)
    )


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (every_pair(0.95), every_pair(0.02), "holds"),
        (every_pair(0.95), every_pair(-1 / (K - 1)), "differs"),  # a simplex ETF
        (every_pair(0.95), cancelling(0.8), "differs"),
        (every_pair(0.95), one_pair(0.9), "differs"),
        (every_pair(0.55), every_pair(0.02), "differs"),  # does not start near 1
        (every_pair(0.95), every_pair(0.6), "differs"),
    ],
)
def test_class_means_start_together_and_become_orthogonal_pair_by_pair(
    start: Matrix, end: Matrix, status: str
) -> None:
    cell = cell_with("class_cosines", [[start, end]] * 3)
    assert ORTHOGONAL.judge([cell])[0].status == status


@pytest.mark.parametrize(
    ("outliers", "status"), [(0, "holds"), (1, "differs"), (4, "differs"), (12, "differs")]
)
def test_features_of_the_smallest_class_stay_close_if_none_lies_elsewhere(
    outliers: int, status: str
) -> None:
    cell = cell_with("tail_cosines", [[elsewhere(0), elsewhere(outliers), elsewhere(0)]] * 3)
    assert STAYS.judge([cell])[0].status == status


def test_from_the_start_means_at_the_first_epoch_too() -> None:
    late = [every_pair(0.1, 5), every_pair(0.9, 5)]
    assert STAYS.judge([cell_with("tail_cosines", [late] * 3)])[0].status == "differs"
    (finding,) = STAYS.judge([cell_with("tail_cosines", [[None, every_pair(0.9, 5)]] * 3)])
    assert (finding.status, finding.why) == (
        "inconclusive",
        "tail_cosines were not measured at epoch 1 by every seed",
    )


def test_one_seed_says_so_and_decides_nothing() -> None:
    for check, cell in (
        (ORTHOGONAL, cell_with("class_cosines", [[every_pair(0.95), every_pair(0.02)]])),
        (STAYS, cell_with("tail_cosines", [[every_pair(0.95), every_pair(0.95)]])),
    ):
        (finding,) = check.judge([cell])
        assert finding.status == "inconclusive"
        assert finding.why.endswith("one seed shows no spread")


def test_seeds_that_scatter_about_a_bound_are_inconclusive() -> None:
    seeds = [[every_pair(0.95, 5), every_pair(c, 5)] for c in (0.45, 0.55, 0.5)]
    assert STAYS.judge([cell_with("tail_cosines", seeds)])[0].status == "inconclusive"


def test_cosines_that_were_not_measured_are_left_out() -> None:
    holes = every_pair(0.9, 5).astype(object)
    holes[1, :] = holes[:, 1] = None
    whole = every_pair(0.9, 5)
    assert STAYS.judge([cell_with("tail_cosines", [[holes, whole]] * 2)])[0].status == "holds"
    gone = np.full((5, 5), None)
    (finding,) = STAYS.judge([cell_with("tail_cosines", [[gone, gone]] * 2)])
    assert (finding.status, finding.why) == ("inconclusive", "no record measures tail_cosine")
    (finding,) = ORTHOGONAL.judge([cell_with("class_cosines", [[None, None]] * 2)])
    assert finding.why == "class_cosines were not measured at two epochs by every seed"
