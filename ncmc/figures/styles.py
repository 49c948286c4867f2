"""How a method looks: its colour, marker and dash are its own in every figure, wherever it stands.

The colours were searched by program, each within the hues of its family, for the largest distances
between methods that share a table: to the common eye, with red or green cones missing, and in grey.
They can be seen on a light and on a dark page. tests/figures/test_styles.py measures all of that.
"""

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
OWN_COLOURS = (  # of one lightness, which can be seen on a light and on a dark page
    "#e75555", "#c6711c", "#8b8b14", "#569615", "#169c16", "#169a58",
    "#159595", "#3189e2", "#7a7aec", "#a867e9", "#e233e2", "#e54b98",
)  # fmt: skip


def style_of(method: str) -> Style:
    """The style of a method: ours by the list, a lab's own by its name, the same in every figure."""
    if method in STYLES:
        return STYLES[method]
    drawn = hashlib.sha256(method.encode()).digest()
    colour = OWN_COLOURS[drawn[0] % len(OWN_COLOURS)]
    return Style(colour, OWN_MARKERS[drawn[1] % len(OWN_MARKERS)], drawn[2] % len(DASHES))


def shades(n: int) -> list[str]:
    """`n` colours from dark to light: several values of an option.

    All of them can be seen on a light and on a dark page.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](0.29 + 0.37 * i / max(1, n - 1))) for i in range(n)]


def styles_of(methods: Sequence[str]) -> list[Style]:
    """The styles of lines that stand together, by their methods.

    Several of one method differ by dash and marker's filling; where all are of one method, which
    then are values of an option, also by colour.
    """
    alone = len(set(methods)) == 1 and len(methods) > 1
    ramp = shades(len(methods)) if alone else []
    styles = []
    for place, method in enumerate(methods):
        style, before = style_of(method), methods[:place].count(method)
        colour = ramp[place] if alone else style.colour
        dash = (style.dash + before) % len(DASHES)
        styles.append(replace(style, colour=colour, dash=dash, filled=before % 2 == 0))
    return styles
