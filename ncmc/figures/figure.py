"""A figure: the numbers in it, how they are drawn, and its words.

A figure is made by two functions: one that makes rows of cells or verdicts, and one that draws rows
and knows nothing else. Its CSV is the rows.
"""

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ncmc.figures.styles import Style

LETTERS = 13.5  # that fit in an inch of a line
LINE = 0.19  # inches, of a legend or a small line
TITLE_LINE = 0.24

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
    caption: str  # what is drawn, and what lines and bands are
    panels: tuple[Panel, ...]
    columns: int = 1
    size: tuple[float, float] = (3.6, 2.5)  # of a panel, in inches
    legend: Mapping[str, Style] = field(default_factory=dict)  # label -> how it looks
    shared: bool = False  # whether panels beside each other have one vertical scale
    banner: str | None = None  # what must be said over what is not the paper's
    setting: str = ""  # of which table, seeds and scale: what its page says at another place

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row that is drawn."""
        return tuple(row for panel in self.panels for row in panel.rows)

    @property
    def words(self) -> str:
        """The whole caption, of a figure that stands alone."""
        return f"{self.caption} {self.setting}".strip()

    def draw_all(self, grid: Sequence[Any]) -> None:
        """Draw the panels into as many axes."""
        for place, (axes, panel) in enumerate(zip(grid, self.panels, strict=True)):
            panel.draw(axes, panel.rows)
            if self.shared and place % self.columns:
                axes.set_ylabel("")
            if len(self.panels) > 1:
                title = wrapped(panel.title, self.size[0], 0.8)
                axes.set_title("\n".join(title))

    @property
    def lines(self) -> int:
        """How many lines of panels there are."""
        return -(-len(self.panels) // self.columns)

    @property
    def legend_lines(self) -> int:
        """How many lines the legend takes: its columns are as wide as the widest label."""
        entry = max(map(len, self.legend), default=0) + 6
        fit = max(1, min(len(self.legend), int(self.width * LETTERS / entry)))
        return -(-len(self.legend) // fit)

    @property
    def width(self) -> float:
        """Inches."""
        return self.size[0] * min(self.columns, len(self.panels))

    @property
    def height(self) -> float:
        """Inches of panels and legend."""
        legend = LINE * (self.legend_lines + 0.5) if self.legend else 0.0
        return self.lines * self.size[1] + legend

    @property
    def header(self) -> float:
        """Inches of the title and the banner below it."""
        banner = LINE * len(wrapped(self.banner, self.width, 1.1)) if self.banner else 0.0
        return 0.08 + TITLE_LINE * len(wrapped(self.title, self.width, 0.72)) + banner


def wrapped(text: str, width: float, share: float = 1.0) -> list[str]:
    """Text in lines that fit `width` inches; `share`: how many letters, against plain text."""
    return textwrap.wrap(text, max(12, int(width * LETTERS * share))) or [""]


def slug(text: str) -> str:
    """Text as part of a file's name: `cifar10_resnet50_tau_0.005`."""
    plain = text.replace("π", "pi").replace("/", "-")
    return re.sub(r"[^A-Za-z0-9.=+-]+", "_", plain).strip("_.-")[:80]
