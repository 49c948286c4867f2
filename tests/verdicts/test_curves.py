"""The kind of check that looks at curves: over several seeds, in terms."""

from collections.abc import Callable, Mapping, Sequence

import fakes
import numpy as np
import pytest
from conftest import here
from made_cells import OURS, cell_of, history
from pydantic import ValidationError
from worlds import cancelling, elsewhere, every_pair

from ncmc.results.cells import Cell
from ncmc.results.history import Matrix
from ncmc.verdicts.checks_file import all_checks
from ncmc.verdicts.kinds.curve import Curve, Term

K = 10
Draw = Callable[[int, np.random.Generator], Mapping[str, Sequence[object]]]


def of_claim(name: str) -> Curve:
    """A check of papers/ncmc/checks.yaml: that of the paper's figure."""
    (check,) = (c for c in all_checks(here()) if c.id == name)
    assert isinstance(check, Curve)
    return check


COLLAPSE, RISE, QUICK, SLOWER, FLOOR = map(of_claim, ("F1a", "F1b", "F1c", "F1d", "F1e"))
ORTHOGONAL, STAYS = of_claim("F6"), of_claim("F7")


def cell_with(make: Draw, seeds: int = 5, at: int = 0) -> Cell:
    """A cell whose seeds have collapse measures of their own."""
    cell = cell_of([50.0 + seed for seed in range(seeds)])
    rng = np.random.default_rng([at, seeds])
    records = tuple(
        fakes.with_result(record, history=history(**make(seed, rng)))
        for seed, record in enumerate(cell.records)
    )
    return Cell(cell.spec, records, ())


def noisy(rng: np.random.Generator, values: Sequence[float], deviation: float = 0.1) -> list[float]:
    """Values with noise that is as large in proportion everywhere."""
    factors = np.exp(rng.normal(0, deviation, len(values)))
    return [float(v) for v in np.asarray(values) * factors]


def status_of(check: Curve, seeds: int = 5, **series: Sequence[float]) -> str:
    """What a check says of a cell with given curves, each with noise of its own."""
    cell = cell_with(lambda _, rng: {k: noisy(rng, v, 0.03) for k, v in series.items()}, seeds)
    (finding,) = check.judge([cell])
    return finding.status


# --- collapse ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "status"), [(0.03, "holds"), (0.45, "differs"), (0.99, "differs"), (1.5, "differs")]
)
def test_a_mean_tends_to_0_only_if_it_ends_far_below_what_knows_nothing(
    end: float, status: str
) -> None:
    assert status_of(COLLAPSE, nc_mean=[1.9, 1.0, 1.9 * end]) == status


def test_a_network_that_is_collapsed_from_its_first_epoch_on_has_collapsed() -> None:
    """A fall from the first measured epoch, as was asked before, differs here in every case."""
    assert status_of(COLLAPSE, nc_mean=[0.05] * 12) == "holds"
    assert status_of(QUICK, nc_mean=[0.05] * 12) == "holds"
    gone = {"variability": [0.625] * 12, "variability_floor": [0.62] * 12}
    cell = cell_with(lambda _, rng: gone | {"variability": noisy(rng, gone["variability"], 0.001)})
    assert FLOOR.judge([cell])[0].status == "holds"


@pytest.mark.parametrize(
    ("curve", "status"),
    [
        ([1.9, *[1.2, 0.02] * 10], "differs"),  # ends low by luck: before, 1 % was left
        ([1.9, 1.0, *[0.5] * 5, *[0.04] * 13, 0.6], "holds"),  # one late value is no curve
    ],
)
def test_the_end_of_a_curve_is_that_of_its_last_quarter(curve: list[float], status: str) -> None:
    assert status_of(COLLAPSE, nc_mean=curve) == status


