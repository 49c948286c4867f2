"""Rows in columns, as wide as the terminal, with every word whole and every bracket as it stands."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from ncmc.errors import printable

MOST_LINES = 20  # of one kind, on a terminal; a pipe gets all
LONGEST_WORD = 40  # characters; a longer one, such as a path, may be cut

Cell = str | Text


class _PrintableConsole(Console):
    """Escapes what would steer the terminal in every text, and leaves Rich's own colours."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def console(*, stderr: bool = False) -> Console:
    """A console that prints text as it stands: `[red]`, `:smile:` and escapes mean nothing."""
    return _PrintableConsole(markup=False, emoji=False, highlight=False, stderr=stderr)


def print_json(value: Any) -> None:
    """Print for a program to read; in ASCII, so that no stream can garble it."""
    print(json.dumps(value, indent=1, default=str))


def print_lines(lines: Sequence[str]) -> None:
    """Print lines of one kind; on a terminal the first `MOST_LINES` of them."""
    most = MOST_LINES if console().is_terminal else len(lines)
    for line in lines[:most]:
        print(line)
    if len(lines) > most:
        print(f"... and {len(lines) - most} more; `| less` shows all")


def cell_text(value: object) -> str:
    """A value in a column: yes or no for booleans, a dash for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_listing(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    """Rows with equal keys."""
    if as_json:
        print_json(rows)
    elif rows:
        print_grid(list(rows[0]), [[cell_text(value) for value in row.values()] for row in rows])


def print_grid(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str | None = None
) -> None:
    """Print rows as a table; as one list per row where the terminal is too narrow for a table."""
    out = console()
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    if title:
        out.print(title)
    widths = column_widths(columns, cells, out.width)
    if widths is None:
        _print_lists(out, columns, cells)
        return
    grid = Table()
    for column, width in zip(columns, widths, strict=True):
        grid.add_column(Text(column), width=width, overflow="fold")
    for row in cells:
        grid.add_row(*row)
    out.print(grid)


def column_widths(
    columns: Sequence[str], rows: Sequence[Sequence[Text]], width: int
) -> list[int] | None:
    """Characters for each column, so that no word is cut; None if `width` cannot hold the words."""
    full = [[Text(column), *cells] for column, *cells in zip(columns, *rows, strict=True)]
    lines = [max(_longest(cell.plain.splitlines()) for cell in cells) for cells in full]
    least = [min(max(_longest(_words_of(cell)) for cell in cells), LONGEST_WORD) for cells in full]
    free = width - 3 * len(columns) - 1  # a border and two spaces per column, and one more border
    if sum(lines) <= free:
        return lines
    if sum(least) > free:
        return None
    spare, wanted = free - sum(least), sum(lines) - sum(least)
    return [word + spare * (line - word) // wanted for word, line in zip(least, lines, strict=True)]


def _words_of(cell: Text) -> list[str]:
    return [cell.plain] if cell.no_wrap else cell.plain.split()


def _longest(parts: Sequence[str]) -> int:
    return max((Text(part).cell_len for part in parts), default=0)


def _print_lists(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Each row as a list: its first cell, and below it what the others hold, each with its column."""
    for first, *others in rows:
        out.print(first, style="bold")
        grid = Table.grid(padding=(0, 2, 0, 0))
        for column, cell in zip(columns[1:], others, strict=True):
            if cell.plain not in ("", "-"):
                grid.add_row(f"  {column}", cell)
        out.print(grid)
