"""What a page opens with: what was checked at which scale, what holds, what does not, what is open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ncmc.plan.grid_file import Scale
from ncmc.results.wording import plural
from ncmc.verdicts.verdict import STATUSES, Status, verb

SCALES: dict[Scale, str] = {
    "paper": "at the paper's scale",
    "reduced": "at reduced scale",
    "reference": "of the calibration",
}
NAMED: tuple[Status, ...] = ("differs", "inconclusive")  # what a reader will want to look at ...
MOST_NAMED = 4  # ... with this many of each in the answer


class Judged(Protocol):
    """A verdict, or an entry of the board."""

    @property
    def id(self) -> str:
        """Its name, such as C13."""

    @property
    def scale(self) -> Scale:
        """What it can be about."""

    @property
    def status(self) -> Status:
        """What the results say of it."""


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True)
class Part:
    """What has one status."""

    status: Status
    words: str  # `2 hold`
    named: tuple[tuple[str, str], ...]  # (id, anchor) of the first ...
    more: int  # ... and how many there are beside them


@dataclass(frozen=True)
class Answer:
    """What is known at one scale: `of 5 checks at reduced scale, 4 hold, 1 differs`."""

    subject: str  # `5 checks at reduced scale`
    parts: tuple[Part, ...]


def _checks(judged: Sequence[Judged]) -> str:
    return plural(len(judged), "check")


def answers(judged: Sequence[J], words: Callable[[Sequence[J]], str] = _checks) -> list[Answer]:
    """An answer for each scale that something was judged at, the paper's first.

    `words`: what things of one scale are called together, such as `5 checks`.
    """
    found = ((scale, [j for j in judged if j.scale == scale]) for scale in SCALES)
    return [_answer(scale, told, words(told)) for scale, told in found if told]


def _answer(scale: Scale, judged: Sequence[Judged], words: str) -> Answer:
    parts = []
    for status in STATUSES:
        found = [entry for entry in judged if entry.status == status]
        if found:
            named = found[:MOST_NAMED] if status in NAMED else []
            ids = tuple((entry.id, anchor(entry)) for entry in named)
            said = f"{len(found)} {verb(status, len(found))}"
            parts.append(Part(status, said, ids, len(found) - len(named)))
    return Answer(f"{words} {SCALES[scale]}", tuple(parts))


def anchor(judged: Judged) -> str:
    """The id of its element on a page: one claim may be judged at several scales."""
    return f"v-{judged.id}" if judged.scale == "paper" else f"v-{judged.id}-{judged.scale}"
