"""Numbers of tables 1 to 7 that a reader copied from the PDF, in a file that overlays ours.

papers/NAME/own_numbers.csv, which git ignores, has a row per number, with the words of its cell. It may
be separated by semicolons or tabs, with decimal commas, empty rows and dashes, as spreadsheets leave it.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from ncmc.errors import UsageError, listed, shortened, unknown
from ncmc.paper.validation import Points, Seeds, csv_numbers
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec
from ncmc.plan.grid_file import grid_entries
from ncmc.project import Project, read_once
from ncmc.system import documents, files
from ncmc.system.documents import Percent, Strict

FILE = "own_numbers.csv"
NO_NUMBER = ("-", "–", "—", "−", "n/a", "na", "n.a.")  # what stands in a table in place of one
MOST_LETTERS = 80

Key = tuple[str, int]  # a table, and the place of a cell in it, from 1


def _text(text: str, info: ValidationInfo) -> str:
    if not text.strip():
        option = ", or pass --by" if info.field_name == "by" else ""
        raise ValueError(f"is empty; give one line of 1 to {MOST_LETTERS} characters{option}")
    if len(text) > MOST_LETTERS or not text.isprintable() or text[:1] in (*"=+-@", ""):
        raise ValueError(
            f"{shortened(repr(text))} is not allowed; give one line of 1 to {MOST_LETTERS} characters "
            "that does not begin with =, +, - or @, as a formula of a spreadsheet does"
        )
    return text


OneLine = Annotated[str, AfterValidator(_text)]


class Entered(Strict):
    """What a reader found printed in a cell: accuracy in percent, and where it stands."""

    value: Percent
    std: Points | None  # None where it is printed without
    n: Seeds | None  # seeds behind it; None where that is not printed
    page: OneLine
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
    return read_numbers(project, path) if files.exists(path) else {}


def cells(project: Project, table: str | None = None) -> dict[Key, CellSpec]:
    """The cells of the paper's tables, or of one of them. Raises UsageError for another table."""
    printed = [  # of ours without what stands in the text or in a figure
        name
        for name, placed in grid_entries(project).items()
        if placed.grid.scale == "paper"
        and (project.paper != OURS or placed.entry.where.startswith("Table "))
    ]
    if table is not None and table not in printed:
        raise unknown("table", table, printed)
    return {
        (name, place): spec
        for name in ([table] if table is not None else printed)
        for place, spec in enumerate(grid.table(project, name).cells, start=1)
    }


def read_numbers(project: Project, path: Path, by: str = "") -> dict[Key, Entered]:
    """The cells of a CSV file that have a number. `by` fills in who read them, where it is not said.

    Raises UsageError naming the lines at fault, also those of two numbers of one cell.
    """
    numbers: dict[Key, Entered] = {}
    faults: list[str] = []
    for line, texts in enumerate(documents.read_csv(path, COLUMNS), start=2):
        row = {key: text.strip() for key, text in texts.items()}
        if not any(row.values()):  # spreadsheets end with empty rows
            continue
        where = f"{path}, line {line}"
        try:
            key = _key(project, row["table"], row["cell"])
            number = _number(row | {"by": row["by"] or by}, where)
            if number and key in numbers:
                raise UsageError(f"the cell has {numbers[key]} in another line. Keep one.")
        except UsageError as error:
            faults.append(f"{where}: {str(error).removeprefix(f'{where}: ')}")
            continue
        if number:
            numbers[key] = number
    if faults:
        raise UsageError(listed(faults, between="\n"))
    return numbers


def _number(row: Mapping[str, str], where: str) -> Entered | None:
    """The number of a row; None if it has no value."""
    value, both, std = row["value"].partition("±")
    if both and not row["std"]:
        row = {**row, "value": value.strip(), "std": std.strip()}
    texts = {name: row[name].rstrip("% ").replace(",", ".") for name in ("value", "std", "n")}
    texts = {name: "" if text.lower() in NO_NUMBER else text for name, text in texts.items()}
    if not texts["value"]:
        if any(texts.values()):
            raise UsageError("'std' or 'n' is given without a value.")
        return None
    data = csv_numbers(texts, where) | {"page": row["page"], "by": row["by"]}
    return documents.parse(Entered, data, where)


def _key(project: Project, table: str, cell: str) -> Key:
    """The cell of a table that is called so. Raises UsageError for another name."""
    keys = _keys(project, table)
    if key := keys.get(_folded(cell)):
        return key
    near = difflib.get_close_matches(_folded(cell), keys, n=1)
    hint = f" Did you mean '{cells(project, table)[keys[near[0]]].label}'?" if near else ""
    raise UsageError(
        f"{table} has no cell {shortened(repr(cell))}.{hint} `ncmc reference form {table}` prints them "
        "all."
    )


@read_once
def _keys(project: Project, table: str) -> dict[str, Key]:
    """Words of a cell -> the cell, of a whole table: each row of a file asks."""
    return {_folded(spec.label): key for key, spec in cells(project, table).items()}


def _folded(label: str) -> str:
    return " ".join(label.replace("π", "pi").casefold().split())


def as_csv(cells: Mapping[Key, CellSpec], numbers: Mapping[Key, Entered]) -> str:
    """Cells, with the numbers that are known of them, as CSV text."""
    rows = []
    for key, spec in cells.items():
        number = numbers.get(key)
        entered = number.model_dump() if number else dict.fromkeys(Entered.model_fields)
        printed = {k: f"{v:.10g}" if isinstance(v, float) else v for k, v in entered.items()}
        rows.append({"table": key[0], "cell": spec.label, **printed})
    return documents.as_csv(rows)