def test_a_collapse_is_judged_by_the_geometric_mean_of_the_shares() -> None:
    cell = cell_with(lambda seed, _: {"nc_mean": [2.0, [0.02, 0.08][seed]]}, 2)
    (finding,) = COLLAPSE.judge([cell])
    assert finding.numbers["estimate"] == pytest.approx(0.02)
    assert finding.status == "inconclusive"  # two seeds that are a factor of four apart
    assert finding.why.startswith("mean NC at the end is 2.0 % of 2 (95 %: ")
    assert finding.why.endswith(" %), claimed: below 10 %; 2 seeds")


def test_a_share_that_is_no_more_than_rounding_is_one() -> None:
    cell = cell_with(lambda seed, _: {"nc_mean": [2.0, [0.0, 1e-7, 1e-9][seed]]}, 3)
    assert COLLAPSE.judge([cell])[0].status == "holds"


@pytest.mark.parametrize(("quarter", "status"), [(0.2, "holds"), (0.8, "differs")])
def test_quickly_is_about_the_first_quarter_of_the_epochs(quarter: float, status: str) -> None:
    falling = [1.9, 1.9 * quarter, 0.05, 0.05, 0.04, 0.04, 0.04, 0.04]
    assert status_of(QUICK, nc_mean=falling) == status


def test_a_mean_at_its_bound_is_rarely_decided() -> None:
    statuses = [
        COLLAPSE.judge([cell_with(lambda _, rng: {"nc_mean": noisy(rng, [2, 0.2], 0.2)}, 3, at)])[
            0
        ].status
        for at in range(300)
    ]
    assert statuses.count("holds") <= 0.05 * 300
    assert statuses.count("differs") <= 0.05 * 300


# --- a rise and a fall -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "status"),
    [
        ([0.1, 0.5, 0.3, 0.05], "holds"),
        ([0.5, 0.4, 0.2, 0.05], "differs"),  # no rise
        ([0.1, 0.3, 0.4, 0.5], "differs"),  # no fall
        ([0.1, 0.5, 0.5, 0.425], "differs"),  # ends at 85 % of its peak
        ([0.1, 0.1, 0.1, 0.1], "differs"),  # a plateau
        ([*[0.3] * 14, 0.9, *[0.1] * 7], "differs"),  # a late spike: before, 80 % held
        ([0.3, *[0.1, 0.5] * 10, 0.1], "differs"),  # a saw-tooth that ends low: before, all held
        ([0.3, 0.02, 0.5, 0.3, 0.2, *[0.05] * 5], "differs"),  # falls first
    ],
)
def test_a_curve_rises_beyond_its_noise_and_falls_far(series: list[float], status: str) -> None:
    assert status_of(RISE, nc_std=series) == status


def test_noise_about_a_plateau_is_no_rise_and_rarely_taken_for_one() -> None:
    """21 epochs whose noise is a fifth of the level: some epoch lies far above the first."""
    plateau = [0.3] * 15 + [0.02] * 6
    statuses = [
        RISE.judge([cell_with(lambda _, rng: {"nc_std": noisy(rng, plateau, 0.2)}, 3, at)])[
            0
        ].status
        for at in range(200)
    ]
    assert statuses.count("holds") <= 0.05 * 200


@pytest.mark.parametrize(
    ("std", "status"),
    [([0.1, 0.5, 0.4, 0.2, 0.1], "holds"), ([0.1, 0.5, 0.02, 0.01, 0.005], "differs")],
)
def test_the_deviation_falls_more_slowly_or_faster_than_the_mean(
    std: list[float], status: str
) -> None:
    assert status_of(SLOWER, nc_mean=[1.9, 1.0, 0.5, 0.2, 0.04], nc_std=std) == status


# --- the floor of the variability --------------------------------------------------------------


