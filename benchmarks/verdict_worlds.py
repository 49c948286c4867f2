"""Worlds whose truth is known, for the error rates of the verdicts: cells of the real tables, no files.

A world gives every cell of the paper's tables a true accuracy; seeds scatter around it. The cells
are judged by the project's own checks.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from itertools import starmap

import numpy as np

from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.looks import levels
from ncmc.results.record import Record
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.judge import CellCache, judge
from ncmc.verdicts.verdict import Verdict

TABLES = ("table1", "table2", "table3", "table4", "table5", "table6", "table7")
KINDS = (
    "greater",
    "slight",
    "equal",
    "largest",
    "trend",
    "exceptions",
    "peak",
)  # that look at accuracies alone
DEVIATION = 0.5  # points, over seeds
Truth = Callable[[CellSpec], float]
Noise = Callable[[np.random.Generator, int], np.ndarray]


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Seeds of one deviation."""
    return rng.normal(0, DEVIATION, n)


_COMPARISONS: dict[str, list[tuple[cell_selection.Place, ...]]] = {}  # of each check, by its id


class DrawnCells(CellCache):
    """The cells of a drawn world, in place of those that a folder of records holds."""

    def __init__(
        self, project: Project, draw: Callable[[CellSpec, int], Cell], planned: Sequence[int]
    ) -> None:
        """`planned`: the numbers of seeds at which it is judged, which share the 5 %."""
        super().__init__(project)
        self._draw, self._planned, self._look = draw, tuple(planned), 0
        self._drawn: dict[Run, Cell] = {}

    @property
    def looks(self) -> range:
        """The places of its looks."""
        return range(len(self._planned))

    def at_look(self, look: int) -> "DrawnCells":
        """The same world with the seeds of another look."""
        self._look = look
        self._priors.clear()  # what cells share is computed anew
        self._blocks.clear()
        return self

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """A drawn cell, the same in every table that has it."""
        if spec.run not in self._drawn:
            self._drawn[spec.run] = self._draw(spec, self._planned[-1])
        drawn = self._drawn[spec.run]
        looked_at = dataclasses.replace(
            drawn,
            spec=spec,
            records=drawn.records[: self._planned[self._look]],
            alpha=levels(self._planned)[self._look],
        )
        return self.sharing(looked_at, table)

    def compared(self, check: Check) -> list[tuple[Cell, ...]]:
        """As of records; which cells a check is about is looked up once for all worlds."""
        if check.id not in _COMPARISONS:
            _COMPARISONS[check.id] = cell_selection.comparisons(self.project, check)
        return [tuple(starmap(self.cell, places)) for places in _COMPARISONS[check.id]]


def world(
    project: Project,
    plain: Record,
    truth: Truth,
    rng: np.random.Generator,
    planned: Sequence[int] = (3,),
    noise: Noise = normal,
) -> DrawnCells:
    """A world of accuracies: each cell's true one, and seeds that scatter around it."""

    def draw(spec: CellSpec, seeds: int) -> Cell:
        return drawn_cell(plain, spec, (truth(spec) + noise(rng, seeds)).tolist())

    return DrawnCells(project, draw, planned)


def drawn_cell(plain: Record, spec: CellSpec, values: Sequence[float]) -> Cell:
    """A cell with given accuracies (last = best); all else is that of a record."""
    records = []
    for run, value in zip(spec.runs(len(values)), values, strict=True):
        accuracy = plain.result.accuracy.model_copy(update={"last": value, "best": value})
        epoch = plain.result.history[-1].model_copy(update={"test_accuracy": value})
        result = plain.result.model_copy(update={"accuracy": accuracy, "history": (epoch,)})
        records.append(plain.model_copy(update={"run": run, "result": result}))
    return Cell(spec, tuple(records), ())


def accuracy_checks(project: Project) -> list[Check]:
    """The checks of the paper's claims that compare accuracies."""
    found = [check for name in TABLES for check in checks_of(project, name)]
    return [check for check in found if check.claim and check.kind in KINDS]


def verdicts(world: DrawnCells, checks: Sequence[Check]) -> dict[str, Verdict]:
    """The verdicts on some checks, by id: each at the look that decides it, or at the last."""
    found: dict[str, Verdict] = {}
    for look in world.looks:
        world.at_look(look)
        still_open = [c for c in checks if look == 0 or found[c.id].status == "inconclusive"]
        found |= {check.id: judge(check, world) for check in still_open}
    return found


def all_equal(spec: CellSpec) -> float:
    """Every method has the same accuracy in a setting: what is claimed to be better is not."""
    level = {"cifar10": 82.0, "svhn": 84.0, "stl10": 70.0}.get(spec.run.dataset, 60.0)
    return level + 8 * math.log10(spec.run.tau)


def all_true(spec: CellSpec) -> float:
    """Every claim of the paper is true, most of them by two points."""
    run, options = spec.run, dict(spec.run.options)
    if run.method == "CAL" and options["theta"] == 0:
        return 1.0  # chance
    gains = _gains(run)
    gain = gains[run.method]
    if run.method == "CAL":
        theta = float(str(options["theta"]))
        few = 0.0 if options["f"] == 20 else -2.0
        gain += few + {0.5: -2.0, 1.0: -3.0}.get(theta, 0.0)
        gain = gains["SETF"] if theta > 1.5 else gain
    if options.get("mixup") is False and run.method in ("CE", "SETF", "CAL"):
        gain -= 3.0
    return all_equal(spec) + gain + (1.0 if run.method == "P" and "mixup" in options else 0.0)


def _gains(run: Run) -> dict[str, float]:
    """What each method gains over CE, CAL with f = 20 and theta = 0.2."""
    if run.tau == 1:
        return {"CE": 0.0, "SETF": -2.0, "CAL": -2.0}
    if run.dataset == "imagenet_lt":
        return {"CE": 0.0, "LDAM-DRW": 0.0, "KCL": 3.0, "SETF": 0.5, "ARB": 3.0, "CAL": 1.0}
    lost = (run.dataset, run.tau) == ("cifar10", 0.02)  # one of the few where SETF gains nothing
    setf, cal = (-1.0 if lost else 1.5), (6.0 if run.tau == 0.005 else 4.0)
    theirs = -3.0 if run.dataset == "cifar10" else -0.5
    few = run.dataset == "cifar100" and run.tau < 0.02  # where CAL is above RBL
    return {
        "CE": 0.0,
        "SETF": setf,
        "ARB": 1.5,
        "LDAM-DRW": theirs,
        "KCL": theirs,
        "CAL": cal,
        "P": -1.0,
        "RBL": cal - 3.0 if few else cal,
        "RBL-LA": cal - 1.0 if few else cal + 2.0,
    }
