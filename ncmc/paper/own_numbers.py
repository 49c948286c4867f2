"""Numbers of tables 1 to 7 that a reader copied from the PDF, in a file that overlays ours.

config/paper/own_numbers.csv, which git ignores, has a row per number, with the words of its cell. It is
read as editors and spreadsheets leave it: in UTF-8, UTF-16 or a Windows code page, separated by commas,
semicolons or tabs, with decimal commas, empty rows, `80.6 ± 0.3` and dashes.
"""

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.validation import Percent, Points, Seeds
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import grid_entries
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Strict

FILE = "paper/own_numbers.csv"
NO_NUMBER = ("-", "–", "—", "−", "n/a", "na", "n.a.")  # what stands in a table in place of one
SPREAD = r"\s*(?:\$?(?:±|\+/?[-−]|\\pm)\$?|\()\s*"  # 80.6 ± 0.3, $80.6 \pm 0.3$, 80.6 (0.3)
MOST_LETTERS = 80
MOST_POINTS = 10  # a deviation over seeds that is larger was misread

Key = tuple[str, int]  # a table, and the place of a cell in it, from 1


def _text(text: str) -> str:
    if len(text) > MOST_LETTERS or not text.isprintable() or text[:1] in (*"=+-@", ""):
        raise ValueError(
            f"{shortened(repr(text))} is not allowed; give one line of 1 to {MOST_LETTERS} characters "
            "that does not begin with =, +, - or @, as a formula of a spreadsheet does"
        )
    return text


def _page(text: str) -> str:
    if text.isdecimal() and int(text) < 1:
        raise ValueError(f"{text} is not a page; pages are counted from 1")
    return text


OneLine = Annotated[str, AfterValidator(_text)]


class Entered(Strict):
    """What a reader found printed in a cell: accuracy in percent, and where it stands."""

    value: Percent
    std: Points | None  # None where it is printed without
    n: Seeds | None  # seeds behind it; None where that is not printed
    page: Annotated[OneLine, AfterValidator(_page)]
    by: OneLine  # who read it

    @property
    def printed(self) -> tuple[float, float | None, int | None]:
        """The number itself, without who read it where."""
        return self.value, self.std, self.n

    def __str__(self) -> str:
        """`80.6 ± 0.3 (n 3; page 8, read by A. Reader)`."""
        spread = "" if self.std is None else f" ± {self.std:g}"
        seeds = "" if self.n is None else f"n {self.n}; "
        return f"{self.value:g}{spread} ({seeds}page {self.page}, read by {self.by})"


COLUMNS = ("table", "cell", *Entered.model_fields)


@read_once
def own_numbers(project: Project) -> dict[Key, Entered]:
    """The numbers of the reader's file; none without it. Raises UsageError naming the line at fault."""
    path = project.config(FILE)
    rows = read_rows(project, path) if files.exists(path) else {}
    return {key: number for key, number in rows.items() if number}


def cells(project: Project, table: str | None = None) -> Iterator[tuple[Key, CellSpec]]:
    """The cells of tables 1 to 7, or of one of them. Raises UsageError for another table."""
    for name in [table] if table else _tables(project):
        for place, spec in enumerate(_table(project, name).cells, start=1):
            yield (name, place), spec


def _tables(project: Project) -> list[str]:
    """The printed tables: those of the paper's grid that name their place as one."""
    return [
        name
        for name, placed in grid_entries(project).items()
        if placed.grid.scale == "paper" and placed.entry.where.startswith("Table ")
    ]


def _table(project: Project, name: str) -> Table:
    if name not in (allowed := _tables(project)):
        raise unknown("table", name, allowed)
    return grid.table(project, name)


def read_rows(project: Project, path: Path, by: str = "") -> dict[Key, Entered | None]:
    """The cells of a CSV file with their numbers, None where the value is empty.

    `by` fills in who read them, where it is not said. Raises UsageError naming the line at fault, and
    for two numbers of one cell.
    """
    numbers: dict[Key, Entered | None] = {}
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        try:
            key, number = _number(project, row | {"by": row["by"] or by}, where)
            if number and numbers.get(key):
                raise UsageError(f"the cell has {numbers[key]} in another line. Keep one.")
        except UsageError as error:
            raise UsageError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error
        numbers[key] = number or numbers.get(key)
    return numbers


