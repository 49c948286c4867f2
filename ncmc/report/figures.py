"""Curves, bars and heat maps as SVG. The same records give the same bytes. No decisions.

Every method has its own colour and marker in every picture (readable with the common forms of
colour blindness, on a light and on a dark page); what else tells lines apart is their dash.
Text, axes and background take the colours and the fonts of the page around them.
"""

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.plan.grid import Table
from ncmc.plan.grid_file import NAMED
from ncmc.results import curves
from ncmc.results.curves import Curve
from ncmc.results.records import Record
from ncmc.results.statistics import sample
from ncmc.results.tables import GROUPS, Cell

INK = "#123456"  # stands for the page's own text colour until the picture is finished
FONTS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
SIZE = (3.6, 2.5)  # inches
STYLES = {  # method -> colour (Okabe and Ito, darkened where white needs it), marker
    "CE": ("#757575", "o"),
    "CE-FROZEN": ("#757575", "x"),
    "SETF": ("#c98400", "s"),
    "AL": ("#009e73", "^"),
    "CAL": ("#0072b2", "D"),
    "P": ("#c46a9b", "v"),
    "LDAM-DRW": ("#d55e00", "P"),
    "KCL": ("#8067b7", "X"),
    "ARB": ("#8a6d3b", "*"),
    "RBL": ("#3f8f9b", "<"),
    "RBL-LA": ("#b04a5a", ">"),
}
OTHER = ("#5b7083", "h")
RAMP = ("#4b5fb5", "#2f93a8", "#3fae6f", "#a3a02c", "#d98324", "#c2476b")  # one method, many values
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
DASH_NAMES = ("solid", "dashed", "dotted", "dash-dotted")


@dataclass(frozen=True)
class Line:
    """A cell as it looks in every picture of its group."""

    label: str
    cell: Cell
    colour: str
    marker: str
    dash: int  # index into DASHES

    @property
    def dash_name(self) -> str:
        """The dash in words."""
        return DASH_NAMES[self.dash]


@dataclass(frozen=True)
class Group:
    """Cells that belong into one picture: they share dataset, backbone, tau and table column."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Picture:
    """An SVG and its words: a heading, and what it shows for those who cannot see it."""

    title: str
    alt: str
    svg: bytes


def groups(table: Table, cells: Sequence[Cell]) -> list[Group]:
    """The cells that have records, by dataset, backbone, tau and option columns of the table."""
    varying = {a for a in table.axes if len({c.spec.coord(a) for c in cells}) > 1}
    apart = {"dataset", "backbone", "tau", *table.columns} - {"method"}
    shared: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        if cell.n:
            place = tuple(_words(a, v) for a, v in cell.spec.coords if a in apart)
            shared.setdefault(place, []).append(cell)
    names = [a for a in table.axes if a not in apart and (a in varying or a == "method")]
    return [Group(", ".join(place), _lines(group, names)) for place, group in shared.items()]


def _lines(cells: Sequence[Cell], axes: Sequence[str]) -> tuple[Line, ...]:
    """Labels, colours and dashes: a colour a method, or a ramp where all are one method's."""
    labels = [
        ", ".join(_words(a, cell.spec.coord(a)) for a in sorted(axes, key=lambda a: a != "method"))
        for cell in cells
    ]
    methods = [cell.spec.run.method for cell in cells]
    if len(set(methods)) == 1 and 1 < len(cells) <= len(RAMP):
        marker = STYLES.get(methods[0], OTHER)[1]
        return tuple(
            Line(label, cell, colour, marker, 0)
            for label, cell, colour in zip(labels, cells, RAMP, strict=False)
        )
    found = []
    for place, (label, cell) in enumerate(zip(labels, cells, strict=True)):
        colour, marker = STYLES.get(methods[place], OTHER)
        dash = methods[:place].count(methods[place]) % len(DASHES)
        found.append(Line(label, cell, colour, marker, dash))
    return tuple(found)


def _words(axis: str, label: str) -> str:
    return label if axis in NAMED else f"{axis} {label}"


# --- pictures ----------------------------------------------------------------------------------


def collapse_curves(group: Group) -> list[Picture]:
    """Mean and deviation of NC (log scale), variability with its floor, over the epochs."""
    made = [
        _curves(group, "nc_mean", "Mean of NC", log=True),
        _curves(group, "nc_std", "Standard deviation of NC", log=True),
        _curves(group, "variability", "Variability, and its floor", floor="variability_floor"),
    ]
    return [picture for picture in made if picture]


def accuracy_curves(group: Group) -> Picture | None:
    """Test accuracy over the epochs."""
    return _curves(group, "test_accuracy", "Test accuracy, %")


def group_bars(group: Group, rule: str = "thirds") -> Picture:
    """Accuracy of many, medium and few classes, a bar a method, whiskers one deviation."""

    def draw(axes: Any) -> None:
        width = 0.8 / len(group.lines)
        for place, line in enumerate(group.lines):
            at = [g + (place - (len(group.lines) - 1) / 2) * width for g in range(len(GROUPS))]
            means, spread = _bars(line.cell, rule)
            axes.bar(at, means, 0.86 * width, color=line.colour, hatch=_hatch(line))
            axes.errorbar(at, means, spread, fmt="none", ecolor=INK, elinewidth=0.8)
        axes.set_xticks(range(len(GROUPS)), [f"{name} shot" for name in GROUPS])
        axes.tick_params(axis="x", length=0)
        axes.set_ylim(0, 100)

    words = "; ".join(
        f"{line.label}: "
        + ", ".join(
            f"{name} {mean:.1f} %"
            for name, mean in zip(GROUPS, _bars(line.cell, rule)[0], strict=True)
        )
        for line in group.lines
    )
    title = "Accuracy of many, medium and few classes, %"
    return Picture(title, f"{title}. {words}.", _svg(draw, f"{group.title} {title}"))


