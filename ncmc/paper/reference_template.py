"""Every cell of the paper's tables, with the number that is known for it: ours, or a reader's own."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ncmc.errors import UserError
from ncmc.paper.number import Number
from ncmc.paper.own_numbers import OwnNumber, allowed_tables, own_numbers, table_named
from ncmc.paper.own_rows import Entered, as_csv, in_words, row_of
from ncmc.paper.printed_numbers import FILE, our_numbers
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec
from ncmc.project import Project

Key = tuple[str, int]  # a table, and the place of a cell in it


def template(project: Project, tables: Sequence[str] | None, name: str | None) -> str:
    """A CSV with every cell, those that are known filled in: what `ncmc reference import` reads.

    Raises UsageError for a table whose cells can have no numbers.
    """
    own = {n.key: n.entered for n in own_numbers(project, name)}
    known = (ours(project) if name is None else {}) | own
    cells = _cells(project, tables, name)
    return as_csv(row_of(key[0], spec, known.get(key)) for key, spec in cells)


def status(project: Project, table: str | None, name: str | None) -> list[dict[str, Any]]:
    """A row a cell: its number and who read it; empty where nobody did."""
    own = {n.key: n.entered for n in own_numbers(project, name)}
    known = (ours(project) if name is None else {}) | own
    rows = []
    for key, spec in _cells(project, [table] if table else None, name):
        number = known.get(key)
        rows.append(
            {
                "table": key[0],
                "cell": spec.label,
                "value": number.value if number else None,
                "std": number.std if number else None,
                "n": number.n if number else None,
                "page": number.page if number else None,
                "by": number.by if number else None,
            }
        )
    return rows


def ours(project: Project) -> dict[Key, Entered]:
    """What config/paper/numbers.csv says of cells of the tables."""
    known = our_numbers(project)
    return {
        key: _as_entered(number)
        for key, spec in _cells(project, None, None)
        if (number := known.get(spec.run.cell))
    }


def require_no_contradiction(project: Project, numbers: Iterable[OwnNumber]) -> None:
    """Raises UserError for a number other than the one that stands in config/paper/numbers.csv."""
    known = ours(project)
    for number in numbers:
        there = known.get(number.key)
        if there and _printed(there) != _printed(number.entered):
            raise UserError(
                f"{number.table}, {number.spec.label}: config/{FILE} has {in_words(there)}, and "
                f"{in_words(number.entered)} came. Nothing was changed; --replace takes what came."
            )


def _as_entered(number: Number) -> Entered:
    return Entered(
        value=number.value,
        std=number.std,
        n=number.n,
        page=number.where,
        by=f"config/{FILE} ({number.id})",
    )


def _printed(number: Entered) -> tuple[float, float | None, int | None]:
    return number.value, number.std, number.n


def _cells(
    project: Project, tables: Sequence[str] | None, name: str | None
) -> Iterator[tuple[Key, CellSpec]]:
    for table in tables or allowed_tables(project, name):
        table_named(project, table, name)
        for place, spec in enumerate(grid.table(project, table).cells, start=1):
            yield (table, place), spec
