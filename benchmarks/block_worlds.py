"""How wide the interval of a pair is where each seed has its own split, and how often it is right.

    python -m benchmarks.block_worlds                   # the table of docs/verdicts.md, 3 minutes
    python -m benchmarks.block_worlds --worlds 200

A block of 12 cells and three seeds at the first of two looks (3, 5), whose intervals are to cover
96.5 %. A value is its cell's mean, plus its split's (deviation 1 point), plus what the cell makes of
that split (0.5), plus its seed's (0.9). Compared: the paired t-test of the two cells alone, and the
spread of the block (results/shared_spread.py), whole or in part. tests/verdicts/test_blocks.py is the
small version.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ncmc.results.looks import levels
from ncmc.results.shared_spread import block_of, over_settings
from ncmc.results.statistics import Difference, against, combine, sample
from ncmc.verdicts.contrasts import shown_or_excluded

LOOKS = (3, 5)
CELLS = 12
GAIN = 3.0  # points: the advantage that is to be shown
DELTA = 0.5  # ... and the one that must be excluded to refute (papers/ncmc/checks.yaml)
PART, WHOLE = 7, 13  # cells of a block that is judged before all of them have their seeds
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Floats]  # k, n -> (k, n) values about 0


def values(
    rng: np.random.Generator, k: int, n: int, split: float = 1.0, own: Floats | float = 1.0
) -> Floats:
    """(k, n) values about 0; `own` multiplies what is a cell's own."""
    noise = np.hypot(0.5, 0.9) * rng.normal(0, 1, (k, n))
    return rng.normal(0, split, n) + np.reshape(own, (-1, 1)) * noise


def by_method(rng: np.random.Generator, k: int, n: int) -> Floats:
    """Deviations from 0.3 to 2.5 by method."""
    return values(rng, k, n, own=rng.permutation(np.geomspace(0.3, 2.5, k)))


def heavy(rng: np.random.Generator, k: int, n: int) -> Floats:
    """Student's t of three degrees of freedom."""
    return rng.normal(0, 1, n) + rng.standard_t(3, (k, n)) / math.sqrt(3) * math.hypot(0.5, 0.9)


def one_wild(rng: np.random.Generator, k: int, n: int) -> Floats:
    """The first cell, which is compared, varies 2.8 times as much as the rest."""
    return values(rng, k, n, own=np.array([2.8, *[1.0] * (k - 1)]))


def twins(rng: np.random.Generator, k: int, n: int) -> Floats:
    """Half of the cells are rules on the trained network of the other half: they share its luck."""
    half = values(rng, k // 2, n)
    return np.concatenate([half, half + rng.normal(0, 0.3, half.shape)])


WORLDS: dict[str, Draw] = {
    "alike": values,
    "strong splits": lambda rng, k, n: values(rng, k, n, split=3.0),
    "deviations 0.3 to 2.5 by method": by_method,
    "t with 3 degrees of freedom": heavy,
    "one varies 2.8 times as much": one_wild,
    "half are rules on the others' networks": twins,
}


def paired(drawn: Floats) -> Difference:
    """The paired t-test of the first two cells."""
    return against(sample((drawn[0] - drawn[1]).tolist()), 0.0)


def of_block(drawn: Floats) -> Difference:
    """The difference of the first two cells, with the spread of the block."""
    rows = block_of(drawn)
    assert rows
    return combine([(1.0, rows[0]), (-1.0, rows[1])])


def rates(
    draw: Draw, estimate: Callable[[Floats], Difference], worlds: int, k: int
) -> dict[str, float]:
    """Coverage in percent, mean half width, and how often a true advantage of GAIN is shown."""
    rng, level = np.random.default_rng(0), 1 - levels(LOOKS)[0]
    ends = np.array(
        [
            estimate(draw(rng, k, LOOKS[0])).interval(level) or (-np.inf, np.inf)
            for _ in range(worlds)
        ]
    )
    low, high = ends.T
    return {
        "coverage": 100 * float(np.mean((low <= 0) & (high >= 0))),
        "half width": float(np.mean(high - low) / 2),
        "power": 100 * float(np.mean(low > -GAIN)),
    }


def average_coverage(worlds: int, correlation: float) -> dict[str, float]:
    """Of the average of two settings, whose cells' own spreads are correlated: now and before."""
    rng, level = np.random.default_rng(1), 1 - levels(LOOKS)[0]
    hits = {"block": 0, "sums by seed": 0}
    for _ in range(worlds):
        shared = values(rng, CELLS, 3, split=0.0)
        own, common = math.sqrt(1 - correlation), math.sqrt(correlation)
        settings = [own * values(rng, CELLS, 3, split=0.0) + common * shared for _ in range(2)]
        sums = sample(np.mean([s[0] - s[1] for s in settings], axis=0).tolist())
        differences = [of_block(s) for s in settings]
        hits["block"] += _covers(over_settings([_half(d) for d in differences], sums), level)
        hits["sums by seed"] += _covers(against(sums, 0.0), level)
    return {name: 100 * n / worlds for name, n in hits.items()}


def part_and_whole(worlds: int, gain: float) -> dict[str, float]:
    """How often a verdict changes, in percent, when the rest of its block gets its seeds.

    The first cell is truly `gain` above the second. Judged as `greater` is: with the spread of PART
    cells, and of all WHOLE; `changes`: from one to the other.
    """
    rng, level = np.random.default_rng(2), 1 - levels(LOOKS)[0]
    told: Counter[str] = Counter()
    for _ in range(worlds):
        drawn = values(rng, WHOLE, LOOKS[0])
        drawn[0] += gain
        part, whole = (
            shown_or_excluded(of_block(drawn[:k]).interval(level), DELTA) for k in (PART, WHOLE)
        )
        told.update({f"part {part}", f"whole {whole}"})
        if part != whole:
            told.update({"changes", f"{part}, then {whole}"})
    return {name: 100 * n / worlds for name, n in sorted(told.items())}


def _half(difference: Difference) -> Difference:
    return Difference(difference.mean / 2, difference.error / 2, difference.df)


def _covers(difference: Difference, level: float) -> bool:
    low, high = difference.interval(level) or (-math.inf, math.inf)
    return low <= 0 <= high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=4000)
    worlds = parser.parse_args().worlds
    found: dict[str, object] = {
        name: {
            "pair alone": rates(draw, paired, worlds, CELLS),
            "block": rates(draw, of_block, worlds, CELLS),
            "block of 5": rates(draw, of_block, worlds, 5) if name == "alike" else None,
        }
        for name, draw in WORLDS.items()
    }
    for correlation in (0.0, 0.5, 1.0):
        found[f"average of two settings, correlation {correlation:g}"] = average_coverage(
            worlds, correlation
        )
    for gain in (0.0, DELTA, 1.5, GAIN):
        found[f"{PART} of {WHOLE} cells, then all, truly {gain:g} above"] = part_and_whole(
            worlds, gain
        )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