def _decoded(data: bytes) -> str:
    """The text of a spreadsheet's file; what is no Unicode is read as Windows writes it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) of a CSV file; its columns in any order, those that it leaves out empty."""
    text = _decoded(files.read_bytes(path, documents.MOST_BYTES))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        reader.fieldnames = columns = [name.strip() for name in reader.fieldnames or ()]
        names = [name for name in columns if name]
        known = {"table", "cell", "value"} <= {*names} <= {*COLUMNS}
        if not known or len({*names}) < len(names):
            raise UsageError(
                f"{path} has the columns {shortened(', '.join(columns)) or 'none'}; allowed: "
                f"{', '.join(COLUMNS)}, each once. `ncmc reference form` prints a file to fill in."
            )
        for row in reader:
            if None in row or None in row.values():
                raise UsageError(
                    f"{path}, line {reader.line_num}: needed are {len(columns)} values."
                )
            values = {key: value.strip() for key, value in row.items() if key}
            if any(values.values()):  # not one of the empty rows that spreadsheets end with
                yield reader.line_num, dict.fromkeys(COLUMNS, "") | values
    except csv.Error as error:
        raise UsageError(f"{path} is not valid CSV ({error}).") from error


def _number(project: Project, row: Mapping[str, str], where: str) -> tuple[Key, Entered | None]:
    """The cell and the number of a row; None if it has no value."""
    key = row["table"], _place(_table(project, row["table"]), row["cell"])
    printed = {name: row[name].strip("$%*") for name in ("value", "std", "n")}
    printed = {name: "" if text.lower() in NO_NUMBER else text for name, text in printed.items()}
    value, *spread = (
        part.strip("$%*) ") for part in re.split(SPREAD, printed["value"], maxsplit=1)
    )
    if spread and printed["std"] not in ("", *spread):
        raise UsageError(f"a deviation stands in value, '{row['value']}', and in std. Keep one.")
    printed |= {"value": value} | ({"std": spread[0]} if spread else {})
    if not value and any(printed.values()):
        raise UsageError("'std' or 'n' is given without a value.")
    if not value:
        return key, None
    data: dict[str, Any] = {"page": row["page"], "by": row["by"]}
    for name, kind in (("value", float), ("std", float), ("n", int)):
        data[name] = documents.csv_number(printed[name].replace(",", "."), kind, name, where)
    return key, documents.parse(Entered, data, where)


def _place(table: Table, cell: str) -> int:
    """The place, from 1, of a cell by its words. Raises UsageError for another one."""
    places = {_folded(spec.label): place for place, spec in enumerate(table.cells, start=1)}
    if place := places.get(_folded(cell)):
        return place
    near = difflib.get_close_matches(_folded(cell), places, n=1)
    hint = f" Did you mean '{table.cells[places[near[0]] - 1].label}'?" if near else ""
    raise UsageError(
        f"{table.name} has no cell {shortened(repr(cell))}.{hint} `ncmc reference form {table.name}` "
        "prints them all."
    )


def _folded(label: str) -> str:
    return " ".join(label.replace("π", "pi").casefold().split())


def doubts(project: Project, numbers: Mapping[Key, Entered]) -> list[str]:
    """Numbers that are probably misread: fractions in place of percent, too large deviations."""
    specs = dict(cells(project))
    doubtful = []
    for key, number in numbers.items():
        chance = 100 / (dataset_entry(project, specs[key].run.dataset).classes or 100)
        what = f"{key[0]}, {specs[key].label}: {number}"
        if number.value < max(chance, 1):
            doubtful.append(f"{what} is below 1 % or chance ({chance:g} %). Is it a fraction?")
        if number.value == 100:
            doubtful.append(f"{what} would be a test without a mistake.")
        if number.std is not None and number.std > min(MOST_POINTS, number.value):
            doubtful.append(f"{what} has a deviation that seeds do not have.")
    return doubtful


def as_csv(rows: Iterable[tuple[Key, CellSpec]], numbers: Mapping[Key, Entered]) -> str:
    """Cells, with the numbers that are known of them, as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (table, place), spec in rows:
        number = numbers.get((table, place))
        entered = number.model_dump() if number else dict.fromkeys(Entered.model_fields)
        printed = [f"{v:g}" if isinstance(v, float) else v for v in entered.values()]
        writer.writerow([table, spec.label, *printed])
    return out.getvalue()