def heat_maps(record: Record, measure: str, most: int = 4) -> list[Picture]:
    """Matrices of cosines at up to `most` epochs, the first and the last among them."""
    found = curves.matrices(record, measure)
    epochs = sorted(found)
    if len(epochs) > most:
        epochs = [epochs[round(i * (len(epochs) - 1) / (most - 1))] for i in range(most)]
    what = "class means" if measure == "class_cosines" else "features of the smallest class"
    return [
        _heat_map(found[e], f"Epoch {e}", f"Cosines between {what} at epoch {e}", record.run.id)
        for e in epochs
    ]


def _curves(
    group: Group, measure: str, title: str, log: bool = False, floor: str | None = None
) -> Picture | None:
    shown = [(line, curves.curve(line.cell, measure)) for line in group.lines]
    known = [(line, curve) for line, curve in shown if curve is not None]
    if not known:
        return None

    def draw(axes: Any) -> None:
        for line, curve in known:
            _draw_curve(axes, line, curve, log)
            at = curves.curve(line.cell, floor) if floor else None
            if at is not None:
                axes.axhline(at.means[-1], color=line.colour, linewidth=0.9, dashes=(1, 2))
        axes.set_xlabel("epoch")
        if log:
            axes.set_yscale("log")
            _plain_log_ticks(axes)
        axes.margins(x=0.02)

    words = "; ".join(
        f"{line.label}: {curve.means[0]:.3g} at epoch {curve.epochs[0]}, {curve.means[-1]:.3g} at "
        f"epoch {curve.epochs[-1]}"
        for line, curve in known
    )
    alt = f"{title} over the epochs{', logarithmic' if log else ''}. {words}."
    return Picture(title, alt, _svg(draw, f"{group.title} {title}"))


def _draw_curve(axes: Any, line: Line, curve: Curve, log: bool) -> None:
    """The mean over seeds, and a band from the lowest to the highest seed."""
    means: Sequence[float] = curve.means
    lowest = [min(column) for column in zip(*curve.values, strict=True)]
    highest = [max(column) for column in zip(*curve.values, strict=True)]
    if log:  # a logarithmic axis has no place for 0
        tiny = 1e-6
        means, lowest, highest = ([max(v, tiny) for v in s] for s in (means, lowest, highest))
    if len(curve.values) > 1:
        axes.fill_between(curve.epochs, lowest, highest, color=line.colour, alpha=0.16, linewidth=0)
    axes.plot(
        curve.epochs,
        means,
        color=line.colour,
        linestyle=DASHES[line.dash],
        marker=line.marker,
        markevery=max(1, len(means) // 6),
        markersize=3.2,
        linewidth=1.4,
    )


def _plain_log_ticks(axes: Any) -> None:
    """Ticks at 1, 2 and 5 of each decade, as plain numbers."""
    from matplotlib import ticker

    low, high = axes.get_ylim()
    subs = (1.0,) if high / low > 300 else (1.0, 2.0, 5.0) if high / low < 30 else (1.0, 3.0)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=subs, numticks=12))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())


def _bars(cell: Cell, rule: str) -> tuple[list[float], list[float]]:
    """(mean, deviation) over seeds for each class group; nan for a group without classes."""
    means, spread = [], []
    for name in GROUPS:
        values = [record.result["groups"][rule][name] for record in cell.records]
        known = sample([v for v in values if v is not None]) if None not in values else None
        means.append(known.mean if known else float("nan"))
        spread.append((known.std if known else None) or 0.0)
    return means, spread


def _hatch(line: Line) -> str:
    return ("", "///", "...", "xxx")[line.dash]


def _heat_map(matrix: Sequence[Sequence[float | None]], title: str, alt: str, salt: str) -> Picture:
    values = [[float("nan") if v is None else v for v in row] for row in matrix]
    n = len(values)
    off = [v for i, row in enumerate(values) for j, v in enumerate(row) if i != j and v == v]

    def draw(axes: Any) -> None:
        look = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidth": 0.2, "edgecolor": "face"}
        mesh = axes.pcolormesh(values, **look)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.grid(False)
        ticks = range(0, n, max(1, n // 5))
        axes.set_xticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
        axes.set_yticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
        axes.tick_params(length=0)
        bar = axes.figure.colorbar(mesh, ax=axes, ticks=[-1, 0, 1], shrink=0.85)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)

    if off:
        mean = sum(off) / len(off)
        alt += f": mean {mean:.2f} off the diagonal, from {min(off):.2f} to {max(off):.2f}"
    return Picture(title, f"{alt}.", _svg(draw, f"{salt} {alt}", (2.9, 2.4)))


# --- SVG ---------------------------------------------------------------------------------------


def _svg(draw: Callable[[Any], None], salt: str, size: tuple[float, float] = SIZE) -> bytes:
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
