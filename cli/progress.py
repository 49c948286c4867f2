"""How a command shows what it does: a live line on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.show.grids import console, literal
from ncmc.plan.run import Run
from ncmc.results.record import Epoch
from ncmc.results.wording import duration, plural

LOG_SECONDS = 20  # between two lines of a log


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Say on standard error what is being done, as long as it is. Print nothing meanwhile.

    Gives a function to say what is being done now, and how far it is.
    """
    out = console(stderr=True)
    if not out.is_terminal:

        def line(now: str) -> None:
            print(f"ncmc: {now} ...", file=sys.stderr, flush=True)

        line(what)
        yield line
        return
    sign = Spinner("dots", text=literal(f"{what} ..."))
    # Standard output may be a pipe, so it is left as it is.
    with Live(sign, console=out, transient=True, redirect_stdout=False, redirect_stderr=False):
        yield lambda now: sign.update(text=literal(f"{now} ..."))


@contextmanager
def progress_for(stream: IO[str]) -> Iterator["Progress"]:
    """A Progress for a run: live if `stream` is a terminal, plain lines otherwise."""
    if not stream.isatty():
        yield Progress(stream)
        return
    with Live(console=console(stderr=True), refresh_per_second=4, transient=True) as live:
        yield Progress(stream, live)


class Progress:
    """A run while it is trained: a bar and a line that are drawn again, or lines in a log.

    A log gets the first and last epoch, and a line every LOG_SECONDS.
    """

    def __init__(self, stream: IO[str], live: Live | None = None):
        self.stream, self.live = stream, live
        self.run: Run | None = None
        self.epochs = self.steps = self.done = self.images = self.first = 0
        self.began = self.told = time.monotonic()
        self.loss: float | None = None
        self.accuracy: float | None = None  # as last measured, like the next
        self.nc_mean: float | None = None

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or is resumed."""
        self.run, self.epochs, self.steps = run, epochs, steps
        self.first = self.done = done_epochs * steps + done_steps
        self.began = time.monotonic()
        self.say(f"{run.id}: {plural(epochs, 'epoch')} of {plural(steps, 'step')}")

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done."""
        self.done = (epoch - 1) * self.steps + step
        self.images += images
        self.loss = loss if loss is not None else self.loss
        if self.live or time.monotonic() - self.told > LOG_SECONDS:
            self._tell()

    def epoch(self, entry: Epoch) -> None:
        """An epoch is measured."""
        self.accuracy = self.accuracy if entry.test_accuracy is None else entry.test_accuracy
        self.nc_mean = entry.collapse.nc_mean if entry.collapse else self.nc_mean
        if self.live or entry.epoch in (1, self.epochs):
            self._tell()

    def say(self, text: str) -> None:
        """A remark, above the bar."""
        if self.live:
            self.live.console.print(literal(text))
        else:
            print(text, file=self.stream, flush=True)

    def _tell(self) -> None:
        self.told = time.monotonic()
        if not self.live:
            self.say(self.line())
            return
        rows = Table.grid(expand=True)  # a bar alone does not end its line
        rows.add_row(ProgressBar(total=self.epochs * self.steps, completed=self.done, width=60))
        rows.add_row(Text(self.line(), no_wrap=True, overflow="ellipsis"))
        self.live.update(rows)

    def line(self) -> str:
        """Where the run stands, in one line; what matters most first, for narrow terminals."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        parts = [f"epoch {self.done / max(self.steps, 1):.1f}/{self.epochs}"]
        if self.accuracy is not None:
            parts.append(f"accuracy {self.accuracy:.2f} %")
        left = self.epochs * self.steps - self.done
        if self.done > self.first:
            parts.append(f"{duration(left * seconds / (self.done - self.first))} left")
        if self.loss is not None:
            parts.append(f"loss {self.loss:.4f}")
        if self.nc_mean is not None:
            parts.append(f"collapse {self.nc_mean:.3f}")
        parts.append(f"{self.images / seconds:.0f} images/s")
        if memory := _device_memory():
            parts.append(memory)
        return ", ".join(parts)


def _device_memory() -> str | None:
    torch = sys.modules.get("torch")  # a training has imported it; nothing else should
    if torch is None or not torch.cuda.is_initialized():
        return None
    return f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB on the device"
