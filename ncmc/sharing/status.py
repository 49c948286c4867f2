"""How far a grid is, from what its trainings leave behind: records, checkpoints, progress files, logs.

Nothing is asked of a process, so it does not matter whether Snakemake, Slurm or a hand started it.
"""

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project
from ncmc.results.configuration import differing_keys
from ncmc.results.progress import NAME, Standing, is_alive, read_progress
from ncmc.results.record import load_record, path_of
from ncmc.system import files
from ncmc.system.documents import Strict

State = Literal["done", "running", "failed", "stopped", "damaged", "outdated", "waiting"]
STATES: tuple[State, ...] = get_args(State)
SILENCE = 900.0  # seconds: measuring an epoch of a large set on another machine takes minutes
CHECKPOINT = 300.0  # ... since the last checkpoint of a training that writes no progress file
TAIL = 64_000  # bytes of a log's end that are read
LINES = 5  # of a log's end, as the reason


class RunStatus(Strict):
    """One run."""

    run: str
    state: State
    accuracy: float | None = None  # percent: of the record, or as last measured
    epoch: float | None = None  # epochs done
    epochs: int | None = None
    seconds_left: float | None = None
    at: float | None = None  # seconds since 1970 of the last word of it
    where: str | None = None  # the machine and process that train it, or trained it
    why: str | None = None  # of what is failed, stopped, damaged, outdated or waiting


class Watcher:
    """Looks at runs again and again; a record that has not changed is read once."""

    def __init__(self, project: Project, results: Path | None = None) -> None:
        self._project, self._results = project, results
        self._read = lru_cache(maxsize=None)(self._record)

    def look(self, runs: Iterable[Run]) -> list[RunStatus]:
        """The status of each run, now."""
        batches = _failures_of_batches(self._project.root)
        return [self._status(run, batches) for run in runs]

    def _status(self, run: Run, batches: Mapping[str, tuple[float, str]]) -> RunStatus:
        path = path_of(self._project, run, self._results)
        stamp = _stamp(path)
        folder = self._project.root / paths.CHECKPOINTS / run.id
        standing = read_progress(folder / NAME)
        if standing and is_alive(standing, SILENCE):  # also while a record of before is there
            return _running(run, standing)
        if stamp:
            state, accuracy, why = self._read(run, path, stamp)
            return RunStatus(run=run.id, state=state, accuracy=accuracy, at=stamp[0], why=why)
        told = _failure(self._project.root, run, batches)
        if standing and not (told and told[0] > standing.at):
            return _ended(run, standing)
        if told:
            return RunStatus(run=run.id, state="failed", at=told[0], why=told[1])
        if saved := _stamp(folder / paths.CHECKPOINT):
            recent = time.time() - saved[0] < CHECKPOINT
            return RunStatus(run=run.id, state="running" if recent else "stopped", at=saved[0])
        source = trained_run(self._project, run)
        why = None if source == run else f"for the model of {source.id}"
        return RunStatus(run=run.id, state="waiting", why=why)

    def _record(
        self, run: Run, path: Path, stamp: tuple[float, int]
    ) -> tuple[State, float | None, str | None]:
        """(state, accuracy, why it is of no use)."""
        try:
            record = load_record(path)
        except UserError as error:
            return "damaged", None, f"its record cannot be used: {error}"
        accuracy = record.result.accuracy.last
        if record.run != run:
            return "damaged", accuracy, f"its folder holds the record of {record.run.id}"
        if differing := differing_keys(self._project, record):
            why = f"made with another configuration ({'; '.join(differing)})"
            return "outdated", accuracy, why
        return "done", accuracy, None


def _running(run: Run, standing: Standing) -> RunStatus:
    left = standing.seconds_left
    return RunStatus(
        run=run.id,
        state="running",
        accuracy=standing.accuracy,
        epoch=standing.epoch,
        epochs=standing.epochs,
        seconds_left=None if left is None else max(left - (time.time() - standing.at), 0.0),
        at=standing.at,
        where=_where(standing),
    )


def _ended(run: Run, standing: Standing) -> RunStatus:
    """A training that ended without a record, by its own word or without one."""
    failed = standing.state == "failed"
    silent = "its process is gone; the next start resumes from its checkpoint"
    return RunStatus(
        run=run.id,
        state="failed" if failed else "stopped",
        accuracy=standing.accuracy,
        epoch=standing.epoch,
        epochs=standing.epochs,
        at=standing.at,
        where=_where(standing),
        why=standing.why if failed else (silent if standing.state == "running" else None),
    )


def _where(standing: Standing) -> str:
    return f"{standing.host}, process {standing.pid}"


# --- logs --------------------------------------------------------------------------------------


def _failure(
    root: Path, run: Run, batches: Mapping[str, tuple[float, str]]
) -> tuple[float, str] | None:
    """(time, reason) of a failure that a log of the workflow tells of."""
    path = root / paths.LOG_TRAIN.format(run=run.id)
    told = batches.get(run.id)
    if stamp := _stamp(path):
        lines = [line for line in _tail(path) if line.strip()]
        fell = any(line.startswith("Traceback ") for line in lines)
        if lines and (fell or (lines[-1].startswith("ncmc: ") and "stopped by" not in lines[-1])):
            own = stamp[0], "\n".join(lines[-LINES:] if fell else lines[-1:])
            told = max(filter(None, (told, own)))
    return told


def _failures_of_batches(root: Path) -> dict[str, tuple[float, str]]:
    """Run id -> (time, reason), of the jobs that train several runs."""
    found: dict[str, tuple[float, str]] = {}
    folder = root / Path(paths.LOG_TRAIN).parent
    try:
        logs = sorted(path for path in folder.glob("*.log") if path.is_file())
    except OSError:
        return {}
    for path in logs:
        stamp = _stamp(path)
        for line in _tail(path):
            run, colon, reason = line.removeprefix("ncmc: ").partition(": ")
            if stamp and line.startswith("ncmc: ") and colon and "/seed=" in run:
                found[run] = (stamp[0], reason)
    return found


def _tail(path: Path) -> list[str]:
    try:
        with files.open_regular(path) as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - TAIL, 0))
            return file.read().decode("utf-8", "replace").splitlines()
    except UserError:
        return []


def _stamp(path: Path) -> tuple[float, int] | None:
    """(time of the last change, bytes) of a file; None if there is none, or it cannot be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime, status.st_size
