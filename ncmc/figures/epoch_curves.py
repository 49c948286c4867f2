"""Measures over the epochs: a line per cell, a band over its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from ncmc.figures.figure import Panel
from ncmc.figures.grouping import Group
from ncmc.figures.painting import ink
from ncmc.figures.styles import Style
from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import Measure

TINY = 1e-6  # a logarithmic axis has no place for 0


@dataclass(frozen=True)
class CurvePoint:
    """A measure of a cell at an epoch, over its seeds."""

    measure: str
    line: str
    epoch: int
    mean: float
    low: float  # of the lowest seed
    high: float
    seeds: int
    floor: float | None  # what complete collapse reaches, or chance; None: there is none


@dataclass(frozen=True)
class Kind:
    """A measure as it is drawn."""

    measure: Measure
    title: str
    log: bool = False
    floor: Measure | Literal["chance"] | None = None


NC_MEAN = Kind("nc_mean", "Mean of NC", log=True)
NC_STD = Kind("nc_std", "Standard deviation of NC", log=True)
VARIABILITY = Kind("variability", "Variability, and its floor", floor="variability_floor")
ACCURACY = Kind("test_accuracy", "Test accuracy, %", floor="chance")
COLLAPSE = (NC_MEAN, NC_STD, VARIABILITY)


def curve_panel(group: Group, kind: Kind, title: str) -> Panel | None:
    """A measure over the epochs, a dotted line at its floor; None where no cell has a curve of it."""
    rows = curve_rows(group, kind)
    draw = partial(draw_curves, styles=group.styles, log=kind.log)
    return Panel(title, tuple(rows), draw) if rows else None


def curve_rows(group: Group, kind: Kind) -> list[CurvePoint]:
    """A row per epoch and line, of the lines that have the measure at two epochs or more."""
    rows = []
    for line in group.lines:
        curve = curves.curve(line.cell, kind.measure)
        if curve is None or len(curve.epochs) < 2:
            continue
        floor = _floor(line.cell, kind)
        for epoch, column in zip(curve.epochs, zip(*curve.values, strict=True), strict=True):
            rows.append(
                CurvePoint(
                    measure=kind.measure,
                    line=line.label,
                    epoch=epoch,
                    mean=sum(column) / len(column),
                    low=min(column),
                    high=max(column),
                    seeds=len(column),
                    floor=floor,
                )
            )
    return rows


def _floor(cell: Cell, kind: Kind) -> float | None:
    if kind.floor == "chance":
        return 100 / len(cell.records[0].result.per_class)
    curve = curves.curve(cell, kind.floor) if kind.floor else None
    return curve.means[-1] if curve else None


def draw_curves(
    axes: Any, rows: Sequence[CurvePoint], styles: Mapping[str, Style], log: bool = False
) -> None:
    """The means over seeds as lines, a band from the lowest seed to the highest, floors dotted."""
    lines: dict[str, list[CurvePoint]] = {}
    for row in rows:
        lines.setdefault(row.line, []).append(row)
    shared = len({row.floor for row in rows}) == 1
    for label, points in lines.items():
        style, epochs = styles[label], [point.epoch for point in points]
        low, mean, high = (
            [max(getattr(point, part), TINY) if log else getattr(point, part) for point in points]
            for part in ("low", "mean", "high")
        )
        if points[0].seeds > 1:
            axes.fill_between(epochs, low, high, color=style.colour, alpha=0.16, linewidth=0)
        every = max(1, len(points) // 6)
        axes.plot(epochs, mean, markevery=every, markersize=3.2, **style.line_keys)
        if points[0].floor is not None:
            colour = ink() if shared else style.colour
            axes.axhline(points[0].floor, color=colour, linewidth=0.9, dashes=(1, 2))
    axes.set_xlabel("epoch")
    if log:
        axes.set_yscale("log")
        plain_ticks(axes.yaxis, axes.get_ylim())
    axes.margins(x=0.02)


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Ticks of a logarithmic axis as plain numbers, about five of them."""
    from matplotlib import ticker

    ratio = max(values) / max(min(values), 1e-9)
    subs = (1.0,) if ratio > 2000 else (1.0, 3.0) if ratio > 60 else (1.0, 2.0, 5.0)
    axis.set_major_locator(ticker.LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(ticker.NullFormatter())
