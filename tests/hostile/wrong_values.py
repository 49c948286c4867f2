"""What a field is -> values that it must not have, and how to put one into a document."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]

HUGE = 10**30
DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]

# What a field is -> values that it must not have. `?`: null is allowed.
WRONG: dict[str, tuple[Any, ...]] = {
    "text": (None, 5, True, 1.5, [], {}, ["a"], math.nan),
    "text?": (5, True, [], {}, ["a"]),
    "choice": (None, "", "typo", 5, True, [], {}, "[/b]", "x" * 5000),
    "choice?": ("", "typo", 5, True, [], {}, "[/b]", "x" * 5000),
    "count": (None, 0, -1, 1.5, True, "3", "", [], {}, math.inf, math.nan),
    "channels": (None, 0, 2, -1, 1.5, True, "3", [], {}),
    "count?": (0, -1, 1.5, True, "3", [], {}, math.nan),
    "from 0": (None, -1, 1.5, True, "3", [], {}, math.nan),
    "positive": (None, 0, -0.1, True, "0.1", [], {}, math.inf, -math.inf, math.nan),
    "not negative": (None, -0.1, True, "0.1", [], {}, math.inf, math.nan),
    "number": (None, True, "0.1", [], {}, math.inf, math.nan),
    "share": (None, -0.1, 1.1, True, "1", [], {}, math.nan),
    "part": (None, 0, 1, -0.5, "0.5", [], {}, math.nan),
    "tau": (None, 0, -0.1, 1.5, True, "", [], {}, math.inf, math.nan),
    "percent": (None, -0.1, 100.1, True, "80", [], {}, HUGE, math.inf, math.nan),
    "yes or no": (None, 0, 1, "yes", "true", "", [], {}),
    "list": (None, "a", 5, True, {}, {"a": 1}),
    "list?": ("a", 5, True, {}),
    "mapping": (None, "a", 5, True, [], ["a"], DEEP),
    "percent?": (-0.1, 100.1, True, "80", [], {}, HUGE, math.nan),
    "number?": (True, "0.1", [], {}, math.inf, math.nan),
    "yes or no?": (0, 1, "yes", [], {}),
    "hash": (None, "", "abc", "g" * 64, 5, [], {}),
    "checksum": ("", "abc", "z" * 32, 5, [], {}, "A" * 32),
    "id": (None, "", 5, True, [], {}, "a b", "<script>", "x" * 300, "../a", "a\nb"),
    "file": (
        None,
        "",
        5,
        [],
        {},
        "../x",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "a\nb",
        "$(touch PWNED)",
    ),
    "name": (None, "", 5, True, [], {}, "nobody", "../x", "a\nb", "$(touch PWNED)", "x" * 5000),
}


def fields(text: str) -> Iterator[tuple[str, Place]]:
    """(kind, place) of every field that such a text lists."""
    for line in text.strip().splitlines():
        kind, _, places = line.partition(": ")
        for place in places.split():
            yield kind, tuple(int(part) if part.isdigit() else part for part in place.split("."))


def wrong(*texts: str) -> Iterator[tuple[int, Place, Any, bool]]:
    """(number of the text, place, value, whether only a thorough run tries it) of what texts list.

    The first field of each kind is tried with every value, the others with a third of them in turn:
    fields of a kind share their validator, and a plain run meets every field and every value.
    """
    turns: Counter[str] = Counter()
    for text_number, text in enumerate(texts):
        for kind, place in fields(text):
            for number, value in enumerate(WRONG[kind]):
                thorough = turns[kind] > 0 and (turns[kind] + number) % 3 > 0
                yield text_number, place, value, thorough
            turns[kind] += 1


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
