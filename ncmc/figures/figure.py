"""A figure: the numbers in it, how they are drawn, and its words. Its files are images, CSV and caption.

A figure is made by two functions: one that makes rows of cells or verdicts, and one that draws rows
and knows nothing else. Its CSV is the rows.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ncmc.errors import UsageError
from ncmc.figures import painting
from ncmc.figures.styles import Style
from ncmc.system import files

FORMATS = ("svg", "png", "pdf")

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
    legend: Mapping[str, Style] = field(default_factory=dict)  # label -> how it looks
    shared: bool = False  # whether panels beside each other have one vertical scale
    banner: str | None = None  # what must be said over what is not the paper's

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row that is drawn."""
        return tuple(row for panel in self.panels for row in panel.rows)

    def draw_all(self, grid: Sequence[Any]) -> None:
        """Draw the panels into as many axes."""
        for place, (axes, panel) in enumerate(zip(grid, self.panels, strict=True)):
            panel.draw(axes, panel.rows)
            if self.shared and place % self.columns:
                axes.set_ylabel("")
            if len(self.panels) > 1:
                title = painting.wrapped(panel.title, self.size[0], 0.8)
                axes.set_title("\n".join(title))

    @property
    def canvas(self) -> painting.Canvas:
        """How much room it needs, and what fills it."""
        return painting.Canvas(
            draw=self.draw_all,
            panels=len(self.panels),
            columns=min(self.columns, len(self.panels)),
            size=self.size,
            legend=self.legend,
            shared=self.shared,
        )


@dataclass(frozen=True)
class Picture:
    """A figure inside a page: its SVG, heading and words."""

    name: str
    title: str
    caption: str
    svg: str


def picture(figure: Figure, salt: str = "") -> Picture:
    """A figure for a page: in the page's colours, without title. `salt` keeps ids of pages apart."""
    svg = painting.page_svg(figure.canvas, f"{salt} {figure.name}")
    return Picture(figure.name, figure.title, figure.caption, svg)


def images(
    figure: Figure, formats: Sequence[str] = FORMATS, titled: bool = True
) -> dict[str, bytes]:
    """A figure as svg, png and pdf on white: the same rows give the same bytes.

    `titled`: with its title and what must be said of its scale, which a caption in LaTeX says.
    """
    canvas = figure.canvas
    if titled:
        canvas = dataclasses.replace(canvas, title=figure.title, banner=figure.banner or "")
    words = {"Title": figure.title, "Description": figure.caption}
    metadata = {"svg": words, "png": words}
    metadata["pdf"] = {"Title": figure.title, "Subject": figure.caption}
    return painting.image_files(canvas, formats, figure.name, metadata)


def parse_formats(text: str) -> tuple[str, ...]:
    """`svg,png` as the formats that it names, each once. Raises UsageError for another."""
    named = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(named) <= set(FORMATS):
        wrong = next(name for name in named if name not in FORMATS)
        raise UsageError(f"unknown format '{wrong}' of figures; allowed: {', '.join(FORMATS)}.")
    return named


def write_figures(
    figures: Sequence[Figure],
    folder: Path,
    formats: Sequence[str] = FORMATS,
    titled: bool = True,
) -> list[Path]:
    """Write each figure as NAME.svg, .png and .pdf, its NAME.csv and its caption, NAME.txt.

    The paths of all. Raises UserError if a file cannot be written.
    """
    written = []
    for figure in figures:
        contents: dict[str, str | bytes] = {**images(figure, formats, titled)}
        contents |= {"csv": as_csv(figure), "txt": f"{figure.title}. {figure.caption}\n"}
        for ending, content in contents.items():
            written.append(folder / f"{figure.name}.{ending}")
            files.write_atomic(written[-1], content)
    return written


def as_csv(figure: Figure) -> str:
    """The numbers that a figure draws, a line per row, the panel first if there are several."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    many = len(figure.panels) > 1
    fields = [entry.name for entry in dataclasses.fields(figure.rows[0])]
    writer.writerow([*(["panel"] if many else []), *fields])
    for panel in figure.panels:
        for row in panel.rows:
            values = [_csv_value(getattr(row, name)) for name in fields]
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
    by_name: dict[str, Figure] = {}
    for figure in figures:
        name, more = figure.name, 2
        while name.lower() in by_name:
            name, more = f"{figure.name}_{more}", more + 1
        by_name[name.lower()] = dataclasses.replace(figure, name=name)
    return list(by_name.values())
