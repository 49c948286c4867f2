"""The accuracy of a table over two options as colours, with the numbers in them."""

from collections.abc import Sequence
from typing import Any

from ncmc.plan.grid import Table, axis_words
from ncmc.plan.grid_file import REQUIRED
from ncmc.report.figures.svg import INK, Picture, svg_of
from ncmc.results.cells import Cell
from ncmc.results.wording import plus_minus

COLOURS = "cividis"  # from dark to light: the order stays in grey, and for the colour-blind
LIGHT = 0.46  # luminance of a colour (0 to 1) from which on its number is dark
Map = dict[tuple[str, str], Cell]  # (place on the vertical axis, on the horizontal) -> cell


def accuracy_maps(table: Table, cells: Sequence[Cell]) -> list[Picture]:
    """A map for every setting of the other axes, of a table with two axes of options; else none."""
    names = [a for a in table.axes if a not in REQUIRED and len(_places(cells, a)) > 1]
    if len(names) != 2 or not any(cell.n for cell in cells):
        return []
    down, across = sorted(names, key=lambda axis: axis in table.columns)
    varying = [a for a in table.axes if a not in names and len(_places(cells, a)) > 1]
    maps: dict[str, Map] = {}
    for cell in cells:
        setting = ", ".join(axis_words(a, cell.spec.coord(a)) for a in varying)
        place = cell.spec.coord(down), cell.spec.coord(across)
        maps.setdefault(setting, {})[place] = cell
    rows, columns = _places(cells, down), _places(cells, across)
    bounds = _bounds(cells)
    return [
        _picture(setting, found, (down, rows), (across, columns), bounds)
        for setting, found in maps.items()
    ]


def _places(cells: Sequence[Cell], axis: str) -> list[str]:
    return list(dict.fromkeys(cell.spec.coord(axis) for cell in cells))


def _bounds(cells: Sequence[Cell]) -> tuple[float, float, float]:
    """(chance, lowest, highest) in percent, the same for every map of a table."""
    chance = max(100 / len(cell.records[0].result.per_class) for cell in cells if cell.n)
    means = [cell.last.mean for cell in cells if cell.last]
    return chance, min(chance, *means), max(chance + 1, *means)


def _picture(
    setting: str,
    found: Map,
    vertical: tuple[str, list[str]],
    horizontal: tuple[str, list[str]],
    bounds: tuple[float, float, float],
) -> Picture:
    (down, rows), (across, columns) = vertical, horizontal
    chance, low, high = bounds
    values = [[_mean(found.get((row, column))) for column in columns] for row in rows]

    def draw(axes: Any) -> None:
        mesh = axes.pcolormesh(values, cmap=COLOURS, vmin=low, vmax=high)
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                cell = found.get((row, column))
                value = values[y][x]
                colour = ink_on(mesh.cmap(mesh.norm(value))[:3]) if value == value else INK
                axes.text(x + 0.5, y + 0.5, _number(cell), color=colour, ha="center", va="center")
        axes.invert_yaxis()
        axes.grid(False)
        axes.set_xticks([x + 0.5 for x in range(len(columns))], columns, parse_math=False)
        axes.set_yticks([y + 0.5 for y in range(len(rows))], rows, parse_math=False)
        axes.set_xlabel(across)
        axes.set_ylabel(down)
        axes.tick_params(length=0)
        bar = axes.figure.colorbar(mesh, ax=axes, ticks=[chance, high])
        bar.ax.set_yticklabels([f"chance {chance:.0f}", f"{high:.0f}"])
        bar.outline.set_visible(False)

    title = f"Accuracy over {down} and {across}, %" + (f": {setting}" if setting else "")
    told = "; ".join(
        f"{down} {row}, {across} {column}: {plus_minus(found[row, column].last)}"
        for row in rows
        for column in columns
        if (row, column) in found
    )
    size = (1.6 + 0.72 * len(columns), 0.8 + 0.52 * len(rows))
    alt = f"{title}. {told}. Chance is {chance:.1f}."
    return Picture(title, alt, svg_of(draw, f"{setting} {alt}", size))


def _mean(cell: Cell | None) -> float:
    return cell.last.mean if cell and cell.last else float("nan")


def _number(cell: Cell | None) -> str:
    """`84.1` and, below it, `± 0.5`; a dash without a record."""
    return plus_minus(cell.last if cell else None).replace(" ±", "\n±")


def ink_on(colour: tuple[float, float, float]) -> str:
    """Black or white, whichever can be read on a colour: red, green and blue from 0 to 1."""
    red, green, blue = colour
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LIGHT else "#ffffff"
