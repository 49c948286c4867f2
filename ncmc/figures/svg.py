"""One drawing -> SVG that stands inside a page. The same drawing gives the same bytes.

Text, axes and background take the colours and the fonts of the page around them.
"""

import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
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
    return page_svg(lambda canvas: draw(canvas.add_subplot()), salt, size)


def page_svg(paint: Callable[[Any], None], salt: str, size: tuple[float, float]) -> bytes:
    """The same for a whole canvas, which `paint` fills with axes."""
    image = images_of(paint, ("svg",), salt, size, INK, transparent=True)["svg"]
    return _page_svg(image.decode(), hashlib.sha256(salt.encode()).hexdigest()[:8]).encode()


def ink() -> str:
    """The colour of text and whiskers in the image that is being drawn."""
    import matplotlib

    return str(matplotlib.rcParams["text.color"])


def images_of(
    paint: Callable[[Any], None],
    formats: Sequence[str],
    salt: str,
    size: tuple[float, float],
    ink: str,
    *,
    transparent: bool = False,
    metadata: Mapping[str, dict[str, Any]] | None = None,  # by format
) -> dict[str, bytes]:
    """A canvas as image files, by format: svg, png or pdf. The same drawing gives the same bytes.

    It is painted and laid out once, for the SVG: that is most of the work, and all look alike.
    """
    import matplotlib
    from matplotlib.figure import Figure

    look: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "pdf.fonttype": 42,  # text that can be searched and edited
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 8.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.linewidth": 0.7,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": ink,
        "grid.alpha": 0.13,
        "grid.linewidth": 0.7,
        "text.color": ink,
        "text.parse_math": False,  # a label is text, whatever stands in it
        "xtick.color": ink,
        "ytick.color": ink,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "hatch.color": "#ffffff",
        "hatch.linewidth": 0.6,
        "savefig.dpi": 200,
    }
    undated: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    with matplotlib.rc_context(look):
        canvas = Figure(figsize=size, layout="constrained")
        paint(canvas)
        made = {}
        for form in dict.fromkeys(("svg", *formats)):
            out = io.BytesIO()
            told = undated[form] | (metadata or {}).get(form, {})
            canvas.savefig(out, format=form, transparent=transparent, metadata=told)
            canvas.set_layout_engine("none")  # it keeps the places that it has
            made[form] = out.getvalue()
    return {form: made[form] for form in formats}


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
