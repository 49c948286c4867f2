"""One drawing -> SVG that stands inside a page. The same drawing gives the same bytes.

Text, axes and background take the colours and the fonts of the page around them.
"""

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

INK = "#123456"  # stands for the page's own text colour until the picture is finished
FONTS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
SIZE = (3.6, 2.5)  # inches


@dataclass(frozen=True)
class Picture:
    """An SVG and its words: a heading, and what it shows for those who cannot see it."""

    title: str
    alt: str
    svg: bytes


def svg_of(draw: Callable[[Any], None], salt: str, size: tuple[float, float] = SIZE) -> bytes:
    """One pair of axes as SVG that stands inside a page. `salt` keeps its ids apart."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    look: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.7,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": INK,
        "grid.alpha": 0.13,
        "grid.linewidth": 0.7,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0,
        "ytick.minor.size": 0,
        "hatch.color": "#ffffff",
        "hatch.linewidth": 0.6,
    }
    with matplotlib.rc_context(look):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        out = io.BytesIO()
        undated = {"Date": None, "Creator": None}
        figure.savefig(out, format="svg", transparent=True, metadata=undated)
    return _page_svg(
        out.getvalue().decode(), hashlib.sha256(salt.encode()).hexdigest()[:8]
    ).encode()


def _page_svg(text: str, prefix: str) -> str:
    """The svg element alone, with the page's colour and fonts; its ids start with `prefix`."""
    text = text[text.index("<svg") :]
    for element in ("metadata", "style"):  # a style element would reach the whole page
        text = re.sub(rf"\s*<{element}[ >].*?</{element}>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor").replace("'DejaVu Sans'", FONTS)
    text = re.sub(r' (d|x|y)="([^"]*)"', lambda m: f' {m[1]}="{_short(m[2])}"', text)
    text = _own_ids(text, prefix)
    root = '<svg aria-hidden="true" style="stroke-linejoin: round" '
    return text.replace("<svg ", root, 1).strip() + "\n"


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
