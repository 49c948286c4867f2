"""How far a grid is, from what its trainings leave behind: records and progress files.

Nothing is asked of a process, so it does not matter whether Snakemake, Slurm or a hand started it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from ncmc import paths
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project
from ncmc.results.problems import RecordProblem, read_record
from ncmc.results.progress import NAME, Standing, read_progress
from ncmc.results.record import path_of

RunState = Literal["done", "running", "failed", "stopped", "damaged", "outdated", "waiting"]
STATES: tuple[RunState, ...] = get_args(RunState)
SILENCE = 900.0  # seconds without a word; measuring an epoch of a large set takes minutes
GONE = "it has been silent for long; the next start resumes from its checkpoint"


@dataclass(frozen=True)
class RunStatus:
    """One run."""

    run: str
    state: RunState
    accuracy: float | None = None  # percent: of the record, or as last measured
    epoch: float | None = None  # epochs done
    epochs: int | None = None
    seconds_left: float | None = None
    why: str | None = None  # of what is failed, stopped, damaged, outdated or waiting


class Watcher:
    """Looks at runs again and again; a record that has not changed is read once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        self._project, self._results = project, results
        self._read = lru_cache(maxsize=None)(self._of_record)

    def look(self, runs: Iterable[Run]) -> list[RunStatus]:
        """The status of each run, now."""
        return [self._status(run) for run in runs]

    def _status(self, run: Run) -> RunStatus:
        standing = read_progress(self._project.root / paths.CHECKPOINTS / run.id / NAME)
        if standing and _is_running(standing):  # also while a record of before is there
            return _in_training(run, standing)
        path = path_of(self._project, run, self._results)
        try:
            stamp = path.stat()
        except OSError:  # none, or it cannot be seen
            if standing:
                return _in_training(run, standing)
            source = trained_run(self._project, run)
            why = None if source == run else f"for the model of {source.id}"
            return RunStatus(run=run.id, state="waiting", why=why)
        return self._read(run, path, stamp.st_mtime, stamp.st_size)

    def _of_record(self, run: Run, path: Path, at: float, size: int) -> RunStatus:
        """The status of a run with a record; `at` and `size`: of its file, which tell when to reread."""
        record = read_record(self._project, run, path)
        if isinstance(record, RecordProblem):
            return RunStatus(run=run.id, state=record.kind, why=record.reason)
        accuracy = record.result.accuracy.last if record else None
        return RunStatus(run=run.id, state="done", accuracy=accuracy)


def _is_running(standing: Standing) -> bool:
    return standing.state == "running" and time.time() - standing.at < SILENCE


def _in_training(run: Run, standing: Standing) -> RunStatus:
    """A training that runs, or ended without a record."""
    running, left = _is_running(standing), standing.seconds_left
    if running and left is not None:
        left = max(left - (time.time() - standing.at), 0.0)
    silent = standing.state == "running" and not running
    return RunStatus(
        run=run.id,
        state="stopped" if silent else standing.state,
        accuracy=standing.accuracy,
        epoch=standing.epoch,
        epochs=standing.epochs,
        seconds_left=left if running else None,
        why=GONE if silent else standing.why,
    )
