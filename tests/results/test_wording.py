"""Numbers as people read them."""

import pytest

from ncmc.results import wording
from ncmc.results.statistics import Sample


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Sample(84.13, 0.46, 3), "84.1 ± 0.5"),
        (Sample(84.13, None, 1), "84.1"),
        (None, "–"),
    ],
)
def test_a_mean_and_its_deviation(value: Sample | None, words: str) -> None:
    assert wording.plus_minus(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (86400 * 3 + 4 * 3600, "3 d 4 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "–"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000_000, "2.0 GB")]
)
def test_sizes(count: int, words: str) -> None:
    assert wording.size(count) == words


def test_counts_and_signs() -> None:
    assert [wording.plural(n, "seed") for n in (0, 1, 2000)] == ["0 seeds", "1 seed", "2,000 seeds"]
    assert [wording.counted(*pair) for pair in ((1, 1), (2, 3), (0, 1))] == [
        "1 seed",
        "2 of 3 seeds",
        "0 of 1 seed",
    ]
    assert (wording.signed(1.5), wording.signed(-1.5)) == ("+1.50", "−1.50")
    assert wording.sentence("no table of the paper") == "No table of the paper."
