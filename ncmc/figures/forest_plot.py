"""The board as a forest plot: each check's advantage with its interval, and its verdict."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.board.entries import Board
from ncmc.figures.figure import Figure, Panel
from ncmc.figures.marks import STATUS_STYLES
from ncmc.figures.painting import ink
from ncmc.results.wording import capital, plural, sentence
from ncmc.verdicts.verdict import MARKS, Status, Verdict

# Of the kinds that compare two sides, or ours with a printed number, in points of accuracy.
ADVANTAGES = ("greater", "slight", "equal", "largest", "number")
POINTS = ("last", "best")
HERE = " at this scale"  # which the banner says
LETTERS = 64  # of a line of a label


@dataclass(frozen=True)
class Checked:
    """A check as the board has it. Advantages in points of accuracy."""

    table: str
    claim: str
    check: str  # its id; of a number of the paper, which several tables may hold, the number's
    says: str
    status: Status
    outcome: str  # the status in the words of its scale
    estimate: float | None  # None: it is not about an advantage, or not measured
    low: float | None
    high: float | None
    level: float | None  # of the interval
    delta: float | None  # the smallest advantage that matters; None: none is stated
    shown: int | None  # settings in which the claim is shown, at least
    of: int | None


def claims_figure(board: Board, title: str, banner: str | None = None) -> Figure | None:
    """The board's checks below each other; None where nothing has records."""
    verdicts = [v for e in board.entries for v in e.verdicts if v.status != "not checked"]
    rows = tuple(_row(verdict) for verdict in verdicts if verdict.status != "incomplete")
    if all(row.status == "not testable" for row in rows):
        return None
    left_out = len(verdicts) - len(rows)
    parts = [
        "Each check of the board: the advantage that it is about, in points of accuracy, with its "
        "interval (95 %, or at the level of its look), and its verdict by word, colour and marker",
        "The line is 0, the dotted ones are the smallest advantage that matters, where one is "
        "stated. A check of something else, such as a curve, has its verdict alone",
        "A number of the paper stands as ours minus the printed one",
    ]
    if left_out:
        parts.append(f"{plural(left_out, 'check')} without all of its records: not drawn")
    labels = [_label(row, rows) for row in rows]
    lines = sum(label.count("\n") + 1 for label in labels)
    return Figure(
        name="claims",
        title=title,
        caption=" ".join(map(sentence, parts)),
        panels=(Panel("", rows, partial(draw_claims, labels=labels)),),
        size=(9.0, 0.7 + 0.12 * len(rows) + 0.14 * lines),
        banner=banner,
    )


def _row(verdict: Verdict) -> Checked:
    """A verdict over all its settings, with the numbers that it says of them together."""
    only = verdict.findings[0].numbers if len(verdict.findings) == 1 else {}
    numbers = {k: n for k, n in (verdict.numbers or only).items() if isinstance(n, int | float)}
    about = verdict.kind in ADVANTAGES and verdict.measure in POINTS
    keys = ("estimate", "low", "high", "level", "delta")
    shown, of = (numbers.get(key) for key in ("shown", "of"))
    return Checked(
        table=verdict.table,
        claim=verdict.claim or "",
        check=verdict.id,
        says=verdict.says,
        status=verdict.status,
        outcome=verdict.outcome.removesuffix(HERE),
        shown=None if shown is None else int(shown),
        of=None if of is None else int(of),
        **{key: numbers.get(key) if about else None for key in keys},
    )


def draw_claims(axes: Any, rows: Sequence[Checked], labels: Sequence[str]) -> None:
    """A line per check: its words on the left, its advantage, and its verdict on the right."""
    for y, row in enumerate(rows):
        style = STATUS_STYLES[row.status]
        if row.low is not None:
            axes.plot([row.low, row.high], [y, y], color=style.colour, linewidth=1.5)
        if row.estimate is not None:
            axes.plot([row.estimate], [y], linestyle="none", markersize=5.5, **style.marker_keys)
        settings = f", {row.shown} of {row.of}" if row.shown is not None and row.of != 1 else ""
        word = f"{MARKS[row.status]} {row.outcome}{settings}"
        beside = axes.get_yaxis_transform()
        axes.text(1.01, y, word, transform=beside, va="center", fontsize=7.5)
    axes.axvline(0, color=ink(), linewidth=0.9)
    for delta in sorted({row.delta for row in rows if row.delta}):
        for side in (-delta, delta):
            axes.axvline(side, color=ink(), linewidth=0.8, dashes=(1, 2))
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(True, axis="x")
    axes.tick_params(axis="y", labelsize=7.5)
    axes.set_xlabel("advantage, points of accuracy")


def _label(row: Checked, checks: Sequence[Checked]) -> str:
    """Its words, then its id; with its table where others have the same."""
    several = Counter(other.check for other in checks)[row.check] > 1
    lines = textwrap.wrap(capital(row.says), LETTERS, max_lines=2, placeholder=" …")
    name = f"({row.check}{f', {row.table}' if several else ''})"
    return "\n".join(lines) + f" {name}"
