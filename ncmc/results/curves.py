"""What was measured along the epochs, one series per seed. Used by the checks and by the pictures."""

import math
from dataclasses import dataclass
from typing import Literal

from ncmc.results.cells import Cell
from ncmc.results.history import OF_EPOCH, Triangle, pairs_of
from ncmc.results.record import Epoch, Record
from ncmc.results.statistics import Sample, sample

# `last` and `best` are accuracies of a whole run; over the epochs both are the test accuracy.
Measure = Literal[
    "last",
    "best",
    "test_accuracy",
    "test_accuracy_raw",
    "loss",
    "lr",
    "nc_mean",
    "nc_std",
    "variability",
    "variability_floor",
    "class_cosine",
    "tail_cosine",
]
IN_PERCENT: tuple[Measure, ...] = ("last", "best", "test_accuracy", "test_accuracy_raw")
MatrixMeasure = Literal["class_cosines", "tail_cosines"]


@dataclass(frozen=True)
class Series:
    """A measure over the epochs at which every seed has it. `values`: one tuple per seed."""

    measure: Measure
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


def curve(cell: Cell, measure: Measure) -> Series | None:
    """A measure of a cell over the epochs; None where no epoch has it in every seed."""
    series = [_series(record, measure) for record in cell.records]
    if not series:
        return None
    epochs = sorted(set(series[0]).intersection(*series[1:]))
    if not epochs:
        return None
    return Series(measure, tuple(epochs), tuple(tuple(s[e] for e in epochs) for s in series))


def final(record: Record, measure: Measure) -> float | None:
    """One number of a record: an accuracy in percent, or a measure at its last measured epoch."""
    if measure == "best":
        return record.result.accuracy.best
    series = _series(record, measure)
    return series[max(series)] if series else None


def by_seed(cell: Cell, measure: Measure) -> dict[int, float]:
    """{seed: value} of the seeds that have the measure."""
    values = ((r.run.seed, final(r, measure)) for r in cell.records)
    return {seed: value for seed, value in values if value is not None}


def sample_of(cell: Cell, measure: Measure) -> Sample | None:
    """Mean and own deviation of a measure over the seeds that have it; None if none has."""
    return sample(list(values.values())) if (values := by_seed(cell, measure)) else None


def moderated(cell: Cell, measure: Measure) -> Sample | None:
    """The same, with the deviation that the cells around it moderate (shared_spread)."""
    own, prior = sample_of(cell, measure), cell.priors(measure)
    return prior.moderate(own) if own and prior else own


def cosines(record: Record, measure: MatrixMeasure) -> dict[int, Triangle]:
    """{epoch: cosines} of a record, at the epochs at which they are kept."""
    kept = {}
    for entry in record.result.history:
        if entry.collapse and (pairs := getattr(entry.collapse, measure)):
            kept[entry.epoch] = pairs
    return kept


def pair_curves(cell: Cell, measure: MatrixMeasure) -> dict[int, list[list[float]]]:
    """{epoch: cosines of each seed's pairs}, at the epochs at which every seed has one."""
    seeds = [
        {epoch: pairs for epoch, kept in cosines(r, measure).items() if (pairs := pairs_of(kept))}
        for r in cell.records
    ]
    shared = set(seeds[0]).intersection(*seeds[1:]) if seeds else set()
    return {epoch: [seed[epoch] for seed in seeds] for epoch in sorted(shared)}


def _series(record: Record, measure: Measure) -> dict[int, float]:
    """{epoch: value} of a record, without the epochs at which it was not measured, or not finite."""
    values = ((entry.epoch, _value(entry, measure)) for entry in record.result.history)
    return {epoch: v for epoch, v in values if v is not None and math.isfinite(v)}


def _value(entry: Epoch, measure: Measure) -> float | None:
    """A measure after one epoch; the tail's cosine is the mean between two images of that class."""
    if measure in ("last", "best"):
        return entry.test_accuracy
    if measure in OF_EPOCH:
        value: float | None = getattr(entry, measure)
    elif measure == "tail_cosine":
        known = pairs_of((entry.collapse and entry.collapse.tail_cosines) or ())
        value = sum(known) / len(known) if known else None
    else:
        value = getattr(entry.collapse, measure, None)
    return value
