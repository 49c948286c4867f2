"""Means with their intervals, a line each, named at the left: accuracies, and differences of them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.grouping import Group, Page
from ncmc.figures.painting import ink
from ncmc.figures.styles import SOLID, Style
from ncmc.results.statistics import LEVEL
from ncmc.verdicts.contrasts import contrast
from ncmc.verdicts.verdict import Status

STATUS_STYLES: dict[Status, Style] = {
    "holds": Style("#007a5e", "o", SOLID),
    "differs": Style("#d55e00", "X", SOLID),
    "inconclusive": Style("#7a7a9c", "D", SOLID, filled=False),
    "incomplete": Style("#8c8c8c", "s", SOLID, filled=False),
    "not testable": Style("#8c8c8c", "x", SOLID),
}
SIDES = {  # of 0 -> how a difference looks
    "above": STATUS_STYLES["holds"],
    "below": STATUS_STYLES["differs"],
}
UNDECIDED = STATUS_STYLES["inconclusive"]  # not told apart, or too few seeds
LINE_HEIGHT = 0.17  # inches
WIDTH = 4.2  # inches of a panel alone: letters can be read at 85 mm, a column of a journal
INTERVAL = (
    "lines are 95 % intervals, or wider ones where seeds are added in planned steps; above or below: "
    "0 lies outside; a mark without a line has too few seeds to be judged"
)


@dataclass(frozen=True)
class Mark:
    """A mean over seeds, in percent or points of accuracy, with its interval."""

    row: str
    series: str  # tells the marks of one row apart
    mean: float
    low: float | None  # None: too few seeds
    high: float | None
    level: float  # of the interval
    seeds: int
    word: str = ""  # what it says


Styles = Mapping[tuple[str, str], Style]  # (row, series) -> how it looks


def accuracy_panel(group: Group, title: str) -> Panel:
    """Every method of a group, the best first."""
    rows = []
    for line in group.by_mean:
        low, high = line.cell.interval or (None, None)
        rows.append(Mark(line.label, "", line.mean, low, high, LEVEL, line.cell.n))
    styles = {(line.label, ""): line.style for line in group.lines}
    words = f"test accuracy, % (chance {group.chance:.3g})"
    return Panel(title, tuple(rows), partial(draw_marks, styles=styles, words=words))


def difference_panel(page: Page, method: str) -> Panel | None:
    """A method minus each other one of its groups, which are the series; None without a pair."""
    rows = [row for group in page.groups for row in differences(group, method, page.own(group))]
    order = {label: place for place, label in enumerate(dict.fromkeys(row.row for row in rows))}
    rows.sort(key=lambda row: order[row.row])  # the series of a row below each other
    return differences_drawn(method, rows) if rows else None


def differences(group: Group, method: str, series: str = "") -> list[Mark]:
    """A method minus each other one of a group after the last epoch, and its side of 0.

    Intervals are at the level of the look. Without an interval the word is how many seeds there are.
    None where the method has no record.
    """
    marks = []
    ours = next((line for line in group.lines if line.label == method), None)
    for line in group.lines if ours else ():
        if ours and line is not ours:
            gap = contrast([(1.0, ours.cell), (-1.0, line.cell)], "last")
            low, high = gap.interval or (None, None)
            mean, level, word = gap.difference.mean, gap.level, gap.side or gap.seeds
            marks.append(Mark(line.label, series, mean, low, high, level, gap.n, word))
    return marks


def differences_drawn(method: str, rows: Sequence[Mark]) -> Panel:
    """A method minus others, with a line at 0, by colour, marker and word.

    What all series share is said below.
    """
    series = {row.series for row in rows}
    shared = {name.partition(", ")[0] for name in series}
    said = (series if len(series) == 1 else shared) if len(shared) == 1 else set()
    points = ", ".join(filter(None, ("points of accuracy", *said)))
    below = f"{points}\nright of 0: {method} is better"
    styles = {(row.row, row.series): SIDES.get(row.word, UNDECIDED) for row in rows}
    draw = partial(draw_marks, styles=styles, words=below, zero=True, said="".join(said))
    return Panel(f"{method} minus", tuple(rows), draw)


def height(rows: Sequence[Mark]) -> float:
    """Inches that the rows of a panel need."""
    return 0.9 + LINE_HEIGHT * (_places(rows)[-1] + 1)


def _places(rows: Sequence[Mark]) -> list[float]:
    """Where each mark stands, downwards: rows of several series are half a line apart."""
    several = len({row.series for row in rows}) > 1
    places, place = [0.0], 0.0
    for before, row in itertools.pairwise(rows):
        place += 1.5 if several and row.row != before.row else 1.0
        places.append(place)
    return places


def draw_marks(
    axes: Any,
    rows: Sequence[Mark],
    styles: Styles,
    words: str,
    zero: bool = False,
    said: str = "",
) -> None:
    """A marker with its interval at each line, its label at the left and its word at the right.

    `zero`: whether a line stands at 0. `said`: the start of all series, which the words below say.
    """
    places = _places(rows)
    for y, row in zip(places, rows, strict=True):
        style = styles[row.row, row.series]
        if row.low is not None:
            axes.plot([row.low, row.high], [y, y], color=style.colour, linewidth=1.4)
        axes.plot([row.mean], [y], linestyle="none", markersize=4.6, **style.marker_keys)
        if row.word:
            beside = axes.get_yaxis_transform()
            axes.text(1.02, y, row.word, transform=beside, va="center", fontsize=7.5)
    if zero:
        axes.axvline(0, color=ink(), linewidth=0.9)
    above = ("", *(row.row for row in rows))
    shown = [replace(row, series=row.series.removeprefix(said).removeprefix(", ")) for row in rows]
    axes.set_yticks(places, [_label(row, name) for row, name in zip(shown, above, strict=False)])
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.margins(x=0.07)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(words)


def _label(row: Mark, above: str) -> str:
    """The row, where another one stands above, and the series."""
    return ", ".join(part for part in ("" if row.row == above else row.row, row.series) if part)
