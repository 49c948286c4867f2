"""The lead of one method against an axis such as the budget, and the straight line drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ncmc.plan.grid import Table
from ncmc.report.figures.class_sizes import plain_ticks
from ncmc.report.figures.figure import Figure, Panel
from ncmc.report.figures.styles import Style, style_of
from ncmc.report.figures.svg import ink
from ncmc.results.cells import Cell
from ncmc.results.wording import sentence
from ncmc.verdicts.check import Pair
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.contrasts import Contrast
from ncmc.verdicts.judge import CellCache
from ncmc.verdicts.kinds.trend import Trend

CAPTION = (
    "The mean difference between two methods in points of accuracy, with its 95 % interval, against "
    "{axis} on a logarithmic scale. Dashed is the straight line through the places; the hollow marker "
    "is that line drawn on to {axis} {onto:g}: an extrapolation, with its interval if the line goes on"
)


@dataclass(frozen=True)
class Lead:
    """A difference at one place of the axis, in points of accuracy."""

    lead: str  # which method over which
    axis: str
    place: float
    made: Literal["measured", "extrapolated"]
    difference: float
    low: float | None  # 95 % interval; None: no spread
    high: float | None
    seeds: int


def leads(table: Table, cells: CellCache, banner: str | None) -> Figure | None:
    """A panel a check of kind `trend` with a place to draw on to; None without such records."""
    panels, about = [], None
    for check in checks_of(cells.project, table.name):
        if not isinstance(check, Trend) or check.onto is None:
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
        caption=sentence(CAPTION.format(axis=about.axis, onto=about.onto)),
        panels=tuple(panels),
        columns=min(3, len(panels)),
        size=(2.9, 2.4),
        shared=True,
        banner=banner,
    )


def _rows(check: Trend, pairs: Sequence[Pair]) -> list[Lead]:
    """The measured places in order, then the extrapolated one where every place has its seeds."""
    whole = [pair for pair in pairs if not any(cell.missing or cell.unusable for cell in pair)]
    found = [
        _lead(check, pair, float(pair[0].spec.attributes[check.axis]), check.difference(pair))
        for pair in whole
    ]
    found.sort(key=lambda row: row.place)
    if len(whole) == len(pairs) and check.onto is not None:
        beyond = _lead(check, pairs[0], check.onto, check.drawn_on(pairs))
        found.append(replace(beyond, made="extrapolated"))
    return found


def _lead(check: Trend, pair: Pair, place: float, found: Contrast) -> Lead:
    low, high = found.interval or (None, None)
    name = " over ".join(_method(cell) for cell in pair)
    return Lead(name, check.axis, place, "measured", found.difference.mean, low, high, found.n)


def _method(cell: Cell) -> str:
    return cell.spec.attributes["method"]


def draw_leads(axes: Any, rows: Sequence[Lead], style: Style) -> None:
    """Markers with intervals, and the line through them."""
    for row in rows:
        hollow = row.made == "extrapolated"
        if row.low is not None:
            dashes = (0, (2, 2)) if hollow else "solid"
            axes.plot([row.place] * 2, [row.low, row.high], color=style.colour, linestyle=dashes)
        axes.plot(
            [row.place],
            [row.difference],
            linestyle="none",
            marker=style.marker,
            color=style.colour,
            markerfacecolor="none" if hollow else style.colour,
        )
    if rows[-1].made == "extrapolated":
        _line(axes, rows, style.colour)
    axes.axhline(0, color=ink(), linewidth=0.9)
    axes.set_xscale("log")
    plain_ticks(axes.xaxis, [row.place for row in rows])
    axes.set_xlabel(rows[0].axis)
    axes.set_ylabel("points of accuracy")


def _line(axes: Any, rows: Sequence[Lead], colour: str) -> None:
    """The least-squares line in log(place), from the first place to the extrapolated one."""
    import numpy as np

    measured = [row for row in rows if row.made == "measured"]
    x, y = np.log([r.place for r in measured]), [r.difference for r in measured]
    slope, start = np.polyfit(x, y, 1)
    ends = [rows[0].place, rows[-1].place]
    axes.plot(
        ends,
        [start + slope * float(np.log(end)) for end in ends],
        color=colour,
        linewidth=1.0,
        linestyle=(0, (5, 2)),
    )
