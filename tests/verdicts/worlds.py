"""Worlds that nobody trained: every cell of the paper's tables with accuracies and curves of a rule.

In `World()` every clause of every claim is true. A change makes some cells otherwise.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import fakes
import numpy as np
from made_cells import cell_of, history
from numpy.typing import NDArray

from ncmc.plan.grid import CellSpec, Table
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.history import Matrix
from ncmc.results.record import Accuracy, Epoch, Record
from ncmc.verdicts.judge import CellCache

SEEDS = 5
NOISE = 0.1  # points
K = 10
QUARTER_TURN = "1.5707963267948966"

Series = Mapping[str, Sequence[object]]
Where = Mapping[str, str]  # what the changed cells are made of
TAU = ("0.005", "0.01", "0.02", "0.1", "1")


@dataclass(frozen=True)
class Change:
    """What is otherwise in the cells that have `where`."""

    where: Where
    points: float = 0.0  # added to the accuracy
    series: Series | None = None  # in place of those of the true world


@dataclass(frozen=True)
class World:
    """A rule for the accuracy and the curves of each cell."""

    changes: tuple[Change, ...] = ()

    def accuracy(self, spec: CellSpec) -> float:
        """Percent, without noise."""
        has = spec.attributes
        return _true_accuracy(has) + sum(c.points for c in self.changes if _fits(has, c.where))

    def series(self, spec: CellSpec) -> Series:
        """The curves, without noise."""
        found = dict(_true_series(spec.attributes))
        for change in self.changes:
            if change.series and _fits(spec.attributes, change.where):
                found |= change.series
        return found


class MadeCells(CellCache):
    """The cells of a world, in place of those that records on disk make."""

    def __init__(self, project: Project, world: World) -> None:
        super().__init__(project)
        self.world = world
        self._made: dict[tuple[str, bool], Cell] = {}

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """Five seeds with little noise."""
        key = (spec.run.id, table.shows != "accuracy")
        if key not in self._made:
            self._made[key] = Cell(spec, self._records(spec, curves=key[1]), ())
        return self.sharing(replace(self._made[key], spec=spec), table)

    def _records(self, spec: CellSpec, curves: bool) -> tuple[Record, ...]:
        rng = np.random.default_rng(zlib.crc32(spec.run.id.encode()))
        mean, records = self.world.accuracy(spec), []
        for run in spec.runs(SEEDS):
            changes: dict[str, object] = {}
            value = mean + float(rng.normal(0, NOISE))
            if spec.attributes.get("theta") == "0":
                value = mean
                changes["confusion"] = fakes.confusion([mean] * 100)
            if curves:
                changes["history"] = _noisy_history(self.world.series(spec), rng)
            else:
                only = _record().result.history[0]
                changes["history"] = (only.model_copy(update={"test_accuracy": value}),)
            changes["accuracy"] = Accuracy(last=value, last_raw=value, best=value, best_epoch=1)
            record = _record().model_copy(update={"run": run})
            records.append(fakes.with_result(record, **changes))
        return tuple(records)


# --- the true world ----------------------------------------------------------------------------


def _true_accuracy(has: Mapping[str, str]) -> float:
    """50 % with CE, and what each method gains over it."""
    method, theta = has["method"], has.get("theta")
    if method == "CAL" and theta == "0":
        return 1.0  # of a hundred classes
    if has["dataset"] == "imagenet_lt":
        return 50 + {"KCL": 2.0, "ARB": 2.0, "SETF": 1.0}.get(method, 0.0)
    place = TAU.index(has["tau"]) if has["tau"] in TAU else 0
    cal = (6.0, 4.0, 2.5, 2.0, -1.5)[place]
    setf = (1.4, 1.4, 1.4, 1.4, -1.5)[place]
    adjusted = cal - 1.5 if has["dataset"] == "cifar100" and place < 2 else cal + 1.5
    gain = {
        "SETF": setf,
        "ARB": -1.0 if has["dataset"] == "cifar10" and place == 2 else 1.2,
        "LDAM-DRW": -2.5,
        "KCL": -2.5,
        "P": -1.0,
        "RBL-LA": adjusted,
        "RBL": adjusted - 3,
    }.get(method, 0.0)
    if method == "CAL":
        gain = setf if theta == QUARTER_TURN else cal - _cost_of_theta(theta) - _cost_of_f(has)
    return 50 + gain


def _cost_of_theta(theta: str | None) -> float:
    return {"0.5": 0.5, "1": 1.0}.get(theta or "", 0.0)


def _cost_of_f(has: Mapping[str, str]) -> float:
    return {"10": 1.5, "5": 2.0}.get(has.get("f", ""), 0.0)


def every_pair(cosine: float, n: int = K) -> Matrix:
    """A matrix of n vectors each two of which have one cosine."""
    return _matrix(np.full((n, n), cosine))


def cancelling(size: float) -> Matrix:
    """Cosines of +-size that cancel on average."""
    return _matrix(size * np.where(np.add.outer(np.arange(K), np.arange(K)) % 2, 1.0, -1.0))


def elsewhere(outliers: int, n: int = 25) -> Matrix:
    """n vectors with cosines of 0.95, but for some that lie at right angles to the others."""
    matrix = np.full((n, n), 0.95)
    matrix[:outliers, outliers:] = matrix[outliers:, :outliers] = 0.0
    return _matrix(matrix)


NC = [1.9 * share for share in (1, 0.5, 0.25, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.03, 0.03)]
STD = [0.1, 0.3, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.08]
DECAY = [1, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03]


def _true_series(has: Mapping[str, str]) -> Series:
    heavier = [v * s for v, s in zip(NC, np.linspace(1, 0.5, len(NC)), strict=True)]
    return {
        "nc_mean": heavier if has.get("lambda_h") == "0.0005" else NC,
        "nc_std": STD,
        "variability": [0.62 + 0.35 * left for left in DECAY],
        "variability_floor": [0.62] * len(NC),
        "class_cosines": [every_pair(0.95 * left) for left in DECAY],
        "tail_cosines": [elsewhere(0)] * len(NC),
    }


# --- making it ---------------------------------------------------------------------------------


def _fits(has: Mapping[str, str], where: Where) -> bool:
    return all(has.get(key) in value.split("|") for key, value in where.items())


def _matrix(values: NDArray[np.float64]) -> Matrix:
    matrix = np.array(values, dtype=float)
    np.fill_diagonal(matrix, 1.0)
    return tuple(map(tuple, matrix.tolist()))


def _noisy_history(series: Series, rng: np.random.Generator) -> tuple[Epoch, ...]:
    """Scalars with a noise of 2 % (variability 0.2 %, so that it stays near its floor), cosines too."""
    noisy: dict[str, Sequence[object]] = dict(series)
    for name, deviation in (("nc_mean", 0.02), ("nc_std", 0.02), ("variability", 0.002)):
        values = np.asarray(series[name], dtype=float)
        noisy[name] = (values * np.exp(rng.normal(0, deviation, len(values)))).tolist()
    for name in ("class_cosines", "tail_cosines"):
        noisy[name] = [_scattered(matrix, rng) for matrix in series[name]]
    return history(**noisy)


def _scattered(matrix: object, rng: np.random.Generator) -> Matrix:
    """Cosines with a little noise."""
    values = np.asarray(matrix, dtype=float)
    noise = np.triu(rng.normal(0, 0.005, values.shape), 1)
    return _matrix(values + noise + noise.T)


@cache
def _record() -> Record:
    return cell_of([50.0]).records[0]
