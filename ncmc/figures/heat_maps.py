"""Matrices as fields of colour: accuracy over two options, and cosines."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.painting import ink
from ncmc.plan.grid import Table, axis_words
from ncmc.plan.grid_file import REQUIRED
from ncmc.results import curves
from ncmc.results.cells import Cell
from ncmc.results.curves import MatrixMeasure
from ncmc.results.history import matrix_of
from ncmc.results.record import Record
from ncmc.results.statistics import Sample
from ncmc.results.wording import plus_minus

COLOURS = "cividis"  # from dark to light: the order stays in grey, and for the colour-blind
LIGHT = 0.46  # luminance of a colour (0 to 1) from which on its number is dark
OF = {"class_cosines": "class means", "tail_cosines": "features of the smallest class"}
AXES = {"class_cosines": "class", "tail_cosines": "image of the smallest class"}


# --- accuracy over two options -----------------------------------------------------------------


@dataclass(frozen=True)
class MapCell:
    """The accuracy at a place of a map, in percent, over the seeds of a cell."""

    down: str  # the option on the vertical axis
    row: str  # ... its value
    across: str
    column: str
    mean: float | None  # None: no record
    std: float | None
    seeds: int
    chance: float

    @property
    def sample(self) -> Sample | None:
        """Its mean and deviation; None without a record."""
        return None if self.mean is None else Sample(self.mean, self.std, self.seeds)


def map_panels(table: Table, cells: Sequence[Cell]) -> list[Panel]:
    """A map for every setting of the other axes that has records, of a table over two options.

    All are on one scale of colours. None where no map has two rows, two columns and two numbers.
    """
    names = [a for a in table.axes if a not in REQUIRED and len(_places(cells, a)) > 1]
    if len(names) != 2 or not any(cell.n for cell in cells):
        return []
    down, across = sorted(names, key=lambda axis: axis in table.columns)
    varying = [a for a in table.axes if a not in names and len(_places(cells, a)) > 1]
    maps: dict[str, list[MapCell]] = {}
    chance = max(100 / len(cell.records[0].result.per_class) for cell in cells if cell.n)
    for cell in cells:
        setting = ", ".join(axis_words(a, cell.spec.coord(a)) for a in varying)
        last, coord = cell.last, cell.spec.coord
        mean, std = (last.mean, last.std) if last else (None, None)
        place = MapCell(down, coord(down), across, coord(across), mean, std, cell.n, chance)
        maps.setdefault(setting, []).append(place)
    means = [row.mean for rows in maps.values() for row in rows if row.mean is not None]
    draw = partial(draw_map, low=min(chance, *means), high=max(chance + 1, *means))
    drawn = {setting: rows for setting, rows in maps.items() if any(row.seeds for row in rows)}
    wide = any(
        len({row.row for row in rows}) > 1 < len({row.column for row in rows})
        and sum(row.seeds > 0 for row in rows) > 1
        for rows in drawn.values()
    )
    return [Panel(setting, tuple(rows), draw) for setting, rows in drawn.items()] if wide else []


def map_size(panel: Panel) -> tuple[float, float]:
    """Inches that a map needs."""
    columns, rows = ({getattr(row, part) for row in panel.rows} for part in ("column", "row"))
    return 1.6 + 0.72 * len(columns), 0.8 + 0.52 * len(rows)


def _places(cells: Sequence[Cell], axis: str) -> list[str]:
    return list(dict.fromkeys(cell.spec.coord(axis) for cell in cells))


def draw_map(axes: Any, rows: Sequence[MapCell], low: float, high: float) -> None:
    """Colours from `low` to `high` percent, with mean and deviation in them."""
    downs = list(dict.fromkeys(row.row for row in rows))
    columns = list(dict.fromkeys(row.column for row in rows))
    at = {(downs.index(row.row), columns.index(row.column)): row for row in rows}
    means = {place: row.mean for place, row in at.items()}
    mesh = _draw_field(axes, (downs, columns), means, cmap=COLOURS, vmin=low, vmax=high)
    for (down, across), row in at.items():
        words = plus_minus(row.sample).replace(" ±", "\n±")
        colour = ink() if row.mean is None else ink_on(mesh.cmap(mesh.norm(row.mean))[:3])
        axes.text(across + 0.5, down + 0.5, words, color=colour, ha="center", va="center")
    axes.set_xlabel(rows[0].across)
    axes.set_ylabel(rows[0].down)
    bar = axes.figure.colorbar(mesh, ax=axes, ticks=[rows[0].chance, high])
    bar.ax.set_yticklabels([f"chance {rows[0].chance:.0f}", f"{high:.0f}"])
    bar.outline.set_visible(False)


# --- cosines -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cosine:
    """One cosine of a matrix."""

    epoch: int
    row: int
    column: int
    cosine: float | None  # None: a class without images


def cosine_panels(record: Record, measure: MatrixMeasure, most: int = 3) -> list[Panel]:
    """Matrices at up to `most` epochs: the first, the last, and evenly between; one scale for all."""
    kept = curves.cosines(record, measure)
    epochs = sorted(kept)
    if len(epochs) > most:
        epochs = [epochs[round(i * (len(epochs) - 1) / (most - 1))] for i in range(most)]
    panels = []
    for epoch in epochs:
        lines = enumerate(matrix_of(kept[epoch]))
        rows = tuple(Cosine(epoch, i, j, v) for i, line in lines for j, v in enumerate(line))
        draw = partial(draw_cosines, of=AXES[measure], scale=epoch == epochs[-1])
        panels.append(Panel(f"Epoch {epoch}", rows, draw))
    return panels


def draw_cosines(axes: Any, rows: Sequence[Cosine], of: str, scale: bool = False) -> None:
    """A square in which red is 1, white is orthogonal and blue is -1.

    `of`: what its rows and columns are; `scale`: whether the figure's scale stands beside it.
    """
    names = [str(i) for i in range(max(row.row for row in rows) + 1)]
    cosines = {(row.row, row.column): row.cosine for row in rows}
    keys = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidth": 0.2, "edgecolor": "face"}
    mesh = _draw_field(axes, (names, names), cosines, **keys)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    axes.set_xlabel(of)
    if scale:
        figure = axes.figure
        bar = figure.colorbar(mesh, ax=figure.axes, ticks=[-1, 0, 1], shrink=0.85, label="cosine")
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)


# --- what all of them share --------------------------------------------------------------------

Places = dict[tuple[int, int], float | None]  # (row, column) -> value; None: not known


def _draw_field(
    axes: Any, names: tuple[Sequence[str], Sequence[str]], values: Places, **keys: Any
) -> Any:
    """Fields of colour with the names of rows and columns, at most about ten of them."""
    matrix = [[float("nan")] * len(names[1]) for _ in names[0]]
    for (row, column), value in values.items():
        matrix[row][column] = float("nan") if value is None else value
    mesh = axes.pcolormesh(matrix, **keys)
    for axis, labels in ((axes.yaxis, names[0]), (axes.xaxis, names[1])):
        ticks = range(0, len(labels), max(1, len(labels) // 10))
        axis.set_ticks([tick + 0.5 for tick in ticks], [labels[tick] for tick in ticks])
    axes.invert_yaxis()
    axes.grid(False)
    axes.tick_params(length=0)
    return mesh


def ink_on(colour: tuple[float, float, float]) -> str:
    """Black or white, whichever can be read on a colour: red, green and blue from 0 to 1."""
    red, green, blue = colour
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LIGHT else "#ffffff"
