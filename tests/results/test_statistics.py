"""Intervals, tests and power against SciPy, statsmodels and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW, ttost_ind

from ncmc.results import statistics

values = st.lists(st.floats(0, 100), min_size=2, max_size=8).filter(lambda v: np.std(v) > 1e-3)
margins = st.floats(0.1, 20)


def test_std_is_the_sample_standard_deviation() -> None:
    assert statistics.sample([1.0, 2.0, 4.0]).std == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert statistics.sample([3.0]) == statistics.Sample(3.0, None, 1)


@settings(deadline=None, max_examples=40)
@given(values, values)
def test_welch_agrees_with_scipy(first: list[float], second: list[float]) -> None:
    ours = statistics.welch(statistics.sample(first), statistics.sample(second))
    theirs = stats.ttest_ind(first, second, equal_var=False)
    assert ours.p_different() == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-12)
    interval = theirs.confidence_interval(0.95)
    assert ours.interval() == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(values, values, margins)
def test_tost_agrees_with_statsmodels(
    first: list[float], second: list[float], margin: float
) -> None:
    ours = statistics.welch(statistics.sample(first), statistics.sample(second))
    theirs = ttost_ind(np.array(first), np.array(second), -margin, margin, usevar="unequal")[0]
    assert ours.p_equivalent(margin) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(values, st.floats(0, 100), margins)
def test_tost_against_a_given_number_agrees_with_statsmodels(
    ours: list[float], number: float, margin: float
) -> None:
    difference = statistics.against(statistics.sample(ours), number)
    theirs = DescrStatsW(np.array(ours)).ttost_mean(number - margin, number + margin)[0]
    assert difference.p_equivalent(margin) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_holm_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 3, 7, 12):
        p_values = [*rng.uniform(0, 0.1, n), 0.5, 0.5]
        assert statistics.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_tost_and_the_90_percent_interval_say_the_same() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        difference = statistics.against(statistics.sample(rng.normal(0.3, 0.4, 4).tolist()), 0.0)
        interval, p_equivalent = difference.interval(0.90), difference.p_equivalent(1.0)
        assert interval is not None
        assert p_equivalent is not None
        low, high = interval
        assert (p_equivalent < 0.05) == (low > -1 and high < 1)


def test_one_seed_has_no_interval_and_no_test() -> None:
    one, three = statistics.sample([50.0]), statistics.sample([40.0, 41.0, 42.0])
    difference = statistics.welch(one, three)
    assert difference.mean == pytest.approx(9.0)
    assert difference.interval() is None
    assert difference.p_different() is None
    assert difference.p_equivalent(1.0) is None


def test_seeds_without_spread_tell_nothing() -> None:
    same = statistics.sample([10.0, 10.0, 10.0])
    for difference in (statistics.against(same, 9.5), statistics.welch(same, same)):
        assert difference.interval() is None
        assert difference.p_different() is None
        assert difference.p_above(0.0) is None
        assert difference.p_equivalent(1.0) is None


def test_one_sided_p_values_are_those_of_the_interval() -> None:
    found = statistics.against(statistics.sample([1.0, 2.0, 2.5, 0.8]), 0.0)
    low, high = found.interval(0.95) or (0.0, 0.0)
    assert found.p_above(low) == pytest.approx(0.025)
    assert found.p_below(high) == pytest.approx(0.025)
    assert found.p_outside(0.0) == pytest.approx((found.p_different() or 0.0) / 2)
    inner = found.interval(0.90) or (0.0, 0.0)
    assert found.p_outside(inner[0]) == pytest.approx(0.05)


def test_a_small_reported_deviation_adds_no_certainty_of_itself() -> None:
    """Ten seeds of ours against three of theirs: df are at most those of equal deviations."""
    ours = statistics.Sample(80.0, 0.5, 10)
    small, large = (
        statistics.against_reported(ours, statistics.Sample(80.0, std, 3)) for std in (0.05, 5.0)
    )
    equal = (1 / 10 + 1 / 3) ** 2 / ((1 / 10) ** 2 / 9 + (1 / 3) ** 2 / 2)
    assert small.df == pytest.approx(equal)
    assert large.df == pytest.approx(statistics.welch(ours, statistics.Sample(80.0, 5.0, 3)).df)
    assert large.df < equal


def test_the_interval_beside_a_reported_number_covers_as_often_as_it_says() -> None:
    """Satterthwaite's df alone: 93.2 %."""
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(4000):
        ours, theirs = (statistics.sample(rng.normal(80, 0.5, n).tolist()) for n in (10, 3))
        low, high = statistics.against_reported(ours, theirs).interval() or (1.0, 0.0)
        hits.append(low <= 0 <= high)
    assert np.mean(hits) > 0.945


def test_shown_is_the_largest_u_of_the_partial_conjunction() -> None:
    assert statistics.shown([0.04, 0.05, 0.03], 0.05) == {0, 1, 2}  # u = 3: the largest p
    assert statistics.shown([0.04, 0.06, 0.03], 0.05) == frozenset()
    assert statistics.shown([0.2, 0.01, 0.012, 0.9], 0.05) == {1, 2}  # 3 x 0.012, not 2 x 0.2
    assert statistics.shown([], 0.05) == frozenset()


def test_what_is_shown_is_hochbergs_of_statsmodels() -> None:
    rng = np.random.default_rng(8)
    for _ in range(100):
        p_values = (rng.uniform(0, 1, 6) ** 3).tolist()
        rejected = multipletests(p_values, 0.05, method="simes-hochberg")[0]
        assert statistics.shown(p_values, 0.05) == set(np.flatnonzero(rejected).tolist())


def test_more_than_there_are_is_rarely_shown() -> None:
    """Seven settings of twelve have an effect: 8 or more are said in at most 5 %."""
    rng = np.random.default_rng(9)
    z = rng.normal(0, 1, (4000, 12)) + np.where(np.arange(12) < 7, 4.0, 0.0)
    found = [len(statistics.shown(stats.norm.sf(row).tolist(), 0.05)) for row in z]
    assert np.mean(np.array(found) > 7) <= 0.055
    assert np.mean(np.array(found) == 7) > 0.6
