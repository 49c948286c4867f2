"""What a page opens with: what was checked at which scale, what holds, what does not, what is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ncmc.plan.grid_file import Scale
from ncmc.results.wording import plural
from ncmc.verdicts.verdict import STATUSES, Status
from ncmc.verdicts.wording import verb

SCALES: dict[Scale, str] = {
    "paper": "at the paper's scale",
    "reduced": "at reduced scale",
    "reference": "of the calibration",
}
MOST_NAMED = 6  # of one status, in the line that names them


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
    scale: Scale
    parts: tuple[Part, ...]

    @property
    def open_parts(self) -> tuple[Part, ...]:
        """What does not hold, for a reader who asks what it is."""
        return tuple(part for part in self.parts if part.status != "holds")


def answers(judged: Sequence[Judged], word: str = "check") -> list[Answer]:
    """An answer for each scale that something was judged at, the paper's first."""
    found = ((scale, [j for j in judged if j.scale == scale]) for scale in SCALES)
    return [_answer(scale, of_scale, word) for scale, of_scale in found if of_scale]


def _answer(scale: Scale, judged: Sequence[Judged], word: str) -> Answer:
    parts = []
    for status in STATUSES:
        found = [entry for entry in judged if entry.status == status]
        if found:
            words = f"{len(found)} {verb(status, len(found))}"
            named = tuple((entry.id, anchor(entry)) for entry in found[:MOST_NAMED])
            parts.append(Part(status, words, named, len(found) - len(named)))
    return Answer(f"{plural(len(judged), word)} {SCALES[scale]}", scale, tuple(parts))


def anchor(judged: Judged) -> str:
    """The id of its element on a page: one claim may be judged at several scales."""
    return f"v-{judged.id}" if judged.scale == "paper" else f"v-{judged.id}-{judged.scale}"
