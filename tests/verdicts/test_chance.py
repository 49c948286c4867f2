"""Whether an accuracy is what guessing would reach."""

from collections.abc import Sequence

import fakes
import numpy as np
import pytest
from made_cells import OURS, cell_of
from numpy.typing import NDArray

from ncmc.results.cells import Cell
from ncmc.verdicts.kinds.chance import Chance
from ncmc.verdicts.verdict import Finding

CHECK = Chance(kind="chance", cells={}, **OURS)


def cell_with(matrices: Sequence[NDArray[np.int_]]) -> Cell:
    """A cell whose seeds have given confusion matrices, and the accuracies that they have."""
    cell = cell_of([100 * m.trace() / m.sum() for m in matrices])
    records = tuple(
        fakes.with_result(
            record,
            confusion=tuple(map(tuple, m.tolist())),
            per_class=tuple(float(v) for v in 100 * m.diagonal() / m.sum(1)),
        )
        for record, m in zip(cell.records, matrices, strict=True)
    )
    return Cell(cell.spec, records, ())


def drawn(rng: np.random.Generator, k: int, times: float, whole: float) -> NDArray[np.int_]:
    """A matrix of 50 images a class: a share `whole` of them goes to one class, which is the right
    one with `times` the probability of chance; the others to any class in the same way."""
    matrix = np.zeros((k, k), dtype=int)
    for row in range(k):
        together = round(50 * whole)
        images = np.array([together, *[1] * (50 - together)])
        right = rng.random(len(images)) < (times - 1) / (k - 1)
        np.add.at(matrix[row], np.where(right, row, rng.integers(k, size=len(images))), images)
    return matrix


def judged(matrices: Sequence[NDArray[np.int_]]) -> Finding:
    (finding,) = CHECK.judge([cell_with(matrices)])
    return finding


@pytest.mark.slow  # many worlds are drawn
@pytest.mark.parametrize(("k", "seeds"), [(10, 5), (100, 3)])
def test_chance_holds_at_chance_and_rarely_at_twice_chance(
    k: int, seeds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ncmc.verdicts.kinds.chance.DRAWS", 1000)
    rng = np.random.default_rng(1)
    statuses: dict[float, list[str]] = {
        times: [judged([drawn(rng, k, times, 0.3) for _ in range(seeds)]).status for _ in range(60)]
        for times in (1, 2)
    }
    assert statuses[1].count("holds") >= 0.9 * 60
    assert statuses[1].count("differs") <= 0.1 * 60
    assert statuses[2].count("holds") <= 0.05 * 60  # nominal: one-sided at 5 %


def test_classes_that_fall_as_a_whole_leave_chance_wide() -> None:
    """Three seeds whose classes are right or wrong as a whole: 20 % may be luck, and so may 10 %."""
    shifted = [np.roll(50 * np.eye(10, dtype=int), shift, axis=1) for shift in range(3)]
    kept = np.eye(10, dtype=int) * 50
    kept[[1, 2, 3, 4, 5, 6, 7, 8]] = np.roll(kept, 1, axis=1)[[1, 2, 3, 4, 5, 6, 7, 8]]
    twice = CHECK.model_copy(update={"times": 2})
    (finding,) = twice.judge([cell_with([kept, kept, shifted[1]])])
    assert finding.status == "inconclusive"
    assert "too few seeds" in finding.why


def test_one_seed_decides_nothing_where_it_may_be_luck() -> None:
    spread = np.full((10, 10), 5)
    finding = judged([spread])
    assert finding.status == "inconclusive"
    assert finding.why.endswith("one seed shows no spread")


def test_predictions_of_one_class_alone_are_chance() -> None:
    matrix = np.zeros((10, 10), dtype=int)
    matrix[:, 3] = 50
    finding = judged([matrix, matrix])
    assert (finding.status, finding.numbers["p"]) == ("holds", 1.0)


def test_an_accuracy_that_is_never_reached_by_luck_is_below_chance() -> None:
    never = np.roll(50 * np.eye(10, dtype=int), 1, axis=1)
    assert judged([never] * 9).status == "differs"


def test_of_several_cells_one_differs_only_after_holm() -> None:
    rng = np.random.default_rng(0)
    spread = [cell_with([drawn(rng, 10, 1, 0) for _ in range(3)]) for _ in range(19)]
    odd = next(
        cell
        for _ in range(1000)
        for cell in [cell_with([drawn(rng, 10, 1.2, 0) for _ in range(3)])]
        if 0.005 < float(str(CHECK.judge([cell])[0].numbers["p"])) < 0.04
    )
    assert CHECK.judge([odd])[0].status == "differs"
    assert CHECK.judge([odd, *spread])[0].status == "inconclusive"


def test_the_same_records_give_the_same_verdict() -> None:
    rng = np.random.default_rng(2)
    cell = cell_with([drawn(rng, 10, 1, 0.5) for _ in range(4)])
    assert CHECK.judge([cell]) == CHECK.judge([cell])
