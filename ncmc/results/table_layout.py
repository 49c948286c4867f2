"""Where each cell of a table stands: rows and columns, from the table's axes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from ncmc.plan.grid import axis_words
from ncmc.results.cells import Cell
from ncmc.results.table_data import TableData


@dataclass(frozen=True)
class TableRow:
    """One row: its labels on the row axes, its cells; None where nothing is planned.

    `stubs` are the labels with the rows that each spans; 0 where a row above spans this one.
    """

    labels: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    stubs: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Layout:
    """A table as it is shown, in the terminal, in Markdown and in HTML alike."""

    stub: tuple[str, ...]  # the row axes
    columns: tuple[tuple[str, ...], ...]  # labels on the column axes, one tuple per column
    rows: tuple[TableRow, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns' labels in one line each."""
        return tuple(", ".join(column) for column in self.columns)

    @property
    def header(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """(label, columns spanned) of each header line, the outermost first."""
        return tuple(_spans(self.columns, depth) for depth in range(len(self.columns[0])))


def layout(data: TableData) -> Layout:
    """Rows and columns of a table, from its axes; an axis with one value names no rows."""
    table = data.table
    varying = [a for a in table.rows if len({cell.spec.coord(a) for cell in data.cells}) > 1]
    stub = tuple(varying) or ("method",)
    by_place: dict[tuple[str, ...], dict[tuple[str, ...], Cell]] = {}
    columns: dict[tuple[str, ...], None] = {}
    for cell in data.cells:
        column = tuple(axis_words(axis, cell.spec.coord(axis)) for axis in table.columns)
        columns[column] = None
        by_place.setdefault(tuple(cell.spec.coord(axis) for axis in stub), {})[column] = cell
    ordered = sorted(columns, key=_rank(columns))
    ranked = sorted(by_place, key=_rank(by_place))
    spans = [_spans(ranked, depth) for depth in range(len(stub))]
    starts = [_starts(line) for line in spans]
    rows = tuple(
        TableRow(
            labels,
            tuple(by_place[labels].get(column) for column in ordered),
            tuple((labels[d], starts[d].get(place, 0)) for d in range(len(stub))),
        )
        for place, labels in enumerate(ranked)
    )
    return Layout(stub, tuple(ordered), rows)


def blocks(layout: Layout, fits: Callable[[range], bool]) -> Iterator[range]:
    """The columns in blocks that stand below one another, each as wide as it fits and at least 1."""
    start, end = 0, len(layout.columns)
    for column in range(1, end):
        if not fits(range(start, column + 1)):
            yield range(start, column)
            start = column
    yield range(start, end)


def _rank(labels: Iterable[tuple[str, ...]]) -> Callable[[tuple[str, ...]], list[int]]:
    """A sorting key that keeps equal outer labels together, and else the order given."""
    first: dict[tuple[str, ...], int] = {}
    for position, path in enumerate(labels):
        for depth in range(len(path)):
            first.setdefault(path[: depth + 1], position)
    return lambda path: [first[path[: depth + 1]] for depth in range(len(path))]


def _spans(columns: Sequence[tuple[str, ...]], depth: int) -> tuple[tuple[str, int], ...]:
    """(label, columns that it spans) of the labels at a depth, those of one outer label together."""
    paths = groupby(column[: depth + 1] for column in columns)
    return tuple((path[-1], len(list(group))) for path, group in paths)


def _starts(line: Sequence[tuple[str, int]]) -> dict[int, int]:
    """{position: length} of the spans of a line."""
    lengths = [length for _, length in line]
    return dict(zip(accumulate(lengths, initial=0), lengths, strict=False))
