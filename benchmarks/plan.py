"""How much cheaper a decided board is than the whole grid: `ncmc plan`, look by look, in made worlds.

    python -m benchmarks.plan [--worlds 20] [--out FILE]
    python -m benchmarks.plan --records FOLDER --tables smoke study_controls [--out FILE]

Every question of the paper's grid that is about accuracies is asked: its checks of pairs and its
printed numbers. Seeds are drawn, trained in name only, and judged by the project's own verdicts; the
project's own planner says which are needed next, at 3, 5 and 10 seeds, until nothing is open or no
look is left. Beside it stands the same board from 10 seeds of every cell.

With `--records` no world is made: the questions of some tables are asked of real records, ten seeds a
cell, which the planner may look at only as far as it has asked for them.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ncmc.board.entries import board_of
from ncmc.forecast.questions import Question, decides
from ncmc.forecast.settings import assumed
from ncmc.forecast.state import State, states
from ncmc.forecast.worlds import BASE, made_up, worlds
from ncmc.plan import cost_guess
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.looks import levels, reached
from ncmc.results.record import Record, load_record, path_of
from ncmc.verdicts.judge import CellCache

LOOKS = (3, 5, 10)
# Points above CE of the true world, as the claims want them; at tau = 1 both frames are below (C3, C10).
ABOVE_CE = {
    "CAL": 2.0,
    "SETF": 1.0,
    "ARB": 1.0,
    "RBL": 1.0,
    "LDAM-DRW": -1.0,
    "KCL": -1.0,
    "P": 0.0,
}


class DrawnCells(CellCache):
    """Cells whose seeds are drawn beforehand, and read as far as they count as trained."""

    def __init__(self, project: Project, means: dict[Run, float], seed: int) -> None:
        super().__init__(project)
        self.means, self.trained = means, set[Run]()
        self._seed, self._values = seed, dict[Run, np.ndarray]()
        self._cells: dict[tuple[Run, str], Cell] = {}

    def train(self, runs: Sequence[Run]) -> None:
        """Count runs as done."""
        self.trained |= set(runs)
        self._cells.clear()
        self._priors.clear()

    def cell(self, spec: CellSpec, table: Table) -> Cell:
        """The cell at the look that its trained seeds reach."""
        key = (spec.run, table.name)
        if key not in self._cells:
            self._cells[key] = self._read_cell(spec, table)
        return self._cells[key]

    def _read_cell(self, spec: CellSpec, table: Table) -> Cell:
        planned = spec.runs(LOOKS[-1])
        there = {run.seed for run in planned if run in self.trained}
        look = reached(LOOKS, there) or 0
        wanted = planned[: LOOKS[look]]
        records = [self._record(spec, run) for run in wanted if run in self.trained]
        missing = tuple(run for run in wanted if run not in self.trained)
        priors = partial(self.prior, table, spec.run.dataset)
        return Cell(spec, tuple(records), missing, priors=priors, alpha=levels(LOOKS)[look])

    def _record(self, spec: CellSpec, run: Run) -> Record:
        return made_up(run, self._value(spec, run))

    def _value(self, spec: CellSpec, run: Run) -> float:
        if spec.run not in self._values:
            rng = np.random.default_rng([self._seed, *spec.run.id.encode()])
            std = assumed(self.project).deviation.of(spec.run.dataset).value
            self._values[spec.run] = rng.normal(self.means.get(spec.run, BASE), std, LOOKS[-1])
        return float(self._values[spec.run][run.seed])


class StoredCells(DrawnCells):
    """Cells of real records, read as far as they count as trained."""

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project, {}, 0)
        self.folder = folder

    def _record(self, spec: CellSpec, run: Run) -> Record:
        return load_record(path_of(self.project, run, self.folder))


def asked(project: Project, names: Sequence[str] = ("all",)) -> list[Question]:
    """The questions about accuracies, their tables with looks."""
    found = []
    questions = {q.id: q for name in names for q in decides(project, name)}
    for question in questions.values():
        if question.check and worlds(project, question.check, 1.0) is None:
            continue
        places = tuple((s, dataclasses.replace(t, looks=LOOKS)) for s, t in question.places)
        found.append(dataclasses.replace(question, places=places))
    return found


def truth(kind: str, questions: Sequence[Question], seed: int) -> dict[Run, float]:
    """The mean of each cell: as the claims have it (`true`), all equal (`null`), N(1, 1) (`mixed`)."""
    rng = np.random.default_rng(seed)
    means: dict[Run, float] = {}
    for spec in dict.fromkeys(spec for q in questions for spec, _ in q.places):
        run = spec.run
        above = {"true": _claimed(run), "null": 0.0}.get(kind, float(rng.normal(1.0, 1.0)))
        means.setdefault(run, BASE + (0.0 if run.method == "CE" else above))
    return means


def _claimed(run: Run) -> float:
    """Points above CE of a cell, so that every claim about accuracies is true."""
    options, above = dict(run.options), ABOVE_CE.get(run.method, 0.0)
    if run.dataset == "imagenet_lt":
        return above + (5.0 if run.method in ("KCL", "ARB") else 0.0)  # C8
    if run.tau == 1:
        return -abs(above)  # C3, C10
    if run.method in ("SETF", "ARB") and run.tau == 0.02:
        return 0.0  # C6: in a few settings not at all
    if run.method == "CAL" and float(options.get("theta", 0.2)) > 1.5:
        return ABOVE_CE["SETF"]  # C13
    if run.method == "CAL" and run.tau == 0.005:
        return above + (4.0 if options.get("f") == 20 else 2.0)  # C7, C15
    if run.method == "RBL-LA":  # C16, C17
        return 1.5 if run.dataset == "cifar100" and run.tau < 0.02 else 9.0
    return above


def printed(questions: Sequence[Question], means: dict[Run, float], off: float) -> list[Question]:
    """Questions whose printed numbers are those of this world, plus `off` points."""
    found = []
    for question in questions:
        if question.number:
            value = means[question.places[0][0].run] + off
            number = question.number.model_copy(update={"value": value})
            question = dataclasses.replace(question, number=number)
        found.append(question)
    return found


def played(project: Project, questions: Sequence[Question], cells: DrawnCells) -> list[State]:
    """Look after look, as `ncmc plan` and `snakemake plan` in turns."""
    while True:
        standing = states(project, questions, cells)
        needed = [run for state in standing for run in state.needs]
        if not needed:
            return standing
        cells.train(needed)


def board_counts(project: Project, standing: Sequence[State]) -> dict[str, int]:
    """How many claims and numbers have each status."""
    counts = board_of(project, [state.verdict for state in standing]).count()
    return {str(status): n for status, n in counts.items() if n}


def one_world(project: Project, kind: str, seed: int) -> dict[str, Any]:
    """The plan's way and the whole grid, on the same draws."""
    questions = asked(project)
    means = truth(kind, questions, seed)
    questions = printed(questions, means, 3.0 if kind == "null" else 0.0)
    by_plan, whole = (DrawnCells(project, means, seed) for _ in range(2))
    return both_ways(project, questions, by_plan, whole)


