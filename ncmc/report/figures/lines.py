"""Which cells share a picture, and how each looks in it.

Every method has its own colour and marker in every picture (readable with the common forms of
colour blindness, on a light and on a dark page); what else tells lines apart is their dash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.plan.grid import Table, axis_words
from ncmc.results.cells import Cell

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


def groups(table: Table, cells: Sequence[Cell]) -> list[Group]:
    """The cells that have records, by dataset, backbone, tau and option columns of the table."""
    varying = {a for a in table.axes if len({c.spec.coord(a) for c in cells}) > 1}
    apart = {"dataset", "backbone", "tau", *table.columns} - {"method"}
    shared: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        if cell.n:
            place = tuple(axis_words(a, v) for a, v in cell.spec.coords if a in apart)
            shared.setdefault(place, []).append(cell)
    names = [a for a in table.axes if a not in apart and (a in varying or a == "method")]
    return [Group(", ".join(place), _lines(group, names)) for place, group in shared.items()]


def _lines(cells: Sequence[Cell], axes: Sequence[str]) -> tuple[Line, ...]:
    """Labels, colours and dashes: a colour a method, or a ramp where all are one method's."""
    labels = [
        ", ".join(
            axis_words(a, cell.spec.coord(a)) for a in sorted(axes, key=lambda a: a != "method")
        )
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
