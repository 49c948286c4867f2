"""A figure -> an image file, or a picture for a page."""

import textwrap
from collections.abc import Sequence
from typing import Any

from ncmc.figures.figure import Figure, Panel
from ncmc.figures.styles import HATCHES, Look
from ncmc.figures.svg import SIZE, Picture, images_of, page_svg, svg_of

FORMATS = ("svg", "png", "pdf")
DARK = "#1b1b1b"  # ink on white
LETTERS = 13.5  # that fit in an inch of a line
LINE = 0.19  # inches, of a legend or a small line
TITLE_LINE = 0.24


def images(figure: Figure, formats: Sequence[str] = FORMATS) -> dict[str, bytes]:
    """A figure as svg, png and pdf, on white, with title, legend and scale. Deterministic bytes."""
    return images_of(
        lambda canvas: _paint(canvas, figure, titled=True),
        formats,
        figure.name,
        _size(figure, titled=True),
        DARK,
        metadata={
            "svg": {"Title": figure.title, "Description": figure.caption},
            "png": {"Title": figure.title, "Description": figure.caption},
            "pdf": {"Title": figure.title, "Subject": figure.caption},
        },
    )


def figure_picture(figure: Figure, salt: str = "") -> Picture:
    """A whole figure for a page: without its title, in the colours of the page."""
    svg = page_svg(
        lambda canvas: _paint(canvas, figure, titled=False),
        f"{salt} {figure.name}",
        _size(figure, titled=False),
    )
    return Picture(figure.title, figure.caption, svg)


def panel_picture(panel: Panel, alt: str, salt: str, size: tuple[float, float] = SIZE) -> Picture:
    """One panel for a page, which has its title and legend."""
    return Picture(panel.title, alt, svg_of(lambda axes: panel.draw(axes, panel.rows), salt, size))


def _size(figure: Figure, titled: bool) -> tuple[float, float]:
    """Inches, with room for what stands above and below the panels."""
    columns = min(figure.columns, len(figure.panels))
    rows = -(-len(figure.panels) // columns)
    width, height = figure.size
    width *= columns
    legend = LINE * (len(_legend_lines(figure.looks, width)) + 0.5) if figure.looks else 0.0
    return width, rows * height + legend + (_header(figure, width) if titled else 0.0)


def _header(figure: Figure, width: float) -> float:
    """Inches for the title, and below it for what must be said over what is not the paper's."""
    banner = LINE * len(_wrapped(figure.banner, width, 1.1)) if figure.banner else 0.0
    return 0.08 + TITLE_LINE * len(_wrapped(figure.title, width, 0.72)) + banner


def _paint(canvas: Any, figure: Figure, titled: bool) -> None:
    columns = min(figure.columns, len(figure.panels))
    rows = -(-len(figure.panels) // columns)
    share = "row" if figure.shared else False
    grid = canvas.subplots(rows, columns, squeeze=False, sharey=share)
    width = figure.size[0] * columns
    for place, axes in enumerate(grid.flat):
        if place >= len(figure.panels):
            axes.remove()
            continue
        panel = figure.panels[place]
        panel.draw(axes, panel.rows)
        if figure.shared and place % columns:
            axes.set_ylabel("")
        if len(figure.panels) > 1:
            axes.set_title("\n".join(_wrapped(panel.title, figure.size[0], 0.8)))
    if titled:
        _paint_header(canvas, figure, width)
    if figure.looks:
        lines = _legend_lines(figure.looks, width)
        canvas.legend(
            handles=[_handle(look, figure.bars) for look in figure.looks],
            labels=[look.label for look in figure.looks],
            loc="outside lower center",
            ncols=max(1, -(-len(figure.looks) // len(lines))),
            frameon=False,
            handlelength=2.8,
            columnspacing=1.4,
        )


def _paint_header(canvas: Any, figure: Figure, width: float) -> None:
    height = canvas.get_size_inches()[1]
    room = _header(figure, width) / height
    canvas.get_layout_engine().set(rect=(0, 0, 1, 1 - room))
    title = _wrapped(figure.title, width, 0.72)
    at = {"x": 0.08 / width, "ha": "left", "va": "top"}
    canvas.text(y=1 - 0.06 / height, s="\n".join(title), fontsize=10.5, weight="bold", **at)
    if figure.banner:
        banner = "\n".join(_wrapped(figure.banner, width, 1.1))
        below = 0.06 + TITLE_LINE * len(title)
        canvas.text(y=1 - below / height, s=banner, fontsize=7.5, **at)


def _handle(look: Look, bar: bool) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if bar:
        return Patch(facecolor=look.colour, hatch=HATCHES[look.dash])
    return Line2D([], [], markersize=4.5, **look.line_keys)


def _legend_lines(looks: tuple[Look, ...], width: float) -> list[int]:
    """How many entries each line of the legend has: columns are as wide as their widest label."""
    if not looks:
        return []
    entry = max(len(look.label) for look in looks) + 6
    fit = max(1, min(len(looks), int(width * LETTERS / entry)))
    return [fit] * -(-len(looks) // fit)


def _wrapped(text: str, width: float, share: float = 1.0) -> list[str]:
    """Text in lines that fit `width` inches; `share`: how many letters, against plain text."""
    return textwrap.wrap(text, max(12, int(width * LETTERS * share))) or [""]
