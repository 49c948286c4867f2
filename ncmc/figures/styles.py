"""How a method looks: its colour, marker and dash are its own in every figure, wherever it stands.

The colours were searched by program, each within the hues of its family, for the largest distances
between methods that share a table: to the common eye, with red or green cones missing, and in grey.
They can be seen on a light and on a dark page. tests/figures/test_styles.py measures all of that.
"""

import colorsys
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
SOLID, DASHED, DOTTED, DASH_DOTTED = range(4)


@dataclass(frozen=True)
class Style:
    """How a line or marker looks: that of its method, or of a variant of it."""

    colour: str  # #rrggbb
    marker: str  # of matplotlib
    dash: int  # index into DASHES
    filled: bool = True  # whether its markers are

    @property
    def marker_keys(self) -> dict[str, Any]:
        """What matplotlib is told of the markers."""
        inside = self.colour if self.filled else "none"
        return {
            "marker": self.marker,
            "color": self.colour,
            "markerfacecolor": inside,
            "markeredgecolor": self.colour,
        }

    @property
    def line_keys(self) -> dict[str, Any]:
        """What matplotlib is told of the line."""
        return self.marker_keys | {"linestyle": DASHES[self.dash], "linewidth": 1.4}


STYLES = {
    # cross-entropy, with no targets of its own
    "CE": Style("#989898", "o", SOLID),
    "CE-FROZEN": Style("#6e6140", "x", SOLID),
    # fixed targets, and features that are drawn together
    "SETF": Style("#b18801", "s", SOLID),
    "AL": Style("#048a53", "^", SOLID),
    "CAL": Style("#2269ce", "D", SOLID),
    "P": Style("#cd4189", "v", SOLID),
    "RBL": Style("#22a8ff", "<", SOLID),
    "KCL": Style("#6b5c88", "X", SOLID),
    # other losses, by the sizes or the difficulty of classes
    "ARB": Style("#b90110", "*", DASHED),
    "LDAM": Style("#b51b5b", "h", DASHED),
    "LDAM-DRW": Style("#c8987d", "P", DASHED),
    "BALANCED-SOFTMAX": Style("#4f7228", ">", DASHED),
    "CB-CE": Style("#cd7c05", "s", DASHED),
    "FOCAL": Style("#106aed", "v", DASHED),
    "LA": Style("#3884a7", "d", DASHED),
    # rules and classifiers on a network that is trained already
    "CE-LA": Style("#8099cc", "H", DOTTED),
    "TAU-NORM": Style("#62489a", "p", DOTTED),
    "CRT": Style("#c96fb6", "8", DOTTED),
    "NCM": Style("#575b60", "d", DOTTED),
    "RBL-LA": Style("#fa0f48", "v", DOTTED),
    # parts of CAL, to tell what makes its gain
    "AL-PULL": Style("#6b5e01", "<", DASH_DOTTED),
    "AL-SCALED": Style("#f97f0f", ">", DASH_DOTTED),
    "AL-PULL-SCALED": Style("#ff5275", "p", DASH_DOTTED),
}
OWN_MARKERS = ("H", "8", "h", "p", "d", "P", "X", ">", "<", "v")
OWN_HUES = 24


def style_of(method: str) -> Style:
    """The style of a method: ours by the list, a lab's own by its name, the same in every figure."""
    if method in STYLES:
        return STYLES[method]
    drawn = hashlib.sha256(method.encode()).digest()
    colour = at_lightness(colorsys.hls_to_rgb(drawn[0] % OWN_HUES / OWN_HUES, 0.5, 0.75), 0.24)
    return Style(colour, OWN_MARKERS[drawn[1] % len(OWN_MARKERS)], drawn[2] % len(DASHES))


def shades(colour: str, n: int) -> tuple[str, ...]:
    """`n` shades of a colour from dark to light: one method, several values of an option.

    All of them can be seen on a light and on a dark page.
    """
    rgb = (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)
    darkest, lightest = 0.115, 0.33  # luminance
    steps = [(lightest / darkest) ** (i / max(1, n - 1)) for i in range(n)]
    return tuple(at_lightness(rgb, darkest * step) for step in steps)


def at_lightness(rgb: tuple[float, float, float], wanted: float) -> str:
    """A colour of the same hue with a wanted luminance (0 to 1), as #rrggbb."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb)
    low, high = 0.0, 1.0
    for _ in range(24):  # luminance grows with lightness
        lightness = (low + high) / 2
        if luminance(colorsys.hls_to_rgb(hue, lightness, saturation)) < wanted:
            low = lightness
        else:
            high = lightness
    return "#" + "".join(
        f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation)
    )


def luminance(rgb: tuple[float, float, float]) -> float:
    """WCAG's relative luminance of red, green and blue from 0 to 1."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def styles_of(methods: Sequence[str]) -> list[Style]:
    """The styles of lines that stand together, by their methods.

    Several of one method differ by dash and marker's filling; where all are of one method, which
    then are values of an option, also by the shade of its colour.
    """
    alone = len(set(methods)) == 1 and len(methods) > 1
    ramp = shades(style_of(methods[0]).colour, len(methods)) if alone else ()
    styles = []
    for place, method in enumerate(methods):
        style, before = style_of(method), methods[:place].count(method)
        colour = ramp[place] if alone else style.colour
        dash = (style.dash + before) % len(DASHES)
        styles.append(replace(style, colour=colour, dash=dash, filled=before % 2 == 0))
    return styles
