"""The accuracy of a table over two options as colours, with the numbers in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.painted import panel_picture
from ncmc.figures.svg import Picture, ink
from ncmc.plan.grid import Table, axis_words
from ncmc.plan.grid_file import REQUIRED
from ncmc.results.cells import Cell
from ncmc.results.wording import plus_minus

COLOURS = "cividis"  # from dark to light: the order stays in grey, and for the colour-blind
LIGHT = 0.46  # luminance of a colour (0 to 1) from which on its number is dark


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


def accuracy_maps(table: Table, cells: Sequence[Cell]) -> list[Picture]:
    """A map for every setting of the other axes, of a table with two axes of options; else none."""
    pictures = []
    for panel in map_panels(table, cells):
        told = "; ".join(
            f"{row.down} {row.row}, {row.across} {row.column}: {plus_minus(row)}"
            for row in panel.rows
        )
        alt = f"{panel.title}. {told}. Chance is {panel.rows[0].chance:.1f}."
        pictures.append(panel_picture(panel, alt, f"{panel.title} {alt}", map_size(panel)))
    return pictures


def map_panels(table: Table, cells: Sequence[Cell]) -> list[Panel]:
    """The same as panels, all on one scale of colours."""
    names = [a for a in table.axes if a not in REQUIRED and len(_places(cells, a)) > 1]
    if len(names) != 2 or not any(cell.n for cell in cells):
        return []
    down, across = sorted(names, key=lambda axis: axis in table.columns)
    varying = [a for a in table.axes if a not in names and len(_places(cells, a)) > 1]
    maps: dict[str, list[MapCell]] = {}
    chance = max(100 / len(cell.records[0].result.per_class) for cell in cells if cell.n)
    for cell in cells:
        setting = ", ".join(axis_words(a, cell.spec.coord(a)) for a in varying)
        maps.setdefault(setting, []).append(_map_cell(cell, down, across, chance))
    means = [row.mean for rows in maps.values() for row in rows if row.mean is not None]
    draw = partial(draw_map, low=min(chance, *means), high=max(chance + 1, *means))
    title = f"Accuracy over {down} and {across}, %"
    return [
        Panel(title + (f": {setting}" if setting else ""), tuple(rows), draw)
        for setting, rows in maps.items()
    ]


def map_size(panel: Panel) -> tuple[float, float]:
    """Inches that a map needs."""
    columns, rows = ({getattr(row, part) for row in panel.rows} for part in ("column", "row"))
    return 1.6 + 0.72 * len(columns), 0.8 + 0.52 * len(rows)


def _map_cell(cell: Cell, down: str, across: str, chance: float) -> MapCell:
    last = cell.last
    return MapCell(
        down=down,
        row=cell.spec.coord(down),
        across=across,
        column=cell.spec.coord(across),
        mean=last.mean if last else None,
        std=last.std if last else None,
        seeds=cell.n,
        chance=chance,
    )


def _places(cells: Sequence[Cell], axis: str) -> list[str]:
    return list(dict.fromkeys(cell.spec.coord(axis) for cell in cells))


def draw_map(axes: Any, rows: Sequence[MapCell], low: float, high: float) -> None:
    """Colours from `low` to `high` percent, with mean and deviation in them."""
    downs = list(dict.fromkeys(row.row for row in rows))
    columns = list(dict.fromkeys(row.column for row in rows))
    values = [[float("nan")] * len(columns) for _ in downs]
    for row in rows:
        mean = float("nan") if row.mean is None else row.mean
        values[downs.index(row.row)][columns.index(row.column)] = mean
    mesh = axes.pcolormesh(values, cmap=COLOURS, vmin=low, vmax=high)
    for row in rows:
        y, x = downs.index(row.row), columns.index(row.column)
        colour = ink() if row.mean is None else ink_on(mesh.cmap(mesh.norm(row.mean))[:3])
        number = plus_minus(row).replace(" ±", "\n±")
        axes.text(x + 0.5, y + 0.5, number, color=colour, ha="center", va="center")
    axes.invert_yaxis()
    axes.grid(False)
    axes.set_xticks([x + 0.5 for x in range(len(columns))], columns)
    axes.set_yticks([y + 0.5 for y in range(len(downs))], downs)
    axes.set_xlabel(rows[0].across)
    axes.set_ylabel(rows[0].down)
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(mesh, ax=axes, ticks=[rows[0].chance, high])
    bar.ax.set_yticklabels([f"chance {rows[0].chance:.0f}", f"{high:.0f}"])
    bar.outline.set_visible(False)


def ink_on(colour: tuple[float, float, float]) -> str:
    """Black or white, whichever can be read on a colour: red, green and blue from 0 to 1."""
    red, green, blue = colour
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LIGHT else "#ffffff"
