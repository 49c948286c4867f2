"""A figure: the numbers in it, how they are drawn, and its words. Nothing else gets into a drawing.

A figure is made by two functions: one that makes rows of cells, verdicts or formulas, and one that
draws rows and knows nothing else. Its CSV is the rows.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.figures.styles import Look

Row = Any  # a dataclass of numbers and words; the rows of one figure are of one class
Draw = Callable[[Any, Sequence[Row]], None]  # (axes, rows)


@dataclass(frozen=True)
class Panel:
    """One pair of axes: its rows, and what draws them."""

    title: str
    rows: tuple[Row, ...]
    draw: Draw


@dataclass(frozen=True)
class Figure:
    """Panels with one legend."""

    name: str  # of its files
    title: str
    caption: str  # what is drawn, of how many seeds, what intervals are, at which scale
    panels: tuple[Panel, ...]
    columns: int = 1
    size: tuple[float, float] = (3.6, 2.5)  # of a panel, in inches
    looks: tuple[Look, ...] = ()  # of the legend
    bars: bool = False  # whether the legend shows bars, not lines
    shared: bool = False  # whether panels beside each other have one vertical scale
    banner: str | None = None  # what must be said over what is not the paper's

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row that is drawn."""
        return tuple(row for panel in self.panels for row in panel.rows)


def as_csv(figure: Figure) -> str:
    """The numbers that a figure draws, a line a row; with several panels the first column names it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    many = len(figure.panels) > 1
    fields = [field.name for field in dataclasses.fields(figure.rows[0])]
    writer.writerow([*(["panel"] if many else []), *fields])
    for panel in figure.panels:
        for row in panel.rows:
            values = [_csv_value(getattr(row, field)) for field in fields]
            writer.writerow([*([_csv_value(panel.title)] if many else []), *values])
    return out.getvalue()


def _csv_value(value: object) -> object:
    """A value as a spreadsheet takes it for what it is: text that begins a formula gets a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value


def slug(text: str) -> str:
    """Text as part of a file's name: `cifar10_resnet50_tau_0.005`."""
    plain = text.replace("π", "pi").replace("/", "-")
    return re.sub(r"[^A-Za-z0-9.=+-]+", "_", plain).strip("_.-")[:80]


def named_apart(figures: Iterable[Figure]) -> list[Figure]:
    """The figures, a number after a name that another one has."""
    found: dict[str, Figure] = {}
    for figure in figures:
        name, more = figure.name, 2
        while name.lower() in found:
            name, more = f"{figure.name}_{more}", more + 1
        found[name.lower()] = dataclasses.replace(figure, name=name)
    return list(found.values())
