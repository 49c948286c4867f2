"""How a training goes: for whoever shows it, and in a small file that `ncmc status` reads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ncmc.errors import shortened
from ncmc.plan.run import Run
from ncmc.results.progress import NAME, ProgressState, Standing, write_progress
from ncmc.results.record import Epoch
from ncmc.system.signals import Interrupted

SECONDS = 5.0  # between two writes


class Progress:
    """Where a training stands, kept step by step; who shows it overrides `show` and `say`.

    Inside `with_file` it is also written to progress.json, at the start and every few seconds.
    """

    standing: Standing
    _path: Path
    _wrote = -SECONDS

    def show(self, standing: Standing) -> None:
        """It begins or resumes, a step is done, or an epoch is measured."""

    def say(self, text: str) -> None:
        """A remark for the reader."""

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or resumes after that many epochs and steps of the next one."""
        done = done_epochs * steps + done_steps
        self._change(epochs=epochs, steps=steps, first=done, done=done, since=time.time())

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done; `loss` where it is known without waiting for a device."""
        done, images = (epoch - 1) * self.standing.steps + step, self.standing.images + images
        self._change(done=done, images=images, loss=loss)

    def epoch(self, entry: Epoch) -> None:
        """An epoch is done and measured: its entry of the history."""
        collapse = entry.collapse.nc_mean if entry.collapse else None
        done = entry.epoch * self.standing.steps
        self._change(done=done, accuracy=entry.test_accuracy, nc_mean=collapse)

    def open(self, run: Run, path: Path) -> None:
        """From now on it is that of `run`, and written to `path`."""
        now, self._path = time.time(), path
        self.standing = Standing(run=run.id, state="running", at=now, since=now)

    def write(self, state: ProgressState, why: str | None = None) -> None:
        now = {"state": state, "at": time.time(), "why": why}
        write_progress(self.standing.model_copy(update=now), self._path)
        self._wrote = time.monotonic()

    def _change(self, **changes: float | None) -> None:
        """Keep what is known now, show it, and write it if the last word is some seconds old."""
        known = {key: value for key, value in changes.items() if value is not None}
        self.standing = self.standing.model_copy(update={"at": time.time(), **known})
        self.show(self.standing)
        if time.monotonic() - self._wrote > SECONDS:
            self.write("running")


@contextmanager
def with_file(run: Run, progress: Progress, folder: Path) -> Iterator[Progress]:
    """`progress` with a file in `folder`, which says how the block ended; a good end leaves none."""
    progress.open(run, folder / NAME)
    try:
        yield progress
    except (Interrupted, KeyboardInterrupt):
        progress.write("stopped")
        raise
    except Exception as error:
        progress.write("failed", shortened(f"{error}" or type(error).__name__, 500))
        raise
    with suppress(OSError):  # the record says the rest
        (folder / NAME).unlink(missing_ok=True)
