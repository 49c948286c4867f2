"""The board as a forest plot: each check's advantage with its interval, and its verdict."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.board.entries import Board
from ncmc.figures.figure import Figure, Panel
from ncmc.figures.styles import Look
from ncmc.figures.svg import ink
from ncmc.results.wording import plural, sentence
from ncmc.verdicts.verdict import MARKS, STATUSES, Status, Verdict

# Of the kinds that compare two sides, or ours with a printed number, in points of accuracy.
ADVANTAGES = ("greater", "slight", "equal", "largest", "number")
POINTS = ("last", "best")
LOOKS: dict[Status, Look] = {
    "holds": Look("holds", "#007a5e", "o", 0),
    "differs": Look("differs", "#d55e00", "X", 0),
    "inconclusive": Look("inconclusive", "#7a7a9c", "D", 0, filled=False),
    "incomplete": Look("incomplete", "#8c8c8c", "s", 0, filled=False),
    "not testable": Look("not testable", "#8c8c8c", "x", 0),
}
LONGEST = 72  # letters of a line of a label


@dataclass(frozen=True)
class Checked:
    """A check, or one of its settings, as the board has it. Advantages in points of accuracy."""

    table: str
    claim: str
    check: str  # its id; of a number of the paper, which several tables may hold, the number's
    says: str
    setting: str  # empty: all of its settings together
    status: Status
    estimate: float | None  # None: it is not about an advantage, or not measured
    low: float | None  # 95 % interval
    high: float | None
    delta: float | None  # the smallest advantage that matters; None: none is stated
    shown: int | None  # settings in which the claim is shown, at least
    of: int | None


def forest(board: Board, title: str, banner: str | None = None) -> Figure | None:
    """The board's checks below each other; None where nothing has records."""
    rows = tuple(row for entry in board.entries for v in entry.verdicts for row in _rows(v))
    checks = [row for row in rows if not row.setting]
    if all(row.status == "not testable" for row in checks):
        return None
    left_out = sum(v.status == "incomplete" for e in board.entries for v in e.verdicts)
    statuses = [status for status in STATUSES if any(row.status == status for row in checks)]
    caption = " ".join(
        sentence(part)
        for part in (
            "Each check of the board: the advantage that it is about, in points of accuracy, with "
            "its 95 % interval, and its verdict by colour and marker; pale strokes are its single "
            "settings",
            "The line is 0, the dotted ones are the smallest advantage that matters, where one is "
            "stated. A check of something else, such as a curve, has its verdict alone",
            "A number of the paper stands as ours minus the printed one",
            f"{plural(left_out, 'check')} without all of its records: not drawn"
            if left_out
            else "",
        )
        if part
    )
    return Figure(
        name="claims",
        title=title,
        caption=caption,
        panels=(Panel("", rows, draw_forest),),
        size=(9.0, 0.7 + 0.31 * len(checks)),
        looks=tuple(LOOKS[status] for status in statuses),
        banner=banner,
    )


def _rows(verdict: Verdict) -> list[Checked]:
    """A verdict's row, then one for each of its settings if there are several."""
    if verdict.status == "incomplete":
        return []
    findings = verdict.findings
    together = verdict.numbers or (findings[0].numbers if len(findings) == 1 else {})
    rows = [_row(verdict, "", verdict.status, together)]
    if len(findings) > 1:
        rows += [_row(verdict, f.label, f.status, f.numbers) for f in findings]
    return rows


def _row(verdict: Verdict, setting: str, status: Status, numbers: Any) -> Checked:
    about = verdict.kind in ADVANTAGES and verdict.measure in POINTS
    known = {key: value for key, value in numbers.items() if isinstance(value, int | float)}
    shown, of = (known.get(key) for key in ("shown", "of"))
    return Checked(
        table=verdict.table,
        claim=verdict.claim or "",
        check=verdict.id,
        says=verdict.says,
        setting=setting,
        status=status,
        estimate=known.get("estimate") if about else None,
        low=known.get("low") if about else None,
        high=known.get("high") if about else None,
        delta=known.get("delta") if about else None,
        shown=None if shown is None else int(shown),
        of=None if of is None else int(of),
    )


def draw_forest(axes: Any, rows: Sequence[Checked]) -> None:
    """A line a check: its words on the left, its advantage, and its verdict on the right."""
    checks = [row for row in rows if not row.setting]
    places = {(row.table, row.check): y for y, row in enumerate(checks)}
    for row in rows:
        y, look = places[row.table, row.check], LOOKS[row.status]
        if row.estimate is None:
            continue
        if row.setting:
            axes.plot([row.estimate], [y], "|", color=look.colour, alpha=0.45, markersize=7)
            continue
        if row.low is not None:
            axes.plot([row.low, row.high], [y, y], color=look.colour, linewidth=1.5)
        axes.plot([row.estimate], [y], linestyle="none", markersize=5.5, **look.marker_keys)
    axes.axvline(0, color=ink(), linewidth=0.9)
    for delta in sorted({row.delta for row in checks if row.delta}):
        for side in (-delta, delta):
            axes.axvline(side, color=ink(), linewidth=0.8, dashes=(1, 2))
    axes.set_yticks(range(len(checks)), [_label(row) for row in checks])
    axes.set_ylim(len(checks) - 0.4, -0.6)
    for row in checks:
        axes.text(
            1.01,
            places[row.table, row.check],
            _told(row),
            transform=axes.get_yaxis_transform(),
            va="center",
            color=LOOKS[row.status].colour,
            fontsize=7.5,
        )
    axes.grid(True, axis="x")
    axes.tick_params(axis="y", labelsize=7.5)
    axes.set_xlabel("advantage, points of accuracy")


def _label(row: Checked) -> str:
    """Its id, table and words, in two lines at most."""
    lines = textwrap.wrap(f"{row.check} ({row.table})  {row.says}", LONGEST)
    return "\n".join(lines[:2]) + ("…" if len(lines) > 2 else "")


def _told(row: Checked) -> str:
    seen = f", {row.shown} of {row.of}" if row.shown is not None and row.of else ""
    return f"{MARKS[row.status]} {row.status}{seen}"
