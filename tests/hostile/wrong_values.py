"""What a field is -> values that it must not have, and how to put one into a document."""

import math
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]

HUGE = 10**30
DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]

# What a field is -> values that it must not have.
WRONG: dict[str, tuple[Any, ...]] = {
    "text": (None, 5, ["a"]),
    "choice": ("typo", None, "[/b]", "x" * 5000),
    "count": (0, 1.5, None, True, "3", math.inf),
    "channels": (2, "3"),
    "from 0": (-1, 1.5, "3"),
    "positive": (0, "0.1", math.inf, math.nan),
    "not negative": (-0.1, True, math.nan),
    "number": ("0.1", math.inf),
    "share": (1.1, -0.1, math.nan),
    "part": (1, 0, "0.5"),
    "tau": (0, 1.5, "", math.nan),
    "percent": (100.1, -0.1, HUGE, math.nan),
    "yes or no": ("yes", 0),
    "list": ("a", None, {"a": 1}),
    "mapping": (["a"], None, "a", DEEP),
    "hash": ("abc", None, "g" * 64),
    "checksum": ("abc", "z" * 32, "A" * 32),
    "id": ("a b", None, "", "<script>", "x" * 300, "../a"),
    "file": ("../x", None, "/etc/passwd", ".hidden", "a\nb", "$(touch PWNED)"),
    "name": ("nobody", None, "../x", "$(touch PWNED)", "x" * 5000),
}


def fields(text: str) -> Iterator[tuple[str, Place]]:
    """(kind, place) of every field that such a text lists."""
    for line in text.strip().splitlines():
        kind, _, places = line.partition(": ")
        for place in places.split():
            yield kind, tuple(int(part) if part.isdigit() else part for part in place.split("."))


def wrong(*texts: str) -> Iterator[tuple[int, Place, Any]]:
    """(number of the text, place, value): each value of a kind, at its fields in turn.

    Fields of a kind share their validator.
    """
    places: dict[str, list[tuple[int, Place]]] = {}
    for number, text in enumerate(texts):
        for kind, place in fields(text):
            places.setdefault(kind, []).append((number, place))
    for kind, found in places.items():
        values = WRONG[kind]
        for turn, value in enumerate(values):
            yield *found[turn % len(found)], value


def changed(document: Any, place: Place, value: Any) -> Any:
    """The document with another value at one place; a key that is not there is added."""
    if not place:
        return value
    first, *rest = place
    if isinstance(document, list):
        assert isinstance(first, int)
        return [changed(d, tuple(rest), value) if i == first else d for i, d in enumerate(document)]
    known = document or {}
    return known | {first: changed(known.get(first), tuple(rest), value)}


def shown(value: Any) -> str:
    return "deep" if value is DEEP else f"{value!r:.30}".replace("\n", " ")


def dotted(place: Place) -> str:
    """A place in words: `result.history.0.loss`."""
    return ".".join(map(str, place))
