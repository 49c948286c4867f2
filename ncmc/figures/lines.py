"""Which cells share a picture, and how each looks in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.figures.styles import Look, looks_of
from ncmc.plan.grid import Table, axis_words
from ncmc.results.cells import Cell


@dataclass(frozen=True)
class Line:
    """A cell as it looks in every picture of its group."""

    cell: Cell
    look: Look

    @property
    def label(self) -> str:
        """What it is called in the legend."""
        return self.look.label

    @property
    def colour(self) -> str:
        """#rrggbb."""
        return self.look.colour

    @property
    def marker(self) -> str:
        """Of matplotlib."""
        return self.look.marker

    @property
    def dash(self) -> int:
        """Index into the dashes."""
        return self.look.dash

    @property
    def dash_name(self) -> str:
        """The dash in words."""
        return self.look.dash_name


@dataclass(frozen=True)
class Group:
    """Cells that belong into one picture: they share dataset, backbone, tau and table column."""

    title: str
    lines: tuple[Line, ...]

    @property
    def looks(self) -> dict[str, Look]:
        """Label -> how it looks."""
        return {line.label: line.look for line in self.lines}


def groups(table: Table, cells: Sequence[Cell]) -> list[Group]:
    """The cells that have records, by dataset, backbone, tau and option columns of the table."""
    varying = {a for a in table.axes if len({c.spec.coord(a) for c in cells}) > 1}
    apart = {"dataset", "backbone", "tau", *table.columns} - {"method"}
    shared: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        place = tuple(axis_words(a, v) for a, v in cell.spec.coords if a in apart)
        shared.setdefault(place, []).append(cell)
    names = [a for a in table.axes if a not in apart and (a in varying or a == "method")]
    found = [Group(", ".join(place), _lines(group, names)) for place, group in shared.items()]
    return [group for group in found if group.lines]


def _lines(cells: Sequence[Cell], axes: Sequence[str]) -> tuple[Line, ...]:
    """The cells that have records. How one looks does not depend on which others have."""
    order = sorted(axes, key=lambda a: a != "method")
    labels = [", ".join(axis_words(a, cell.spec.coord(a)) for a in order) for cell in cells]
    methods = [cell.spec.run.method for cell in cells]
    looks = looks_of(list(zip(labels, methods, strict=True)))
    return tuple(Line(cell, look) for cell, look in zip(cells, looks, strict=True) if cell.n)