@pytest.mark.parametrize(
    ("variability", "status"),
    [
        ([0.97, 0.8, 0.64], "holds"),
        ([0.97, 0.3, 0.02], "differs"),  # to 0
        ([0.97, 0.95, 0.93], "differs"),  # nowhere near the floor
    ],
)
def test_variability_ends_at_its_floor_and_not_at_0(variability: list[float], status: str) -> None:
    cell = cell_with(
        lambda _, rng: {
            "variability": noisy(rng, variability, 0.003),
            "variability_floor": [0.62] * 3,
        }
    )
    assert FLOOR.judge([cell])[0].status == status


def test_a_method_without_targets_has_no_floor() -> None:
    cell = cell_with(lambda *_: {"variability": [0.9, 0.5]})
    (finding,) = FLOOR.judge([cell])
    assert (finding.status, finding.why) == (
        "inconclusive",
        "no record has a floor of the variability: the method has no fixed targets",
    )


# --- cosines of pairs --------------------------------------------------------------------------


def one_pair(cosine: float) -> Matrix:
    matrix = np.array(every_pair(0.02))
    matrix[0, 1] = matrix[1, 0] = cosine
    return tuple(map(tuple, matrix.tolist()))


def cell_of_pairs(name: str, seeds: Sequence[Sequence[Matrix | None]]) -> Cell:
    """A cell whose seeds have given matrices, one per epoch, with a little noise."""
    return cell_with(lambda seed, rng: {name: [_noisy(m, rng) for m in seeds[seed]]}, len(seeds))


def _noisy(matrix: Matrix | None, rng: np.random.Generator) -> object:
    if matrix is None:
        return None
    noise = np.triu(rng.normal(0, 0.005, (len(matrix), len(matrix))), 1)
    noise += noise.T
    return tuple(
        tuple(None if v is None else v + float(n) for v, n in zip(row, more, strict=True))
        for row, more in zip(matrix, noise, strict=True)
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
    cell = cell_of_pairs("class_cosines", [[start, end]] * 3)
    assert ORTHOGONAL.judge([cell])[0].status == status


@pytest.mark.parametrize(
    ("outliers", "status"), [(0, "holds"), (1, "differs"), (4, "differs"), (12, "differs")]
)
def test_features_of_the_smallest_class_stay_close_if_none_lies_elsewhere(
    outliers: int, status: str
) -> None:
    cell = cell_of_pairs("tail_cosines", [[elsewhere(0), elsewhere(outliers), elsewhere(0)]] * 3)
    assert STAYS.judge([cell])[0].status == status


def test_from_the_start_means_at_the_first_epoch_too() -> None:
    late = [every_pair(0.1, 5), every_pair(0.9, 5)]
    assert STAYS.judge([cell_of_pairs("tail_cosines", [late] * 3)])[0].status == "differs"
    (finding,) = STAYS.judge([cell_of_pairs("tail_cosines", [[None, every_pair(0.9, 5)]] * 3)])
    assert (finding.status, finding.why) == (
        "inconclusive",
        "tail_cosine_most was not measured at epoch 1 by every seed",
    )


def test_seeds_that_scatter_about_a_bound_are_inconclusive() -> None:
    seeds = [[every_pair(0.95, 5), every_pair(c, 5)] for c in (0.45, 0.55, 0.5)]
    assert STAYS.judge([cell_of_pairs("tail_cosines", seeds)])[0].status == "inconclusive"


def test_cosines_that_were_not_measured_are_left_out() -> None:
    whole = every_pair(0.9, 5)
    holes = tuple(
        tuple(None if 1 in (i, j) else v for j, v in enumerate(row)) for i, row in enumerate(whole)
    )
    assert STAYS.judge([cell_of_pairs("tail_cosines", [[holes, whole]] * 2)])[0].status == "holds"
    gone = ((None,) * 5,) * 5
    (finding,) = STAYS.judge([cell_of_pairs("tail_cosines", [[gone, gone]] * 2)])
    assert (finding.status, finding.why) == ("inconclusive", "no record measures tail_cosine")
    (finding,) = ORTHOGONAL.judge([cell_of_pairs("class_cosines", [[None, None]] * 2)])
    assert finding.why == "class_cosine_mean was measured at 0 epochs by every seed; needed: 2"


# --- all terms ---------------------------------------------------------------------------------

TRUE: dict[str, list[object]] = {
    "nc_mean": [1.9, 1.0, 0.3, 0.05],
    "nc_std": [0.1, 0.5, 0.4, 0.05],
    "variability": [0.97, 0.8, 0.7, 0.63],
    "variability_floor": [0.62] * 4,
    "class_cosines": [(0.95,) * 45, *[(0.02,) * 45] * 3],
    "tail_cosines": [(0.9,) * 10] * 4,
}
EVERY = [COLLAPSE, QUICK, RISE, SLOWER, FLOOR, ORTHOGONAL, STAYS]


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.id)
def test_one_seed_says_so_and_decides_nothing(check: Curve) -> None:
    (finding,) = check.judge([cell_with(lambda *_: TRUE, 1)])
    assert finding.status == "inconclusive"
    assert finding.why.endswith("one seed shows no spread")


