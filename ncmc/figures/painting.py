"""Axes -> SVG, PNG and PDF by matplotlib: files on white, or SVG that stands inside a page.

The same drawing gives the same bytes. In a page, text, axes and background take the colours and fonts
around them.
"""

import hashlib
import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ncmc.figures.styles import Style

INK = "#123456"  # stands for the page's own text colour until the picture is finished
DARK = "#1b1b1b"  # ink on white
FONTS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
LETTERS = 13.5  # that fit in an inch of a line
LINE = 0.19  # inches, of a legend or a small line
TITLE_LINE = 0.24
PAD = 0.1  # inches, beside the panels

Metadata = Mapping[str, Mapping[str, str | None]]  # by format
NOTHING: Metadata = {}
UNDATED: Metadata = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@dataclass(frozen=True)
class Canvas:
    """A grid of axes with what stands around it."""

    draw: Callable[[Sequence[Any]], None]  # fills the axes
    panels: int
    columns: int
    size: tuple[float, float]  # of a panel, in inches
    legend: Mapping[str, Style] = field(default_factory=dict)
    shared: bool = False  # one vertical scale per row of panels
    title: str = ""
    banner: str = ""

    @property
    def width(self) -> float:
        """Inches."""
        return self.size[0] * self.columns

    @property
    def height(self) -> float:
        """Inches, with room for what stands above and below the panels."""
        legend = LINE * (self.legend_lines + 0.5) if self.legend else 0.0
        return -(-self.panels // self.columns) * self.size[1] + legend + self.header

    @property
    def header(self) -> float:
        """Inches for the title and the banner below it."""
        if not self.title:
            return 0.0
        banner = LINE * len(wrapped(self.banner, self.width, 1.1)) if self.banner else 0.0
        return 0.08 + TITLE_LINE * len(wrapped(self.title, self.width, 0.72)) + banner

    @property
    def legend_lines(self) -> int:
        """How many lines the legend takes: its columns are as wide as the widest label."""
        entry = max(map(len, self.legend), default=0) + 6
        fit = max(1, min(len(self.legend), int(self.width * LETTERS / entry)))
        return -(-len(self.legend) // fit)


def image_files(
    canvas: Canvas, formats: Sequence[str], salt: str, metadata: Metadata = NOTHING, ink: str = ""
) -> dict[str, bytes]:
    """A canvas as image files, by format: svg, png or pdf. `salt`: of the SVG's ids.

    On white, or with `ink` in that colour without a background.
    """
    return _painted(canvas, formats, salt, ink or DARK, metadata, transparent=bool(ink))


def page_svg(canvas: Canvas, salt: str) -> str:
    """The svg element alone, in the page's colours and fonts; `salt` keeps its ids apart."""
    text = _painted(canvas, ("svg",), salt, INK, NOTHING, transparent=True)["svg"].decode()
    text = text[text.index("<svg") :]
    for element in ("metadata", "style"):  # a style element would reach the whole page
        text = re.sub(rf"\s*<{element}[ >].*?</{element}>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor").replace("'DejaVu Sans'", FONTS)
    text = re.sub(r' (d|x|y)="([^"]*)"', lambda m: f' {m[1]}="{_short(m[2])}"', text)
    text = _own_ids(text, hashlib.sha256(salt.encode()).hexdigest()[:8])
    root = '<svg aria-hidden="true" style="stroke-linejoin: round" '
    return text.replace("<svg ", root, 1).strip() + "\n"


def ink() -> str:
    """The colour of text and whiskers in the image that is being drawn."""
    import matplotlib

    return str(matplotlib.rcParams["text.color"])


def wrapped(text: str, width: float, share: float = 1.0) -> list[str]:
    """Text in lines that fit `width` inches; `share`: how many letters, against plain text."""
    return textwrap.wrap(text, max(12, int(width * LETTERS * share))) or [""]


def _painted(
    canvas: Canvas,
    formats: Sequence[str],
    salt: str,
    ink: str,
    metadata: Metadata,
    transparent: bool = False,
) -> dict[str, bytes]:
    """Painted and laid out once, for the SVG: that is most of the work, and all look alike."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_settings(ink, salt)):
        figure = Figure(figsize=(canvas.width, canvas.height), layout="constrained")
        _fill(figure, canvas)
        made = {}
        for form in dict.fromkeys(("svg", *formats)):
            out = io.BytesIO()
            words = {**UNDATED[form], **metadata.get(form, {})}
            figure.savefig(out, format=form, transparent=transparent, metadata=words)
            figure.set_layout_engine("none")  # it keeps the places that it has
            made[form] = out.getvalue()
    return {form: made[form] for form in formats}


def _settings(ink: str, salt: str) -> Any:
    colours = ("axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "grid.color", "text.color",
               "xtick.color", "ytick.color")  # fmt: skip
    return dict.fromkeys(colours, ink) | {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "pdf.fonttype": 42,  # text that can be searched and edited
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 8.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.7,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.alpha": 0.13,
        "grid.linewidth": 0.7,
        "text.parse_math": False,  # a label is text, whatever stands in it
        "xtick.major.width": 0.7,
        "ytick.major.width": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "savefig.dpi": 200,
    }


def _fill(figure: Any, canvas: Canvas) -> None:
    figure.get_layout_engine().set(w_pad=PAD)  # a PNG's letters are wider than an SVG's
    rows = -(-canvas.panels // canvas.columns)
    share = "row" if canvas.shared else False
    grid = figure.subplots(rows, canvas.columns, squeeze=False, sharey=share)
    for axes in grid.flat[canvas.panels :]:
        axes.remove()
    canvas.draw(grid.flat[: canvas.panels])
    if canvas.title:
        _write_header(figure, canvas)
    if canvas.legend:
        figure.legend(
            handles=[_handle(style) for style in canvas.legend.values()],
            labels=list(canvas.legend),
            loc="outside lower center",
            ncols=max(1, -(-len(canvas.legend) // canvas.legend_lines)),
            frameon=False,
            handlelength=2.8,
            columnspacing=1.4,
        )


def _write_header(figure: Any, canvas: Canvas) -> None:
    width, height = canvas.width, canvas.height
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - canvas.header / height))
    title = wrapped(canvas.title, width, 0.72)
    at = {"x": 0.08 / width, "ha": "left", "va": "top"}
    figure.text(y=1 - 0.06 / height, s="\n".join(title), fontsize=10.5, weight="bold", **at)
    if canvas.banner:
        banner = "\n".join(wrapped(canvas.banner, width, 1.1))
        below = 0.06 + TITLE_LINE * len(title)
        figure.text(y=1 - below / height, s=banner, fontsize=7.5, **at)


def _handle(style: Style) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], markersize=4.5, **style.line_keys)


def _own_ids(text: str, prefix: str) -> str:
    """Ids that are referred to get a prefix, the others go: a page holds many pictures."""
    used = {i for pair in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text) for i in pair if i}
    text = re.sub(
        r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", text
    )
    return re.sub(r'(href="#|url\(#)', lambda m: f"{m[1]}{prefix}-", text)


def _short(numbers: str) -> str:
    """Coordinates to a hundredth of a point: half the size, and no difference to the eye."""
    rounded = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), numbers)
    return " ".join(rounded.split())
