"""Axes -> SVG, PNG and PDF by matplotlib: files on white, or SVG that stands inside a page.

The same drawing gives the same bytes. In a page, text, axes and background take the colours and fonts
around them.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ncmc.figures.figure import TITLE_LINE, Figure, wrapped
from ncmc.figures.styles import Style

INK = "#123456"  # stands for the page's own text colour until the picture is finished
DARK = "#1b1b1b"  # ink on white
FONTS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
PAD = 0.1  # inches, beside the panels

UNDATED: Mapping[str, Mapping[str, str | None]] = {  # by format
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def images(figure: Figure, formats: Sequence[str], titled: bool = True) -> dict[str, bytes]:
    """A figure as svg, png and pdf on white, by format: the same rows give the same bytes.

    `titled`: with its title and what must be said of its scale, which a caption in LaTeX says.
    """
    return _painted(figure, formats, DARK, titled=titled)


def transparent_svg(figure: Figure, ink: str) -> bytes:
    """A figure as SVG in the colour `ink` without title and background."""
    return _painted(figure, ("svg",), ink, transparent=True)["svg"]


def page_svg(figure: Figure) -> str:
    """The svg element alone, without title, in a page's colours and fonts."""
    text = transparent_svg(figure, INK).decode()
    text = text[text.index("<svg") :]
    for element in ("metadata", "style"):  # a style element would reach the whole page
        text = re.sub(rf"\s*<{element}[ >].*?</{element}>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor").replace("'DejaVu Sans'", FONTS)
    text = re.sub(r' (d|x|y)="([^"]*)"', lambda m: f' {m[1]}="{_short(m[2])}"', text)
    text = _used_ids(text)
    width = f"{0.87 * figure.width:.2f}in"  # a screen scrolls before letters are too small to read
    root = f'<svg aria-hidden="true" style="stroke-linejoin: round; min-width: {width}" '
    return text.replace("<svg ", root, 1).strip() + "\n"


def ink() -> str:
    """The colour of text and whiskers in the image that is being drawn."""
    import matplotlib

    return str(matplotlib.rcParams["text.color"])


def _painted(
    figure: Figure,
    formats: Sequence[str],
    ink: str,
    transparent: bool = False,
    titled: bool = False,
) -> dict[str, bytes]:
    """Painted and laid out once, for the SVG: that is most of the work, and all look alike."""
    import matplotlib
    from matplotlib.figure import Figure as Image

    words = {"Title": figure.title, "Description": figure.words}
    words_of = {
        "svg": words,
        "png": words,
        "pdf": {"Title": figure.title, "Subject": figure.words},
    }
    header = figure.header if titled else 0.0
    with matplotlib.rc_context(_settings(ink, figure.name)):
        image = Image(figsize=(figure.width, figure.height + header), layout="constrained")
        _fill(image, figure)
        if titled:
            _write_header(image, figure)
        made = {}
        for form in dict.fromkeys(("svg", *formats)):
            out = io.BytesIO()
            metadata = {**UNDATED[form], **words_of[form]}
            image.savefig(out, format=form, transparent=transparent, metadata=metadata)
            image.set_layout_engine("none")  # it keeps the places that it has
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


def _fill(image: Any, figure: Figure) -> None:
    image.get_layout_engine().set(w_pad=PAD)  # a PNG's letters are wider than an SVG's
    columns = min(figure.columns, len(figure.panels))
    share = "row" if figure.shared else False
    grid = image.subplots(figure.lines, columns, squeeze=False, sharey=share)
    for axes in grid.flat[len(figure.panels) :]:
        axes.remove()
    figure.draw_all(grid.flat[: len(figure.panels)])
    if figure.legend:
        image.legend(
            handles=[_handle(style) for style in figure.legend.values()],
            labels=list(figure.legend),
            loc="outside lower center",
            ncols=max(1, -(-len(figure.legend) // figure.legend_lines)),
            frameon=False,
            handlelength=2.8,
            columnspacing=1.4,
        )


def _write_header(image: Any, figure: Figure) -> None:
    width, height = image.get_size_inches()
    image.get_layout_engine().set(rect=(0, 0, 1, 1 - figure.header / height))
    title = wrapped(figure.title, width, 0.72)
    at = {"x": 0.08 / width, "ha": "left", "va": "top"}
    image.text(y=1 - 0.06 / height, s="\n".join(title), fontsize=10.5, weight="bold", **at)
    if figure.banner:
        banner = "\n".join(wrapped(figure.banner, width, 1.1))
        below = 0.06 + TITLE_LINE * len(title)
        image.text(y=1 - below / height, s=banner, fontsize=7.5, **at)


def _handle(style: Style) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], markersize=4.5, **style.line_keys)


def _used_ids(text: str) -> str:
    """Without the ids that nothing refers to; the others are hashes with the figure's name as salt."""
    used = {i for pair in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text) for i in pair if i}
    return re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in used else "", text)


def _short(numbers: str) -> str:
    """Coordinates to a hundredth of a point: half the size, and no difference to the eye."""
    rounded = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), numbers)
    return " ".join(rounded.split())