def of_records(project: Project, folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The plan's way and the whole grid, on the same real records."""
    by_plan, whole = (StoredCells(project, folder) for _ in range(2))
    return both_ways(project, asked(project, names), by_plan, whole)


def both_ways(
    project: Project, questions: Sequence[Question], by_plan: DrawnCells, whole: DrawnCells
) -> dict[str, Any]:
    """What the plan's way costs and decides, beside ten seeds of everything."""
    every = list(
        dict.fromkeys(r for q in questions for s, _ in q.places for r in s.runs(LOOKS[-1]))
    )
    whole.train(every)
    standing, all_of_it = played(project, questions, by_plan), states(project, questions, whole)
    return {
        "runs": len(by_plan.trained),
        "hours": _hours(project, by_plan.trained),
        "whole_runs": len(every),
        "whole_hours": _hours(project, every),
        "board": board_counts(project, standing),
        "whole_board": board_counts(project, all_of_it),
    }


def _hours(project: Project, runs: Iterable[Run]) -> float:
    return cost_guess.guess(project, trained_runs(project, runs)).hours


def summary(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over worlds."""
    told: dict[str, Any] = {}
    for key, value in found[0].items():
        if isinstance(value, dict):
            statuses = sorted({status for world in found for status in world[key]})
            told[key] = {s: float(np.mean([w[key].get(s, 0) for w in found])) for s in statuses}
        else:
            told[key] = float(np.mean([world[key] for world in found]))
    return told


def main() -> None:
    """Print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/plan.json"))
    parser.add_argument("--records", type=Path, help="a folder of records: real ones")
    parser.add_argument("--tables", nargs="+", default=["smoke"])
    given = parser.parse_args()
    project = Project.find()
    if given.records:
        real = of_records(project, given.records, given.tables)
        print(json.dumps({"looks": LOOKS, "tables": given.tables, **real}, indent=1))
        return
    found = {}
    for kind in ("true", "null", "mixed"):
        found[kind] = summary([one_world(project, kind, seed) for seed in range(given.worlds)])
        print(kind, json.dumps(found[kind]), flush=True)
    body = {"looks": LOOKS, "worlds": given.worlds, "questions": len(asked(project)), **found}
    given.out.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
