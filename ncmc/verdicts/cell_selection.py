"""Which cells of which table a check is about: its selectors against the tables of grid.yaml."""

from collections.abc import Iterable, Sequence

from ncmc.errors import UsageError, listed, unknown
from ncmc.paper import switches
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.option_text import format_value, parse_value
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.verdicts.check import Check, Pairs, Selector, Wanted
from ncmc.verdicts.labels import versus
from ncmc.verdicts.verdict import MOST_NAMED

Place = tuple[CellSpec, Table]  # a cell, and the table whose seeds it has
TABLE = "table"  # the key of a side that names another table than the check's
DEFAULT = (
    "default"  # an option's value in a cell that does not set it, where others of its table do
)


def select(project: Project, check: Check, side: str) -> list[CellSpec]:
    """The cells of one side of a check (`better`, `than` or `cells`).

    Raises UsageError for a key or value that no cell has, and if there is no such cell.
    """
    table = table_of(project, check, side)
    selector = {name: value for name, value in check.sides[side].items() if name != TABLE}
    _require_known(table, "where", check.where)
    _require_known(table, side, selector)
    specs = [spec for spec in table.cells if _fits(spec, check.where, selector)]
    if not specs:
        wanted = ", ".join(_words(part) for part in (check.where, selector) if part)
        names = listed([spec.label for spec in table.cells], MOST_NAMED, "; ")
        raise UsageError(f"'{side}': no cell of {table.name} has {wanted}. Cells: {names}")
    return specs


def pairs(project: Project, check: Pairs) -> list[tuple[CellSpec, CellSpec]]:
    """(better, than): the cells that agree on every axis that neither side names.

    Raises UsageError if there is no such pair.
    """
    better, than = (select(project, check, side) for side in check.sides)
    axes = [set(table_of(project, check, side).axes) for side in check.sides]
    named = {*check.better, *check.than}
    shared = ({"dataset", "tau", "backbone"} | (axes[0] & axes[1])) - named
    fitting: dict[tuple[str | None, ...], list[CellSpec]] = {}
    for spec in than:
        fitting.setdefault(_place(spec, shared), []).append(spec)
    found = [
        (spec, other)
        for spec in better
        for other in fitting.get(_place(spec, shared), [])
        if other.run != spec.run
    ]
    if not found:
        raise UsageError(
            f"no cell of 'better' has the same {', '.join(sorted(shared))} as a cell of 'than'."
        )
    return found


def comparisons(project: Project, check: Check) -> list[tuple[Place, ...]]:
    """The cells of each comparison of a check, those of a pair or a single one, with their tables.

    Raises UsageError as `select` does.
    """
    tables = [table_of(project, check, side) for side in check.sides]
    if isinstance(check, Pairs):
        return [tuple(zip(pair, tables, strict=True)) for pair in pairs(project, check)]
    return [((spec, tables[0]),) for spec in select(project, check, "cells")]


def label_of(specs: Sequence[CellSpec]) -> str:
    """What the cells of a comparison are called, in its finding."""
    return versus(*specs) if len(specs) == 2 else specs[0].label


def runs_of(project: Project, check: Check) -> list[Run]:
    """Every run that a check looks at. Raises UsageError as `select` does."""
    return [
        run
        for side in check.sides
        for spec in select(project, check, side)
        for run in spec.runs(table_of(project, check, side).seeds)
    ]


def table_of(project: Project, check: Check, side: str) -> Table:
    """The table that a side looks its cells up in: the check's, or the one that it names."""
    other = check.sides[side].get(TABLE)
    name = check.table if other is None else switches.beside(check.table, str(other))
    try:
        return switches.table(project, name)
    except UsageError as error:
        raise UsageError(f"'{side}': {error}") from error


def require_axis(axis: str, specs: Iterable[CellSpec]) -> None:
    """Raises UsageError unless every cell lies on an axis."""
    for spec in specs:
        axes = [name for name, _ in spec.coords]
        if axis not in axes:
            raise UsageError(f"'axis': {unknown('axis', axis, axes)}")


def as_in_cells(value: Wanted) -> str:
    """A value as cells have it: `0.2`, `on`, `CAL`; `pi/2` is a number."""
    return format_value(parse_value(value) if isinstance(value, str) else value)


def _require_known(table: Table, key: str, selector: Selector) -> None:
    """Raises UsageError for what no cell of the table is made of, one value of a list included."""
    values: dict[str, set[str]] = {}
    for name in {name for spec in table.cells for name in spec.attributes}:
        values[name] = {spec.attributes.get(name, DEFAULT) for spec in table.cells}
    for name, wanted in selector.items():
        if name not in values:
            raise UsageError(f"'{key}': {unknown('key', name, values)}")
        for value in _allowed(wanted):
            if value not in values[name]:
                raise UsageError(
                    f"'{key}': no cell of {table.name} has {name}={value}: "
                    f"{unknown(name, value, values[name])}"
                )


def _fits(spec: CellSpec, *selectors: Selector) -> bool:
    """Whether a cell is one of those that all `selectors` choose."""
    has = spec.attributes
    return all(
        has.get(name, DEFAULT) in _allowed(wanted)
        for selector in selectors
        for name, wanted in selector.items()
    )


def _place(spec: CellSpec, axes: Iterable[str]) -> tuple[str | None, ...]:
    has = spec.attributes
    return tuple(has.get(axis) for axis in sorted(axes))


def _allowed(wanted: Wanted | tuple[Wanted, ...]) -> list[str]:
    return [as_in_cells(value) for value in (wanted if isinstance(wanted, tuple) else (wanted,))]


def _words(selector: Selector) -> str:
    return ", ".join(f"{name}={'|'.join(_allowed(value))}" for name, value in selector.items())
