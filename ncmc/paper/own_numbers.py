"""Numbers that a reader copied from a PDF of his own: a file that overlays ours, never committed.

config/paper/own_numbers.csv has the cells of tables 1 to 7, config/paper/own_sets/NAME.csv those of
another paper, for the tables of the calibration. A row names its cell as its table does.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.number import Percent, Points, Seeds
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import format_value, parse_value
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Strict

FILE = "paper/own_numbers.csv"
SETS = "paper/own_sets"  # a file a second set
SET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
NAMED = ("dataset", "backbone", "method", "tau")  # columns of the axes that every table has

# What somebody wrote: one line, no control characters, nothing that a spreadsheet would run.
Said = Annotated[
    str, StringConstraints(pattern=r"^[^\s=+\-@\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", max_length=80)
]


class Entered(Strict):
    """What a reader says of one cell: accuracy in percent, as printed, and where it stands."""

    value: Percent
    std: Points | None  # None where it is printed without
    n: Seeds | None  # seeds behind it; None where it is not printed
    page: Said
    by: Said


COLUMNS = ("table", *NAMED, "other", *Entered.model_fields)


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
        axes = {axis: row[axis] for axis in NAMED if row[axis]} | _others(row["other"])
        place, spec = find_cell(table, axes)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    if not row["value"]:
        if row["std"] or row["n"]:
            raise UsageError(f"{where}: 'std' or 'n' is given without a value.")
        return None
    data: dict[str, Any] = {"page": row["page"], "by": row["by"] or by or ""}
    for key, kind in (("value", float), ("std", float), ("n", int)):
        data[key] = documents.csv_number(row[key], kind, key, where)
    return OwnNumber(table.name, place, spec, entered(data, where))


def entered(data: dict[str, Any], where: str) -> Entered:
    """What a reader says, checked. Raises UsageError."""
    for key, what in (("page", "where the number stands"), ("by", "who read it")):
        if not data[key]:
            raise UsageError(f"{where}: '{key}' is missing: {what} is part of a number.")
    return documents.parse(Entered, data, where)


def _others(text: str) -> dict[str, str]:
    """`mixup=on;f=10` as a dictionary."""
    found = {}
    for part in filter(None, text.split(";")):
        axis, equals, value = part.partition("=")
        if not (axis and equals and value):
            raise UsageError(f"'other' is {shortened(repr(text))}; allowed: AXIS=VALUE;AXIS=VALUE.")
        found[axis.strip()] = value.strip()
    return found


def find_cell(table: Table, axes: Mapping[str, str]) -> tuple[int, CellSpec]:
    """(place from 1, cell): the cell of a table with these labels or values on its axes.

    Raises UsageError for an axis or a value that the table has not, and unless one cell is left.
    """
    left = list(enumerate(table.cells, start=1))
    for axis, given in axes.items():
        if axis not in table.axes:
            raise unknown("axis", axis, table.axes)
        by_label = [(i, spec) for i, spec in left if given == spec.coord(axis)]
        chosen = by_label or [(i, spec) for i, spec in left if _has(spec, axis, given)]
        if not chosen:
            labels = dict.fromkeys(spec.coord(axis) for _, spec in left)
            raise UsageError(f"{table.name}: {unknown(axis, given, labels)}")
        left = chosen
    if len(left) > 1:
        varying = [a for a in table.axes if len({spec.coord(a) for _, spec in left}) > 1]
        values = "; ".join(
            f"{axis}: {', '.join(dict.fromkeys(spec.coord(axis) for _, spec in left))}"
            for axis in varying
        )
        raise UsageError(f"{table.name}: {len(left)} cells fit. Say which, by {values}.")
    return left[0]


def _has(spec: CellSpec, axis: str, given: str) -> bool:
    value = format_value(parse_value(given))
    return spec.attributes.get(axis, spec.coord(axis)).casefold() == value.casefold()


# --- writing -----------------------------------------------------------------------------------


def merged(
    known: Sequence[OwnNumber], new: Iterable[OwnNumber], replace: bool
) -> tuple[OwnNumber, ...]:
    """The known numbers and new ones, by table and cell. Raises UsageError for a clash.

    A clash is a cell whose number is another one already; `replace` takes the new one.
    """
    found = {number.key: number for number in known}
    for number in new:
        there = found.get(number.key)
        if there and there.entered != number.entered and not replace:
            raise UsageError(
                f"{number.table}, {number.spec.label}: {in_words(there.entered)} is there already, "
                f"and {in_words(number.entered)} came. Nothing was changed; --replace takes what came."
            )
        found[number.key] = number
    return tuple(found[key] for key in sorted(found))


def in_words(number: Entered) -> str:
    """`80.6 ± 0.3 (n 3; page 8, read by A. Reader)`."""
    spread = "" if number.std is None else f" ± {number.std:g}"
    seeds = "" if number.n is None else f"n {number.n}; "
    return f"{number.value:g}{spread} ({seeds}page {number.page}, read by {number.by})"


def write_numbers(project: Project, numbers: Iterable[OwnNumber], name: str | None) -> Path:
    """Write a reader's file, whole or not at all; its path. Raises UserError."""
    path = file_of(project, name)
    files.write_atomic(path, as_csv([row_of(n.table, n.spec, n.entered) for n in numbers]))
    return path


def row_of(table: str, spec: CellSpec, number: Entered | None) -> dict[str, str]:
    """A cell as a row of a file; empty where its number is not known."""
    others = [f"{axis}={label}" for axis, label in spec.coords if axis not in NAMED]
    row = {"table": table, **{axis: spec.coord(axis) for axis in NAMED}, "other": ";".join(others)}
    for key in Entered.model_fields:
        value = getattr(number, key) if number else None
        row[key] = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return row


def as_csv(rows: Iterable[Mapping[str, str]]) -> str:
    """Rows as CSV text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
