"""Worlds whose collapse over the epochs is known: how often checks of curves err in them.

In each world one thing is exactly at the bound of a check; all else is clearly true. So `holds` is an
error, and so is `differs`, but for `lower`, where one bound confirms and another refutes. By 95 %
intervals over seeds there are to be at most 2.5 % of either.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict_worlds import DrawnCells, verdicts
from ncmc.plan.grid import CellSpec
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.history import Triangle, triangle
from ncmc.results.record import Collapse, Epoch, Record
from ncmc.verdicts.cell_selection import select
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.kinds.lower import Lower
from ncmc.verdicts.verdict import Status

CLASSES = 10
SEEDS = 0.1  # share by which the seeds of one curve differ, at all epochs but the first
EPOCHS = 0.03  # ... and each epoch on its own

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Mapping[str, Sequence[object]]]  # the curves of one seed

DECAY = np.array([1, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03])
HUMP = np.array([0.2, 0.6, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.16])  # rises, then falls


@dataclass(frozen=True)
class Edge:
    """What is at the bound of a check, the curves of a cell where it is, and those where all is true."""

    what: str
    check: Check
    bound: Draw
    true: Draw
    wrong: tuple[Status, ...] = ("holds", "differs")  # what may not be said at the bound


def edges(checks: Mapping[str, Check]) -> Iterator[Edge]:
    """One edge for each thing that a check of figures asks for, at the bounds of checks.yaml."""
    collapse, hump, slower, floor, lower, cosine = (
        checks[name] for name in ("F1a", "F1b", "F1d", "F1e", "F4b", "F6")
    )
    assert isinstance(lower, Lower)
    true = _nc(DECAY, HUMP)
    yield Edge(
        "collapse: a tenth of 2 is left", collapse, _nc(_ending(DECAY, 0.2 / 1.9), HUMP), true
    )
    yield Edge(
        "collapse: collapsed before", collapse, _nc(_ending(0 * DECAY, 0.2 / 1.9), HUMP), true
    )
    yield Edge(
        "rise and fall: no higher than 1.2 times its start", hump, _nc(DECAY, _rising(1.2)), true
    )
    yield Edge(
        "rise and fall: a third of the peak is left", hump, _nc(DECAY, _ending(HUMP, 0.333)), true
    )
    yield Edge("slower: both keep the same", slower, _nc(DECAY, DECAY), true)
    true = _variability(0.6, 0.05)
    yield Edge("floor: too much of the distance is left", floor, _variability(0.6, 0.2), true)
    below = -0.5 * 0.2 / (1 - 0.2)  # of its distance, half below a floor of 0.2
    yield Edge("floor: too far below it", floor, _variability(0.2, below), true)
    true = _nc(0.7 * DECAY, HUMP)
    yield Edge("lower: no difference", lower, _nc(DECAY, HUMP), true, ("holds",))
    bound = _nc(lower.ratio * DECAY, HUMP)
    yield Edge("lower: the ratio that refutes", lower, bound, true, ("differs",))
    true = _cosines(0.95, _every, 0.02)
    for what, bound in (
        ("apart at the start", _cosines(0.8, _every, 0.02)),
        ("too close at the end", _cosines(0.95, _cancelling, 0.2)),
        ("one pair too close", _cosines(0.95, _one_pair, 0.5)),
        ("halfway to a simplex ETF", _cosines(0.95, _every, -0.5 / (CLASSES - 1))),
    ):
        yield Edge(f"orthogonal: {what}", cosine, bound, true)


def _ending(values: Floats, end: float) -> Floats:
    """Values that end at one level from the third quarter on."""
    return np.where(np.arange(len(values)) >= len(values) // 2, end, np.maximum(values, end))


def _rising(times: float) -> Floats:
    """A curve that starts at a level, is `times` as high in its first half, and then falls far."""
    return np.array([0.5, *[0.5 * times] * 5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1])


def rates(
    project: Project, plain: Record, worlds: int, planned: Sequence[int] = (3,)
) -> dict[str, dict[str, float]]:
    """How often each check errs: holds with one cell at its bound, differs with all of them there.

    And how often it holds where all is true. `planned` as of `benchmarks.verdicts.board`.
    """
    figures = [name for name in table_names(project, "paper") if name.startswith("figure")]
    checks = {check.id: check for name in figures for check in checks_of(project, name)}
    found = {}
    for edge in edges(checks):
        side = next(iter(edge.check.sides))
        every = select(project, edge.check, side)
        one = every if isinstance(edge.check, Lower) else every[:1]  # `lower` is of an average
        places = {"holds": one, "differs": every}
        shares = {
            status: _share(project, plain, edge, status, places[status], worlds, planned)
            for status in edge.wrong
        }
        true = _share(project, plain, edge, "holds", (), worlds, planned)
        found[edge.what] = {**shares, "holds where true": true}
    return found


def _share(
    project: Project,
    plain: Record,
    edge: Edge,
    status: Status,
    at_bound: Collection[CellSpec],
    worlds: int,
    planned: Sequence[int],
) -> float:
    """How often a check has a status where some cells are at its bound."""
    rng = np.random.default_rng(0)
    beside = select(project, edge.check, "than") if isinstance(edge.check, Lower) else ()

    def draw(spec: CellSpec, seeds: int) -> Cell:
        curves = _nc(DECAY, HUMP) if spec in beside else edge.true
        return _cell(plain, spec, edge.bound if spec in at_bound else curves, seeds, rng)

    told = [
        verdicts(DrawnCells(project, draw, planned), [edge.check])[edge.check.id].status
        for _ in range(worlds)
    ]
    return told.count(status) / worlds


# --- curves ------------------------------------------------------------------------------------


def _nc(mean: Floats, deviation: Floats) -> Draw:
    """Mean and standard deviation of NC, in shares of what they start at or reach."""
    return lambda rng: {"nc_mean": 1.9 * _noisy(rng, mean), "nc_std": 0.5 * _noisy(rng, deviation)}


def _variability(floor: float, left: float) -> Draw:
    """A variability that ends at a share of the distance from 1 to its floor; below 0: below it."""

    def draw(rng: np.random.Generator) -> dict[str, Sequence[object]]:
        found = floor + (1 - floor) * _noisy(rng, np.array([0.9, 0.6, left]))
        return {"variability": found.tolist(), "variability_floor": [floor] * len(found)}

    return draw


def _cosines(start: float, make: Callable[[float], Floats], end: float) -> Draw:
    """Cosines of class means: all near `start` first, then as `make` says."""

    def draw(rng: np.random.Generator) -> dict[str, Sequence[object]]:
        found = [_every(start + rng.normal(0, 0.02)), make(end * rng.normal(1, SEEDS))]
        pairs = np.triu_indices(CLASSES, 1)
        means = [float(matrix[pairs].mean()) for matrix in found]
        return {"class_cosines": found, "class_cosine": means}

    return draw


def _noisy(rng: np.random.Generator, values: Floats) -> Floats:
    """A curve of one seed: noise at each epoch, and after the first a factor of its own."""
    own = np.where(np.arange(len(values)) > 0, rng.normal(0, SEEDS), 0.0)
    return values * np.exp(own + rng.normal(0, EPOCHS, len(values)))


def _every(cosine: float) -> Floats:
    return np.full((CLASSES, CLASSES), cosine)


def _cancelling(size: float) -> Floats:
    """Half of the cosines above 0 and half below."""
    return size * np.where(np.add.outer(np.arange(CLASSES), np.arange(CLASSES)) % 2, 1.0, -1.0)


def _one_pair(size: float) -> Floats:
    found = _every(0.05)
    found[0, 1] = found[1, 0] = size
    return found


# --- cells -------------------------------------------------------------------------------------


def _cell(plain: Record, spec: CellSpec, draw: Draw, seeds: int, rng: np.random.Generator) -> Cell:
    """A cell with curves; all else is that of a record."""
    records = []
    for run in spec.runs(seeds):
        result = plain.result.model_copy(update={"history": _history(draw(rng))})
        records.append(plain.model_copy(update={"run": run, "result": result}))
    return Cell(spec, tuple(records), ())


def _history(series: Mapping[str, Sequence[object]]) -> tuple[Epoch, ...]:
    """One epoch a value; a measure that is not drawn was not measured."""
    nothing = dict.fromkeys(Collapse.model_fields)
    return tuple(
        Epoch.model_construct(
            epoch=e + 1,
            lr=0.1,
            loss=1.0,
            test_accuracy=50.0,
            test_accuracy_raw=50.0,
            collapse=Collapse.model_construct(
                **nothing | {name: _value(values[e]) for name, values in series.items()}
            ),
        )
        for e in range(max(map(len, series.values())))
    )


def _value(value: object) -> float | Triangle:
    """As records have it."""
    if isinstance(value, np.ndarray):
        return triangle(value.tolist())
    assert isinstance(value, float)
    return float(value)
