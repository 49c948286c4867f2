"""The moderation of variances against limma's figures, and its coverage by simulation."""

import math

import numpy as np
import pytest
from scipy import optimize, special

from ncmc.results import shared_spread
from ncmc.results.shared_spread import Prior, prior_of
from ncmc.results.statistics import Sample, combine, sample

# Deviations and seeds of eight cells, and what `fit_f_dist` of pylimma 0.2.0 (a port of limma's
# fitFDist) makes of their variances.
LIMMA = [
    (
        [0.806, 0.637, 0.702, 1.154, 0.429, 0.818, 0.584, 2.092],
        [5, 4, 4, 5, 4, 5, 5, 2],
        (0.8964098419921774, 9.357367621516383),
    ),
    (
        [2.189, 0.354, 0.867, 1.496, 0.705, 1.178, 0.28, 0.776],
        [2, 4, 4, 4, 4, 5, 4, 3],
        (0.7214301728005881, 2.818099693199785),
    ),
    (
        [0.28, 5.2, 0.634, 0.042, 0.144, 1.28, 0.124, 0.109],
        [2, 2, 4, 2, 5, 5, 4, 3],
        (0.03665464031508711, 0.7763952956450638),
    ),
]


@pytest.mark.parametrize(("deviations", "seeds", "theirs"), LIMMA)
def test_the_prior_is_limmas(
    deviations: list[float], seeds: list[int], theirs: tuple[float, float]
) -> None:
    found = prior_of([Sample(80.0, s, n) for s, n in zip(deviations, seeds, strict=True)])
    assert found is not None
    assert (found.variance, found.df) == pytest.approx(theirs, rel=1e-6)
    assert found.pooled == sum(seeds) - len(seeds)


def test_deviations_that_are_alike_are_one_with_infinite_degrees_of_freedom() -> None:
    found = prior_of([Sample(80.0, s, 3) for s in (0.5, 0.52, 0.48, 0.51)])
    assert found is not None
    assert math.isinf(found.df)
    assert found.variance == pytest.approx(np.mean(np.square([0.5, 0.52, 0.48, 0.51])))


def test_a_prior_takes_four_cells_with_a_deviation_above_0() -> None:
    three = [Sample(80.0, s, 3) for s in (0.4, 0.5, 0.6)]
    others = [Sample(80.0, 0.0, 3), Sample(80.0, None, 1)]
    assert prior_of([*three, *others]) is None
    assert prior_of([*three, *others, Sample(80.0, 0.7, 2)]) is not None


def test_half_the_priors_degrees_of_freedom_count_and_never_many() -> None:
    for prior, variance, df in (
        (Prior(1.0, 6.0, 40.0), (3 * 1 + 2 * 4) / 5, 5.0),
        (Prior(1.0, math.inf, 40.0), 2.0, 6.0),
        (Prior(1.0, math.inf, 8.0), 2.0, 4.0),  # half of the eight that are pooled
    ):
        moderated = prior.moderate(Sample(80.0, 2.0, 3))
        assert (moderated.std or 0) ** 2 == pytest.approx(variance)
        assert moderated.df == df


def test_a_cell_without_spread_gets_that_of_the_others_and_a_single_seed_none() -> None:
    prior = Prior(0.25, math.inf, 16.0)
    moderated = prior.moderate(sample([80.0, 80.0, 80.0]))
    assert moderated.std == pytest.approx(math.sqrt(4 * 0.25 / 6))
    assert prior.moderate(sample([80.0])) == sample([80.0])


@pytest.mark.parametrize("value", [1e-6, 0.01, 0.4, 1.6449, 30.0, 1e9])
def test_the_inverse_of_trigamma(value: float) -> None:
    def excess(log_y: float) -> float:
        return float(special.polygamma(1, math.exp(log_y))) / value - 1

    slow = math.exp(optimize.brentq(excess, -30, 30, xtol=1e-14))
    assert shared_spread.inverse_trigamma(value) == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_cover_as_often_as_they_say(seeds: int) -> None:
    """18 cells, deviations that differ by a third: 95 % intervals of nine differences."""
    rng = np.random.default_rng(seeds)
    hits, widths, own = [], [], []
    for _ in range(120):
        deviations = 0.5 * np.exp(rng.normal(0, 0.3, (18, 1)))
        plain = [sample(row) for row in (deviations * rng.normal(0, 1, (18, seeds))).tolist()]
        prior = prior_of(plain)
        assert prior is not None
        cells = [prior.moderate(part) for part in plain]
        for i in range(0, 18, 2):
            low, high = combine([(1.0, cells[i]), (-1.0, cells[i + 1])]).interval() or (1.0, 0.0)
            hits.append(low <= 0 <= high)
            widths.append(high - low)
            alone = combine([(1.0, plain[i]), (-1.0, plain[i + 1])]).interval() or (0.0, 0.0)
            own.append(alone[1] - alone[0])
    assert np.mean(hits) > 0.93  # 1,080 intervals: 0.945 give or take 0.014
    assert np.mean(widths) < 0.93 * np.mean(own)
