"""Numbers of tables 1 to 7 that a reader copied from the PDF, in a file that overlays ours.

config/paper/own_numbers.csv, which git ignores, has a row per number, which names its cell as its table
does. It is read as editors, spreadsheets and a paste from the PDF leave it: separated by commas,
semicolons or tabs, with decimal commas, empty rows, `80.6 ± 0.3` and dashes.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.number import Percent, Points, Seeds
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries
from ncmc.plan.option_text import format_value, parse_value
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Strict

FILE = "paper/own_numbers.csv"
AXES = ("dataset", "backbone", "method", "tau")  # columns of the axes that every table has
DASHES = ("-", "–", "—", "−")  # what stands in a table where there is no number
PLUS_MINUS = r"\s*\$?(?:±|\+/?[-−]|\\pm)\$?\s*"
MOST_LETTERS = 80
MOST_POINTS = 20  # a deviation over seeds that is larger was misread

Key = tuple[str, int]  # a table, and the place of a cell in it, from 1


def _text(text: str) -> str:
    if len(text) > MOST_LETTERS or not text.isprintable() or text[:1] in (*"=+-@", ""):
        raise ValueError(
            f"{shortened(repr(text))} is not allowed; give one line of 1 to {MOST_LETTERS} characters "
            "that does not begin with =, +, - or @, as a formula of a spreadsheet does"
        )
    return text


Text = Annotated[str, AfterValidator(_text)]


class Entered(Strict):
    """What a reader found printed in a cell: accuracy in percent, and where it stands."""

    value: Percent
    std: Points | None  # None where it is printed without
    n: Seeds | None  # seeds behind it; None where that is not printed
    page: Text
    by: Text  # who read it


COLUMNS = ("table", *AXES, "other", *Entered.model_fields)


@read_once
def own_numbers(project: Project) -> dict[Key, Entered]:
    """The numbers of the reader's file; none without it. Raises UsageError naming the line at fault."""
    path = project.config(FILE)
    return read_numbers(project, path) if files.exists(path) else {}


def cells(project: Project, table: str | None = None) -> Iterator[tuple[Key, CellSpec]]:
    """The cells of tables 1 to 7, or of one of them. Raises UsageError for another table."""
    for name in [table] if table else _tables(project):
        for place, spec in enumerate(_table(project, name).cells, start=1):
            yield (name, place), spec


def _tables(project: Project) -> list[str]:
    return [
        name
        for name, placed in grid_entries(project).items()
        if placed.kind == "table"
        and placed.grid.scale == "paper"
        and placed.entry.where.startswith("Table ")
    ]


def _table(project: Project, name: str) -> Table:
    if name not in (allowed := _tables(project)):
        raise unknown("table", name, allowed)
    return grid.table(project, name)


