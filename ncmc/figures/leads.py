"""The lead of one method against an axis such as the budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.class_sizes import plain_ticks
from ncmc.figures.figure import Figure, Panel
from ncmc.figures.styles import Style, style_of
from ncmc.figures.svg import ink
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.wording import sentence
from ncmc.verdicts.check import Pair, gap
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.contrasts import Contrast
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.kinds.trend import Trend

CAPTION = (
    "The mean difference between two methods in points of accuracy, with its 95 % interval, against "
    "{axis} on a logarithmic scale"
)


@dataclass(frozen=True)
class Lead:
    """A difference at one place of the axis, in points of accuracy."""

    lead: str  # which method over which
    axis: str
    place: float
    difference: float
    low: float | None  # 95 % interval; None: no spread
    high: float | None
    seeds: int


def leads(table: Table, cells: CellCache, banner: str | None) -> Figure | None:
    """A panel a check of kind `trend`; None without such records."""
    panels, about = [], None
    for check in checks_of(cells.project, table.name):
        if not isinstance(check, Trend):
            continue
        pairs = cells.pairs(check)
        if rows := tuple(_rows(check, pairs)):
            about, style = check, style_of(_method(pairs[0][1]))
            panels.append(Panel(rows[0].lead, rows, partial(draw_leads, style=style)))
    if about is None:
        return None
    return Figure(
        name="leads",
        title=f"{table.title}: differences",
        caption=sentence(CAPTION.format(axis=about.axis)),
        panels=tuple(panels),
        columns=min(3, len(panels)),
        size=(2.9, 2.4),
        shared=True,
        banner=banner,
    )


def _rows(check: Trend, pairs: Sequence[Pair]) -> list[Lead]:
    """The places that can be compared, in order."""
    whole = [pair for pair in pairs if gap("", check.measured, *pair) is None]
    found = [
        _lead(check, pair, float(pair[0].spec.attributes[check.axis]), check.difference(pair))
        for pair in whole
    ]
    return sorted(found, key=lambda row: row.place)


def _lead(check: Trend, pair: Pair, place: float, found: Contrast) -> Lead:
    low, high = found.interval or (None, None)
    name = " over ".join(_method(cell) for cell in pair)
    return Lead(name, check.axis, place, found.difference.mean, low, high, found.n)


def _method(cell: Cell) -> str:
    return cell.spec.attributes["method"]


def draw_leads(axes: Any, rows: Sequence[Lead], style: Style) -> None:
    """Markers with intervals, joined by a thin line."""
    places = [row.place for row in rows]
    for row in rows:
        if row.low is not None:
            axes.plot([row.place] * 2, [row.low, row.high], color=style.colour)
    differences = [row.difference for row in rows]
    axes.plot(places, differences, color=style.colour, marker=style.marker, linewidth=0.7)
    axes.axhline(0, color=ink(), linewidth=0.9)
    axes.set_xscale("log")
    plain_ticks(axes.xaxis, places)
    axes.set_xlabel(rows[0].axis)
    axes.set_ylabel("points of accuracy")
