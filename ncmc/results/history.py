"""A history in a record's file: one column for each measure, and of cosines one triangle.

In memory a history is a tuple of epochs. A file has `{"lr": [0.1, ...], "loss":
[...], "test_accuracy": {"40": 77.3}, ...}`: a list where every epoch has the measure, else what was
measured by the epoch's number. Of a symmetric matrix of cosines it has the pairs i < j, row by row.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ncmc.errors import shortened

Triangle = tuple[float | None, ...]  # (n (n - 1) / 2,); None: a class without samples
Matrix = tuple[tuple[float | None, ...], ...]  # (n, n)
Entry = dict[str, Any]

EVERY_EPOCH = ("lr", "loss")
OF_EPOCH = (*EVERY_EPOCH, "test_accuracy", "test_accuracy_raw")
COSINE_DIGITS = 4


# --- columns -----------------------------------------------------------------------------------


def as_columns(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of a history of epochs 1, 2, ...; what was not measured is left out."""
    columns: dict[str, dict[str, Any]] = {name: {} for name in EVERY_EPOCH}
    for entry in entries:
        measures = {name: entry.get(name) for name in OF_EPOCH} | (entry.get("collapse") or {})
        for name, value in measures.items():
            if value is not None:
                columns.setdefault(name, {})[str(entry["epoch"])] = value
    return {
        name: list(column.values()) if len(column) == len(entries) else column
        for name, column in columns.items()
    }


def as_entries(columns: Mapping[str, Any]) -> list[Entry]:
    """The epochs of a history's columns. Raises ValueError for columns that are of no history."""
    epochs = _epochs(columns)
    entries: list[Entry] = [{"epoch": number} for number in range(1, epochs + 1)]
    for name, column in columns.items():
        for number, value in _known(name, column, epochs):
            entry = entries[number - 1]
            (entry if name in OF_EPOCH else entry.setdefault("collapse", {}))[name] = value
    return entries


def _epochs(columns: Mapping[str, Any]) -> int:
    lists = [columns.get(name) for name in EVERY_EPOCH]
    lengths = {len(column) if isinstance(column, list) else None for column in lists}
    if None in lengths or len(lengths) != 1:
        raise ValueError(f"{' and '.join(EVERY_EPOCH)} are not lists of one number for each epoch")
    return int(lengths.pop() or 0)


def _known(name: str, column: Any, epochs: int) -> Iterator[tuple[int, Any]]:
    """(epoch, value) of a column."""
    numbers = {str(number): number for number in range(1, epochs + 1)}
    if isinstance(column, list) and len(column) == epochs:
        yield from enumerate(column, start=1)
    elif isinstance(column, dict) and column.keys() <= numbers.keys():
        yield from ((numbers[key], value) for key, value in column.items())
    else:
        raise ValueError(
            f"{shortened(name)} is {shortened(str(column))}; allowed: a list of {epochs} values, or "
            f"values by epoch, from 1 to {epochs}"
        )


# --- cosines -----------------------------------------------------------------------------------


def triangle(matrix: Sequence[Sequence[float | None]]) -> Triangle:
    """The pairs of a symmetric matrix (n, n), rounded."""
    return tuple(
        None if value is None else round(value, COSINE_DIGITS)
        for i, row in enumerate(matrix)
        for value in row[i + 1 :]
    )


def pairs_of(cosines: Triangle) -> list[float]:
    """The cosines that were measured, each pair once."""
    return [value for value in cosines if value is not None and math.isfinite(value)]


def number_of_vectors(cosines: Triangle) -> int:
    """How many vectors have so many pairs."""
    return (1 + math.isqrt(1 + 8 * len(cosines))) // 2
