"""Who is told how a training goes, and the small file of it that `ncmc status` reads."""

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


class ProgressFile:
    """Passes everything on, and writes progress.json at the start and every few seconds."""

    def __init__(self, run: Run, inner: Progress, folder: Path) -> None:
        self._inner, self._path = inner, folder / NAME
        self._wrote = -SECONDS
        now = time.time()
        self._standing = Standing(
            run=run.id,
            state="running",
            at=now,
            since=now,
            epochs=0,
            steps=0,
            first=0,
            done=0,
        )
        self.say = inner.say

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or is resumed."""
        done = done_epochs * steps + done_steps
        self._note(epochs=epochs, steps=steps, first=done, done=done, since=time.time())
        self._inner.start(run, epochs, steps, done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done."""
        self._inner.step(epoch, step, loss, images)
        self._note(done=(epoch - 1) * self._standing.steps + step)

    def epoch(self, entry: Epoch) -> None:
        """An epoch is measured."""
        self._inner.epoch(entry)
        measured = {} if entry.test_accuracy is None else {"accuracy": entry.test_accuracy}
        self._note(done=entry.epoch * self._standing.steps, **measured)

    def write(self, state: TrainingState, why: str | None = None) -> None:
        """Write the file as of now."""
        now = {"state": state, "at": time.time(), "why": why}
        write_progress(self._standing.model_copy(update=now), self._path)
        self._wrote = time.monotonic()

    def _note(self, **changes: float) -> None:
        """Keep what is new, and write it if the last word is some seconds old."""
        self._standing = self._standing.model_copy(update=changes)
        if time.monotonic() - self._wrote > SECONDS:
            self.write("running")


@contextmanager
def with_file(run: Run, inner: Progress, folder: Path) -> Iterator[Progress]:
    """`inner` with a file in `folder`, which says how the block ended; a good end leaves none."""
    file = ProgressFile(run, inner, folder)
    try:
        yield file
    except (Interrupted, KeyboardInterrupt):
        file.write("stopped")
        raise
    except Exception as error:
        file.write("failed", shortened(f"{error}" or type(error).__name__, 500))
        raise
    with suppress(OSError):  # the record says the rest
        (folder / NAME).unlink(missing_ok=True)
