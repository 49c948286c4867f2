"""Tables of results in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from cli.show.grids import console, print_json
from ncmc.results.cells import Cell
from ncmc.results.table_data import BEST_IS_LAST, TableData, table_json
from ncmc.results.table_layout import Layout, blocks, layout
from ncmc.results.wording import plus_minus

CAPTION = "accuracy in % after the last epoch ± standard deviation over seeds"
BEST = "; best: at the best test epoch"
WIDEST = 10_000  # columns; no table is wider


def print_table(data: TableData, as_json: bool) -> None:
    """A table of results: last accuracy, beside it the best and the paper's number where they tell more.

    What is too wide for the terminal is printed as several tables below one another.
    """
    if as_json:
        print_json(table_json(data))
        return
    out = console()
    if data.banner:
        out.print(Text(data.banner, style="bold yellow"))
    out.print(f"{data.table.name}: {data.table.title}")
    laid = layout(data)

    def part(columns: range) -> Grid:
        return _part(laid, columns, data.measures)

    for columns in blocks(laid, lambda columns: _fits(out, part(columns))):
        out.print(part(columns))
    best = BEST if "best" in data.measures else f". {BEST_IS_LAST}"
    out.print(Text(CAPTION + best, style="dim"))
    for note in data.notes:
        print(note)


def _part(laid: Layout, columns: range, measures: Sequence[str]) -> Grid:
    """The table of some of its columns; row labels and values are never cut."""
    grid = Grid()
    for axis in laid.stub:
        grid.add_column(axis, no_wrap=True)
    for column in columns:
        grid.add_column("\n".join(laid.columns[column]), justify="right", no_wrap=True)
        for name in measures[1:]:
            grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("seeds", justify="right", no_wrap=True)
    for row in laid.rows:
        chosen = [row.cells[column] for column in columns]
        values = [value for cell in chosen for value in _values(cell, measures)]
        seeds = dict.fromkeys(_seeds(cell) for cell in chosen if cell)
        grid.add_row(*row.labels, *values, ", ".join(seeds))
    return grid


def _values(cell: Cell | None, measures: Sequence[str]) -> list[str]:
    if cell is None:
        return [""] * len(measures)
    values = {
        "last": plus_minus(cell.last),
        "best": plus_minus(cell.best),
        "paper": "not known" if cell.paper is None else f"{cell.paper.value:.1f}",
    }
    return [values[measure] for measure in measures]


def _seeds(cell: Cell) -> str:
    return str(cell.planned) if cell.complete else f"{cell.n} of {cell.planned}"


def _fits(out: Console, grid: Grid) -> bool:
    return Measurement.get(out, out.options.update_width(WIDEST), grid).maximum <= out.width