def read_numbers(project: Project, path: Path, by: str = "") -> dict[Key, Entered]:
    """The rows with a value of a CSV file; `by` fills in who read them, where it is not said.

    Raises UsageError naming the line at fault, and for two rows of one cell.
    """
    numbers: dict[Key, Entered] = {}
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        try:
            key, number = _number(project, row | {"by": row["by"] or by}, where)
            if number and key in numbers:
                raise UsageError(
                    f"the cell has {in_words(numbers[key])} in another line. Keep one."
                )
        except UsageError as error:
            raise UsageError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error
        if number:
            numbers[key] = number
    return numbers


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) of a CSV file; its columns in any order, those that it leaves out empty."""
    text = documents.read_text(path).removeprefix("\ufeff")  # spreadsheets begin a file with it
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        reader.fieldnames = columns = [name.strip() for name in reader.fieldnames or ()]
        if not {"table", "value"} <= {*columns} <= {*COLUMNS, ""}:
            raise UsageError(
                f"{path} has the columns {shortened(', '.join(columns)) or 'none'}; allowed: "
                f"{', '.join(COLUMNS)}. `ncmc reference form` prints a file to fill in."
            )
        for row in reader:
            if None in row or None in row.values():
                raise UsageError(
                    f"{path}, line {reader.line_num}: needed are {len(columns)} values."
                )
            given = {key: value.strip() for key, value in row.items() if key}
            if any(given.values()):  # not one of the empty rows that spreadsheets end with
                yield reader.line_num, dict.fromkeys(COLUMNS, "") | given
    except csv.Error as error:
        raise UsageError(f"{path} is not valid CSV ({error}).") from error


def _number(project: Project, row: Mapping[str, str], where: str) -> tuple[Key, Entered | None]:
    """The cell and the number of a row; None if it has no value."""
    axes = {axis: row[axis] for axis in AXES if row[axis]} | _others(row["other"])
    place = _place(_table(project, row["table"]), axes)
    printed = {key: "" if row[key] in DASHES else row[key] for key in ("value", "std", "n")}
    parts = re.split(PLUS_MINUS, printed["value"], maxsplit=1)
    value, *spread = (part.strip("$%* ") for part in parts)
    if spread and printed["std"] not in ("", *spread):
        raise UsageError(f"a deviation stands in value, '{row['value']}', and in std. Keep one.")
    printed |= {"value": value} | ({"std": spread[0]} if spread else {})
    if not printed["value"] and any(printed.values()):
        raise UsageError("'std' or 'n' is given without a value.")
    if not printed["value"]:
        return (row["table"], place), None
    data: dict[str, Any] = {"page": row["page"], "by": row["by"]}
    for key, kind in (("value", float), ("std", float), ("n", int)):
        text = printed[key].replace(",", ".")
        data[key] = documents.csv_number(text, kind, key, where)
    return (row["table"], place), documents.parse(Entered, data, where)


def _others(text: str) -> dict[str, str]:
    """`mixup=on;f=10` as a dictionary. Raises UsageError."""
    axes = dict(part.strip(",").partition("=")[::2] for part in text.replace(";", " ").split())
    if "" in axes or "" in axes.values():
        raise UsageError(f"'other' is {shortened(repr(text))}; allowed: AXIS=VALUE;AXIS=VALUE.")
    return axes


def _place(table: Table, axes: Mapping[str, str]) -> int:
    """The place, from 1, of the cell of a table with these labels or values on its axes.

    Raises UsageError for an axis or a value that the table does not have, and unless one cell is left.
    """
    left = list(enumerate(table.cells, start=1))
    for axis, given in axes.items():
        if axis not in table.axes:
            raise unknown("axis", axis, table.axes)
        chosen = [(i, spec) for i, spec in left if given == spec.coord(axis)]
        chosen = chosen or [(i, spec) for i, spec in left if _has(spec, axis, given)]
        if not chosen:
            labels = list(dict.fromkeys(spec.coord(axis) for _, spec in left))
            raise UsageError(f"{table.name}: {unknown(axis, given, labels)}{_hint(axis, given)}")
        left = chosen
    if len(left) > 1:
        open_ = [a for a in table.axes if len({spec.coord(a) for _, spec in left}) > 1]
        raise UsageError(f"{table.name}: {len(left)} cells fit. Say which, by {', '.join(open_)}.")
    return left[0][0]


def _has(spec: CellSpec, axis: str, given: str) -> bool:
    value = format_value(parse_value(re.sub(r"^(\d+),(\d+)$", r"\1.\2", given)))
    return spec.attributes.get(axis, spec.coord(axis)).casefold() == value.casefold()


def _hint(axis: str, given: str) -> str:
    """For a tau that is the largest class over the smallest (A1)."""
    value = parse_value(given)
    inverse = axis == "tau" and isinstance(value, int | float) and value > 1
    return f" tau is n_min/n_max: did you mean {1 / float(value):g}?" if inverse else ""


def doubts(project: Project, numbers: Mapping[Key, Entered]) -> list[str]:
    """Numbers that are probably misread: fractions in place of percent, too large deviations."""
    specs = dict(cells(project))
    doubtful = []
    for key, number in numbers.items():
        chance = 100 / (dataset_entry(project, specs[key].run.dataset).classes or 100)
        what = f"{key[0]}, {specs[key].label}: {in_words(number)}"
        if number.value < max(chance, 1):
            doubtful.append(f"{what} is below 1 % or chance ({chance:g} %). Is it a fraction?")
        if number.std is not None and number.std > min(MOST_POINTS, number.value):
            doubtful.append(f"{what} has a deviation that seeds do not have.")
    return doubtful


def in_words(number: Entered) -> str:
    """`80.6 ± 0.3 (n 3; page 8, read by A. Reader)`."""
    spread = "" if number.std is None else f" ± {number.std:g}"
    seeds = "" if number.n is None else f"n {number.n}; "
    return f"{number.value:g}{spread} ({seeds}page {number.page}, read by {number.by})"


def as_csv(rows: Iterable[tuple[Key, CellSpec]], numbers: Mapping[Key, Entered]) -> str:
    """Cells, with the numbers that are known of them, as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for key, spec in rows:
        others = ";".join(f"{axis}={label}" for axis, label in spec.coords if axis not in AXES)
        known = numbers[key].model_dump() if key in numbers else dict.fromkeys(Entered.model_fields)
        printed = [f"{v:g}" if isinstance(v, float) else v for v in known.values()]
        writer.writerow([key[0], *(spec.coord(axis) for axis in AXES), others, *printed])
    return out.getvalue()
