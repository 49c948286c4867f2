"""The kinds of check that look at curves: over several seeds, on the log scale."""

from collections.abc import Callable, Mapping, Sequence

import fakes
import numpy as np
import pytest
from made_cells import OURS, cell_of, history

from ncmc.results.cells import Cell
from ncmc.verdicts.kinds.collapse import Collapse
from ncmc.verdicts.kinds.floor import Floor
from ncmc.verdicts.kinds.rise_fall import RiseFall
from ncmc.verdicts.kinds.slower import Slower
from ncmc.verdicts.over_seeds import OverSeeds

COLLAPSE = Collapse(kind="collapse", cells={}, ratio=0.1, **OURS)
QUICK = Collapse(kind="collapse", cells={}, ratio=0.5, by=0.25, **OURS)
RISE = RiseFall(kind="rise_fall", cells={}, measure="nc_std", rise=1.2, ratio=0.333, **OURS)
SLOWER = Slower(kind="slower", cells={}, measure="nc_std", faster="nc_mean", **OURS)
FLOOR = Floor(kind="floor", cells={}, above=0.5, near=0.2, **OURS)


def cell_with(
    make: Callable[[int, np.random.Generator], Mapping[str, Sequence[object]]],
    seeds: int = 5,
    at: int = 0,
) -> Cell:
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


def status_of(check: OverSeeds, seeds: int = 5, **series: Sequence[float]) -> str:
    """What a check says of a cell with given curves, each with noise of its own."""
    cell = cell_with(lambda _, rng: {k: noisy(rng, v, 0.03) for k, v in series.items()}, seeds)
    (finding,) = check.judge([cell])
    return finding.status


@pytest.mark.parametrize(
    ("end", "status"), [(0.03, "holds"), (0.45, "differs"), (0.99, "differs"), (1.5, "differs")]
)
def test_a_mean_tends_to_0_only_if_it_ends_far_below_its_start(end: float, status: str) -> None:
    assert status_of(COLLAPSE, nc_mean=[1.9, 1.0, 1.9 * end]) == status


def test_a_collapse_is_judged_by_the_geometric_mean_of_the_shares() -> None:
    cell = cell_with(lambda seed, _: {"nc_mean": [2.0, [0.02, 0.08][seed]]}, 2)
    (finding,) = COLLAPSE.judge([cell])
    assert finding.numbers["estimate"] == pytest.approx(0.02)
    assert finding.status == "inconclusive"  # two seeds that are a factor of four apart
    assert "2.0 %" in finding.why


def test_a_share_that_is_no_more_than_rounding_is_one() -> None:
    cell = cell_with(lambda seed, _: {"nc_mean": [2.0, [0.0, 1e-7, 1e-9][seed]]}, 3)
    assert COLLAPSE.judge([cell])[0].status == "holds"


@pytest.mark.parametrize(("quarter", "status"), [(0.2, "holds"), (0.8, "differs")])
def test_quickly_is_about_the_first_quarter_of_the_epochs(quarter: float, status: str) -> None:
    assert (
        status_of(QUICK, nc_mean=[1.9, 1.9 * quarter, 0.05, 0.05, 0.04, 0.04, 0.04, 0.04]) == status
    )


@pytest.mark.parametrize(
    ("series", "status"),
    [
        ([0.1, 0.5, 0.3, 0.05], "holds"),
        ([0.5, 0.4, 0.2, 0.05], "differs"),  # no rise
        ([0.1, 0.3, 0.4, 0.5], "differs"),  # no fall
        ([0.1, 0.5, 0.5, 0.425], "differs"),  # ends at 85 % of its peak
        ([0.1, 0.1, 0.1, 0.1], "differs"),  # a plateau
    ],
)
def test_a_curve_rises_beyond_its_noise_and_falls_far(series: list[float], status: str) -> None:
    assert status_of(RISE, nc_std=series) == status


def test_noise_about_a_plateau_is_no_rise_and_rarely_taken_for_one() -> None:
    """21 epochs whose noise is a fifth of the level: some epoch lies far above the first."""
    plateau = [0.3] * 20 + [0.02]
    found = [
        RISE.judge([cell_with(lambda _, rng: {"nc_std": noisy(rng, plateau, 0.2)}, 3, at)])[
            0
        ].status
        for at in range(200)
    ]
    assert found.count("holds") <= 0.05 * 200


def test_a_mean_at_its_bound_is_rarely_decided() -> None:
    found = [
        COLLAPSE.judge([cell_with(lambda _, rng: {"nc_mean": noisy(rng, [2, 0.2], 0.2)}, 3, at)])[0]
        for at in range(300)
    ]
    statuses = [finding.status for finding in found]
    assert statuses.count("holds") <= 0.05 * 300
    assert statuses.count("differs") <= 0.05 * 300


@pytest.mark.parametrize(
    ("std", "status"),
    [([0.1, 0.5, 0.4, 0.2, 0.1], "holds"), ([0.1, 0.5, 0.02, 0.01, 0.005], "differs")],
)
def test_the_deviation_falls_more_slowly_or_faster_than_the_mean(
    std: list[float], status: str
) -> None:
    assert status_of(SLOWER, nc_mean=[1.9, 1.0, 0.5, 0.2, 0.04], nc_std=std) == status


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


TRUE = {
    "nc_mean": [1.9, 1.0, 0.3, 0.05],
    "nc_std": [0.1, 0.5, 0.4, 0.05],
    "variability": [0.97, 0.8, 0.7, 0.63],
    "variability_floor": [0.62] * 4,
}
EVERY = [COLLAPSE, QUICK, RISE, SLOWER, FLOOR]


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.kind)
def test_one_seed_says_so_and_decides_nothing(check: OverSeeds) -> None:
    (finding,) = check.judge([cell_with(lambda *_: TRUE, 1)])
    assert finding.status == "inconclusive"
    assert finding.why.endswith("one seed shows no spread")


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.kind)
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_was_not_measured_is_told_in_words(check: OverSeeds, value: float | None) -> None:
    series = {name: [value] * 4 for name in TRUE}
    (finding,) = check.judge([cell_with(lambda *_: series, 3)])
    assert finding.status == "inconclusive"
    assert "no record measures" in finding.why
    one = {name: [values[0], value, value, value] for name, values in TRUE.items()}
    (finding,) = check.judge([cell_with(lambda *_: one, 3)])
    assert finding.status == "inconclusive"
    assert "measured at 1 epoch by every seed; needed" in finding.why
    assert "nan" not in finding.why


def test_curves_that_start_at_0_have_nowhere_to_fall() -> None:
    flat = {"nc_mean": [0.0, 0.0, 0.0], "nc_std": [0.0, 0.0, 0.0]}
    for check, words in (
        (COLLAPSE, "mean NC is 0 at the first measured epoch"),
        (RISE, "nc_std is 0 at its start or at its peak"),
        (SLOWER, "nc_std is 0 at its peak, or nc_mean at its start"),
    ):
        (finding,) = check.judge([cell_with(lambda *_: flat)])
        assert finding.status == "inconclusive"
        assert finding.why.startswith(words)


def test_of_several_cells_one_differs_only_after_holm() -> None:
    odd = cell_with(lambda seed, _: {"nc_mean": [2.0, 0.2 * [1.3, 1.5, 1.2, 1.1, 1.6][seed]]})
    true = cell_with(lambda seed, _: {"nc_mean": [2.0, 0.02 + 0.001 * seed]})
    assert COLLAPSE.judge([odd])[0].status == "differs"
    many = COLLAPSE.judge([odd, *[true] * 39])
    assert many[0].status == "inconclusive"