@pytest.mark.parametrize("check", [COLLAPSE, QUICK, RISE, SLOWER, FLOOR], ids=lambda c: c.id)
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_was_not_measured_is_told_in_words(check: Curve, value: float | None) -> None:
    series = {name: [value] * 4 for name in TRUE if "cosine" not in name}
    (finding,) = check.judge([cell_with(lambda *_: series, 3)])
    assert finding.status == "inconclusive"
    assert "no record measures" in finding.why
    one = {name: [TRUE[name][0], value, value, value] for name in series}
    (finding,) = check.judge([cell_with(lambda *_: one, 3)])
    assert finding.status == "inconclusive"
    assert "measured at 1 epoch by every seed; needed" in finding.why
    assert "nan" not in finding.why


def test_curves_that_start_at_0_have_no_share_of_it() -> None:
    flat = {"nc_mean": [0.0, 0.0, 0.0], "nc_std": [0.0, 0.0, 0.0]}
    for check in (RISE, SLOWER):
        (finding,) = check.judge([cell_with(lambda *_: flat)])
        assert finding.status == "inconclusive"
        assert finding.why.startswith("nc_std: 0 at its")
    (finding,) = SLOWER.judge([cell_with(lambda *_: {**flat, "nc_std": [0.1, 0.5, 0.3]})])
    assert finding.why == "nc_mean has no share of its start beside each nc_std"


def test_of_several_cells_one_differs_only_after_holm() -> None:
    odd = cell_with(lambda seed, _: {"nc_mean": [2.0, 0.2 * [1.3, 1.5, 1.2, 1.1, 1.6][seed]]})
    true = cell_with(lambda seed, _: {"nc_mean": [2.0, 0.02 + 0.001 * seed]})
    assert COLLAPSE.judge([odd])[0].status == "differs"
    many = COLLAPSE.judge([odd, *[true] * 39])
    assert many[0].status == "inconclusive"


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({"at": "end"}, "one bound, 'below' or 'above'"),
        ({"at": "end", "below": 0.1, "above": 0.2}, "one bound, 'below' or 'above'"),
        ({"at": "end", "below": 0}, "bound of a share must be above 0"),
        ({"at": "end", "below": 1, "beside": "nc_std"}, "goes with 'at: after_peak'"),
        ({"at": 1.5, "below": 1}, "less than 1"),
        ({"at": "last", "below": 1}, "'start', 'end'"),
    ],
)
def test_a_term_that_is_badly_written_is_refused(term: Mapping[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Curve.model_validate(
            {**OURS, "kind": "curve", "cells": {}, "terms": [{"measure": "nc_mean", **term}]}
        )


def test_a_term_has_no_more_than_one_measure() -> None:
    assert Term(measure="nc_mean", at="end", over=2.0, below=0.1).bound == 0.1
