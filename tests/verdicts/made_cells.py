"""Cells that nobody trained, for tests of what judges them."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any, TypedDict

import fakes
from conftest import here

from ncmc.plan.grid import CellSpec
from ncmc.plan.recipes import Resolved
from ncmc.plan.run import Run, resolve_run
from ncmc.results.cells import Cell
from ncmc.results.history import triangle
from ncmc.results.record import Collapse, Epoch, Record
from ncmc.verdicts.check import Selector


class Ours(TypedDict):
    """What a check of ours has whatever its kind."""

    table: str
    id: str
    source: str


class Sides(TypedDict):
    """The two sides of a check of pairs."""

    better: Selector
    than: Selector


OURS: Ours = {"table": "smoke", "id": "X", "source": "a test"}
AB: Sides = {"better": {"method": "CAL", "theta": 0.2}, "than": {"method": "CE"}}


def cell_of(values: list[float], label: str = "CAL", history: tuple[Epoch, ...] = ()) -> Cell:
    """A cell with given accuracies (last = best) and, in every seed, a given history."""
    run = Run("cifar10", 0.005, "resnet50", label, (("f", 20), ("theta", 0.2)))
    coords = (("dataset", "cifar10"), ("method", label), ("tau", "0.005"))
    spec = CellSpec(run, coords, run, _resolved(run))
    records = []
    for run, value in zip(spec.runs(len(values)), values, strict=True):
        result = fakes.result(run, value, value)
        if history:
            result = result.model_copy(update={"history": history})
        records.append(_record().model_copy(update={"run": run, "result": result}))
    return Cell(spec, tuple(records), ())


def quick_cell(spec: CellSpec, values: Sequence[float]) -> Cell:
    """A cell of a table with given accuracies (last = best) and one epoch: for thousands of them."""
    records = []
    for run, value in zip(spec.runs(len(values)), values, strict=True):
        plain = _record()
        accuracy = plain.result.accuracy.model_copy(update={"last": value, "best": value})
        epoch = plain.result.history[-1].model_copy(update={"test_accuracy": value})
        result = plain.result.model_copy(update={"accuracy": accuracy, "history": (epoch,)})
        records.append(plain.model_copy(update={"run": run, "result": result}))
    return Cell(spec, tuple(records), ())


@cache
def _record() -> Record:
    """Made once: only its run and result matter here."""
    record: Record = fakes.record(Run("cifar10", 0.005, "resnet50", "CE"), 50.0)
    return record


@cache
def _resolved(run: Run) -> Resolved:
    return resolve_run(here(), run)


def history(**series: Sequence[Any]) -> tuple[Epoch, ...]:
    """A history with given collapse measures, one epoch a value; matrices of cosines as their pairs."""
    for name in {"class_cosines", "tail_cosines"} & series.keys():
        series[name] = [
            triangle(kept) if kept and isinstance(kept[0], tuple) else kept for kept in series[name]
        ]
    plain = Collapse(
        nc_mean=1.0, nc_std=0.1, variability=0.9, variability_floor=None, class_cosine=0.5
    )
    return tuple(
        Epoch(
            epoch=e + 1,
            lr=0.1,
            loss=1.0,
            test_accuracy=50.0,
            test_accuracy_raw=50.0,
            collapse=plain.model_copy(update={k: v[e] for k, v in series.items()}),
        )
        for e in range(max(map(len, series.values())))
    )


def own_splits(cell: Cell) -> Cell:
    """The cell, as if each of its seeds had a split of its own."""
    return dataclasses.replace(cell, spec=dataclasses.replace(cell.spec, split_per_seed=True))
