"""Each number of docs/errata.md is the one that its command prints."""

import pytest
from conftest import here

from ncmc.paper import theorems
from ncmc.paper.errata import Evidence, errata

BY_CHECK: dict[str, list[Evidence]] = {}
for _entry in errata(here()):
    for _number in _entry.evidence:
        BY_CHECK.setdefault(_number.check, []).append(_number)


SAMPLED = ("T2", "T6", "T7")  # seconds each


@pytest.mark.parametrize(
    "check",
    [pytest.param(c, marks=pytest.mark.slow) if c in SAMPLED else c for c in sorted(BY_CHECK)],
)
def test_the_theory_prints_the_numbers_of_the_errata(check: str) -> None:
    measured = theorems.check(here(), check).outcome.measured
    for number in BY_CHECK[check]:
        assert number.measure in measured, sorted(measured)
        expected = pytest.approx(number.value, rel=0, abs=number.within)
        assert measured[number.measure] == expected, number.measure
