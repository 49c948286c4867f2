"""A row of a file of numbers: a cell named as its table names it, and what stands printed there."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from ncmc.errors import UsageError, shortened, unknown
from ncmc.paper.number import Percent, Points, Seeds
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.option_text import format_value, parse_value
from ncmc.system import documents
from ncmc.system.documents import Strict

NAMED = ("dataset", "backbone", "method", "tau")  # columns of the axes that every table has

MOST_LETTERS = 80


def _said(text: str) -> str:
    if len(text) > MOST_LETTERS or not text.isprintable() or text[:1] in (*"=+-@", " ", ""):
        raise ValueError(
            f"{shortened(repr(text))} is not allowed; give one line of up to {MOST_LETTERS} characters "
            "that does not begin with a space, =, +, - or @, as a formula of a spreadsheet does"
        )
    return text


Said = Annotated[str, AfterValidator(_said)]  # what somebody wrote


class Entered(Strict):
    """What a reader says of one cell: accuracy in percent, as printed, and where it stands."""

    value: Percent
    std: Points | None  # None where it is printed without
    n: Seeds | None  # seeds behind it; None where it is not printed
    page: Said
    by: Said


COLUMNS = ("table", *NAMED, "other", *Entered.model_fields)


def entered(data: dict[str, Any], where: str) -> Entered:
    """What a reader says, checked. Raises UsageError."""
    for key, what in (("page", "where the number stands"), ("by", "who read it")):
        if not data[key]:
            raise UsageError(f"{where}: '{key}' is missing: {what} is part of a number.")
    return documents.parse(Entered, data, where)


def parse_others(text: str) -> dict[str, str]:
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


def in_words(number: Entered) -> str:
    """`80.6 ± 0.3 (n 3; page 8, read by A. Reader)`."""
    spread = "" if number.std is None else f" ± {number.std:g}"
    seeds = "" if number.n is None else f"n {number.n}; "
    return f"{number.value:g}{spread} ({seeds}page {number.page}, read by {number.by})"


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
