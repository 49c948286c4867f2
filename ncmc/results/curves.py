"""What was measured along the epochs, one series a seed. Used by the checks and by the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.results.records import Record
from ncmc.results.tables import Cell

HISTORY = ("test_accuracy", "loss", "lr")  # of an epoch itself; other measures are of `collapse`


@dataclass(frozen=True)
class Curve:
    """A measure over the epochs at which every seed has it. `values`: one tuple a seed."""

    measure: str
    epochs: tuple[int, ...]
    values: tuple[tuple[float, ...], ...]

    @property
    def means(self) -> tuple[float, ...]:
        """The mean over seeds, one value an epoch."""
        return tuple(sum(column) / len(column) for column in zip(*self.values, strict=True))

    @property
    def first(self) -> tuple[float, ...]:
        """Each seed's value at the first measured epoch."""
        return tuple(series[0] for series in self.values)

    @property
    def last(self) -> tuple[float, ...]:
        """Each seed's value at the last measured epoch."""
        return tuple(series[-1] for series in self.values)


def curve(cell: Cell, measure: str) -> Curve | None:
    """A measure of a cell over the epochs; None where no epoch has it in every seed."""
    return of_records(cell.records, measure)


def of_records(records: Sequence[Record], measure: str) -> Curve | None:
    """The same for any records."""
    series = [_series(record, measure) for record in records]
    if not series:
        return None
    epochs = sorted(set(series[0]).intersection(*series[1:]))
    if not epochs:
        return None
    return Curve(measure, tuple(epochs), tuple(tuple(s[e] for e in epochs) for s in series))


def final(record: Record, measure: str) -> float | None:
    """One number of a record: an accuracy in percent, or a measure at its last measured epoch."""
    if measure in ("last", "best"):
        return float(record.result["accuracy"][measure])
    series = _series(record, measure)
    return series[max(series)] if series else None


def _series(record: Record, measure: str) -> dict[int, float]:
    """{epoch: value} of a record, without the epochs at which it was not measured."""
    found = {}
    for entry in record.result["history"]:
        value = _value(entry, measure)
        if value is not None:
            found[int(entry["epoch"])] = float(value)
    return found


def _value(entry: Mapping[str, Any], measure: str) -> float | None:
    if measure in HISTORY:
        return entry.get(measure)
    collapse = entry.get("collapse") or {}
    if measure == "tail_cosine":  # the mean cosine between two images of the smallest class
        matrix = collapse.get("tail_cosines") or []
        n = len(matrix)
        return (sum(map(sum, matrix)) - n) / (n * (n - 1)) if n > 1 else None
    return collapse.get(measure)


def matrices(record: Record, measure: str) -> dict[int, list[list[float]]]:
    """{epoch: matrix} of `class_cosines` or `tail_cosines`, where they were recorded."""
    found = {}
    for entry in record.result["history"]:
        if matrix := (entry.get("collapse") or {}).get(measure):
            found[int(entry["epoch"])] = matrix
    return found
