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
from ncmc.results.progress import Standing
from ncmc.results.record import Epoch
from ncmc.results.wording import duration, plural
from ncmc.training.progress_file import Progress

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
def progress_for(stream: IO[str]) -> Iterator["Shown"]:
    """The progress of a run: live if `stream` is a terminal, plain lines otherwise."""
    if not stream.isatty():
        yield Shown(stream)
        return
    with Live(console=console(stderr=True), refresh_per_second=4, transient=True) as live:
        yield Shown(stream, live)


class Shown(Progress):
    """A run while it is trained: a bar and a line that are drawn again, or lines in a log.

    A log gets the first and last epoch, and a line every LOG_SECONDS.
    """

    def __init__(self, stream: IO[str], live: Live | None = None):
        self.stream, self.live = stream, live
        self.logged = time.monotonic()

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or is resumed."""
        self.say(f"{run.id}: {plural(epochs, 'epoch')} of {plural(steps, 'step')}")
        super().start(run, epochs, steps, done_epochs, done_steps)

    def epoch(self, entry: Epoch) -> None:
        """An epoch is measured."""
        super().epoch(entry)
        if not self.live and entry.epoch in (1, self.standing.epochs):
            self._log(self.standing)

    def show(self, standing: Standing) -> None:
        """Draw it again, or add a line to the log if the last one is old."""
        if self.live:
            rows = Table.grid(expand=True)  # a bar alone does not end its line
            total = standing.epochs * standing.steps
            rows.add_row(ProgressBar(total=total, completed=standing.done, width=60))
            rows.add_row(Text(line(standing), no_wrap=True, overflow="ellipsis"))
            self.live.update(rows)
        elif time.monotonic() - self.logged > LOG_SECONDS:
            self._log(standing)

    def say(self, text: str) -> None:
        """A remark, above the bar."""
        if self.live:
            self.live.console.print(literal(text))
        else:
            print(text, file=self.stream, flush=True)

    def _log(self, standing: Standing) -> None:
        self.logged = time.monotonic()
        self.say(line(standing))


def line(standing: Standing) -> str:
    """Where a run stands, in one line; what matters most first, for narrow terminals."""
    parts = [f"epoch {standing.epoch:.1f}/{standing.epochs}"]
    if standing.accuracy is not None:
        parts.append(f"accuracy {standing.accuracy:.2f} %")
    if standing.seconds_left is not None:
        parts.append(f"{duration(standing.seconds_left)} left")
    if standing.loss is not None:
        parts.append(f"loss {standing.loss:.4f}")
    if standing.nc_mean is not None:
        parts.append(f"collapse {standing.nc_mean:.3f}")
    parts.append(f"{standing.images / max(standing.at - standing.since, 1e-9):.0f} images/s")
    return ", ".join(parts)
