"""A Progress that also keeps a small file of how far a run is: `ncmc status` reads it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from ncmc.errors import shortened
from ncmc.plan.run import Run
from ncmc.results.progress import NAME, Standing, TrainingState, write_progress
from ncmc.results.record import Epoch
from ncmc.system.signals import Interrupted

SECONDS = 5.0  # between two writes


class Progress(Protocol):
    """Who is told how training goes."""

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or resumes after that many epochs and steps of the next one."""

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done; `loss` where it is known without waiting for a device."""

    def epoch(self, entry: Epoch) -> None:
        """An epoch is done and measured: its entry of the history."""

    def say(self, text: str) -> None:
        """A remark for the reader."""


class WithFile:
    """Passes everything on, and writes progress.json at the start and every few seconds."""

    def __init__(self, run: Run, inner: Progress, folder: Path) -> None:
        self._inner, self._path = inner, folder / NAME
        self._wrote = 0.0
        self._done = 0  # steps
        now = time.time()
        self._told = Standing(
            run=run.id,
            state="running",
            at=now,
            since=now,
            epochs=0,
            steps=0,
            first=0,
            done=0,
        )

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or is resumed."""
        self._done = done_epochs * steps + done_steps
        self._keep(epochs=epochs, steps=steps, first=self._done, since=time.time())
        self.write("running")
        self._inner.start(run, epochs, steps, done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done."""
        self._inner.step(epoch, step, loss, images)
        self._done = (epoch - 1) * self._told.steps + step
        if time.monotonic() - self._wrote > SECONDS:
            self.write("running")

    def epoch(self, entry: Epoch) -> None:
        """An epoch is measured."""
        self._inner.epoch(entry)
        self._done = entry.epoch * self._told.steps
        if entry.test_accuracy is not None:
            self._keep(accuracy=entry.test_accuracy)
        if time.monotonic() - self._wrote > SECONDS:
            self.write("running")

    def say(self, text: str) -> None:
        """A remark."""
        self._inner.say(text)

    def write(self, state: TrainingState, why: str | None = None) -> None:
        """Write the file as of now."""
        self._keep(state=state, at=time.time(), why=why, done=self._done)
        write_progress(self._told, self._path)
        self._wrote = time.monotonic()

    def forget(self) -> None:
        """Delete the file: the record says the rest."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _keep(self, **changes: object) -> None:
        self._told = self._told.model_copy(update=changes)


@contextmanager
def with_file(run: Run, inner: Progress, folder: Path) -> Iterator[WithFile]:
    """`inner` with a file in `folder`, which says how the block ended; a good end leaves none."""
    told = WithFile(run, inner, folder)
    try:
        yield told
    except (Interrupted, KeyboardInterrupt):
        told.write("stopped")
        raise
    except Exception as error:
        told.write("failed", shortened(f"{error}" or type(error).__name__, 500))
        raise
    told.forget()
