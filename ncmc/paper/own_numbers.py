"""Numbers that a reader copied from a PDF of his own: a file that overlays ours, never committed.

config/paper/own_numbers.csv has the cells of tables 1 to 7, config/paper/own_sets/NAME.csv those of
another paper, for the tables of the calibration. A row names its cell as its table does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncmc.errors import UsageError, UserError, shortened, unknown
from ncmc.paper.own_rows import (
    COLUMNS,
    NAMED,
    Entered,
    as_csv,
    entered,
    find_cell,
    in_words,
    parse_others,
    row_of,
)
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries
from ncmc.project import Project, read_once
from ncmc.system import documents, files

FILE = "paper/own_numbers.csv"
SETS = "paper/own_sets"  # a file a second set
SET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")


@dataclass(frozen=True)
class OwnNumber:
    """A number that a reader entered, with its cell."""

    table: str
    place: int  # of the cell in its table, from 1
    spec: CellSpec
    entered: Entered

    @property
    def key(self) -> tuple[str, int]:
        """What two numbers of one cell share."""
        return self.table, self.place


@read_once
def own_numbers(project: Project, name: str | None = None) -> tuple[OwnNumber, ...]:
    """The numbers of a reader's file, or of his set `name`; none without a file.

    Raises UsageError naming the line at fault.
    """
    path = file_of(project, name)
    return tuple(read_numbers(project, path, name)) if files.exists(path) else ()


def file_of(project: Project, name: str | None) -> Path:
    """Where a reader's numbers lie. Raises UsageError for a set that is not called a word."""
    if name is None:
        return project.config(FILE)
    if not SET_NAME.fullmatch(name):
        raise UsageError(
            f"a set of numbers is called {shortened(repr(name))}; allowed: a letter, then up to 29 "
            "letters, digits or _, such as yang2022."
        )
    return project.config(f"{SETS}/{name}.csv")


def set_names(project: Project) -> list[str]:
    """The second sets that there are."""
    folder = project.config(SETS)
    if not folder.is_dir():
        return []
    return sorted(path.stem for path in folder.glob("*.csv") if SET_NAME.fullmatch(path.stem))


def files_there(project: Project) -> list[str]:
    """The reader's files that exist, below config/."""
    there = [FILE] if files.exists(project.config(FILE)) else []
    return [*there, *(f"{SETS}/{name}.csv" for name in set_names(project))]


def allowed_tables(project: Project, name: str | None) -> list[str]:
    """The tables whose cells can have numbers: the paper's, or for a set those of a calibration."""
    return [
        table
        for table, placed in grid_entries(project).items()
        if placed.kind == "table"
        and (
            placed.grid.scale == "reference"
            if name is not None
            else placed.grid.scale == "paper" and placed.entry.where.startswith("Table ")
        )
    ]


def table_named(project: Project, table: str, name: str | None) -> Table:
    """A table whose cells can have numbers. Raises UsageError."""
    allowed = allowed_tables(project, name)
    if table not in allowed:
        raise unknown("table", table, allowed)
    return grid.table(project, table)


def read_numbers(
    project: Project, path: Path, name: str | None = None, by: str | None = None
) -> list[OwnNumber]:
    """The rows with a value of a CSV file; `by` fills in who entered them, where it is not said.

    Raises UsageError naming the line at fault, and for two rows of one cell.
    """
    found: dict[tuple[str, int], int] = {}
    numbers = []
    for line, row in enumerate(documents.read_csv(path, COLUMNS), start=2):
        number = _number(project, row, f"{path}, line {line}", name, by)
        if number is None:
            continue
        if number.key in found:
            raise UsageError(
                f"{path}, line {line}: the cell {number.spec.label} of {number.table} stands in line "
                f"{found[number.key]} too. Keep one of the two."
            )
        found[number.key] = line
        numbers.append(number)
    return numbers


def _number(
    project: Project, row: Mapping[str, str], where: str, name: str | None, by: str | None
) -> OwnNumber | None:
    """The number of a row; None if it has no value."""
    try:
        table = table_named(project, row["table"], name)
        axes = {axis: row[axis] for axis in NAMED if row[axis]} | parse_others(row["other"])
        place, spec = find_cell(table, axes)
    except UsageError as error:
        named = str(error).startswith(f"{where}: ")  # a table is where a single number belongs
        raise UsageError(str(error) if named else f"{where}: {error}") from error
    if not row["value"]:
        if row["std"] or row["n"]:
            raise UsageError(f"{where}: 'std' or 'n' is given without a value.")
        return None
    data: dict[str, Any] = {"page": row["page"], "by": row["by"] or by or ""}
    for key, kind in (("value", float), ("std", float), ("n", int)):
        data[key] = documents.csv_number(row[key], kind, key, where)
    return OwnNumber(table.name, place, spec, entered(data, where))


def number_of(project: Project, row: Mapping[str, str], where: str, name: str | None) -> OwnNumber:
    """The number of one row. Raises UsageError, also for a row without a value."""
    number = _number(project, row, where, name, None)
    if number is None:
        raise UsageError(f"{where}: the value is empty; a number in percent is needed.")
    return number


def fractions(project: Project, numbers: Iterable[OwnNumber]) -> list[str]:
    """Warnings about numbers far below chance: fractions in place of percent."""
    told = []
    for number in numbers:
        classes = dataset_entry(project, number.spec.run.dataset).classes or 1
        if 0 < number.entered.value < 50 / classes:
            told.append(
                f"{number.table}, {number.spec.label}: {number.entered.value:g} % is far below chance "
                f"({100 / classes:g} %). Is it a fraction? Percent are needed."
            )
    return told


# --- writing -----------------------------------------------------------------------------------


def merged(
    known: Sequence[OwnNumber], new: Iterable[OwnNumber], replace: bool
) -> tuple[OwnNumber, ...]:
    """The known numbers and new ones, by table and cell. Raises UserError for a clash.

    A clash is a cell whose number is another one already; `replace` takes the new one.
    """
    found = {number.key: number for number in known}
    for number in new:
        there = found.get(number.key)
        if there and there.entered != number.entered and not replace:
            raise UserError(
                f"{number.table}, {number.spec.label}: {in_words(there.entered)} is there already, "
                f"and {in_words(number.entered)} came. Nothing was changed; --replace takes what came."
            )
        found[number.key] = number
    return tuple(found[key] for key in sorted(found))


def write_numbers(project: Project, numbers: Iterable[OwnNumber], name: str | None) -> Path:
    """Write a reader's file, whole or not at all; its path. Raises UserError."""
    path = file_of(project, name)
    files.write_atomic(path, as_csv([row_of(n.table, n.spec, n.entered) for n in numbers]))
    return path
