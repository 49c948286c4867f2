"""Numbers of seeds, looks and points as configuration files write them, each with its source."""

import itertools
from typing import Annotated

from pydantic import AfterValidator, Field

from ncmc.system.documents import Strict

MOST_SEEDS = 1000
MOST_LOOKS = 10

Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]


def _rising(looks: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in itertools.pairwise(looks)) or looks[0] < 2:
        raise ValueError(
            f"looks are {list(looks)}; allowed: rising numbers of seeds from 2 on, such as [3, 5, 10]"
        )
    return looks


# Numbers of seeds at which a table is judged, each with its share of the 5 % (results/looks.py).
Looks = Annotated[
    tuple[Seeds, ...], Field(min_length=1, max_length=MOST_LOOKS), AfterValidator(_rising)
]


class SourcedSeeds(Strict):
    """A number of seeds and where it comes from."""

    value: Seeds
    source: str


class SourcedLooks(Strict):
    """Numbers of seeds at which tables are judged, and where they come from."""

    value: Looks
    source: str


class SourcedPoints(Strict):
    """Points of accuracy and where they come from."""

    value: Annotated[float, Field(gt=0, le=100)]
    source: str
