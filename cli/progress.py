"""How a command shows what it does: a line that changes on a terminal, lines in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from cli.show.grids import console
from ncmc.plan.run import Run
from ncmc.results.progress import Standing
from ncmc.results.wording import duration, plural
from ncmc.training.progress_file import Progress

LOG_SECONDS = 20  # between two lines of a log


class Activity:
    """What is being done, and how far it is, on standard error."""

    def __init__(self, out: Console) -> None:
        self.out, self.sign = out, Spinner("dots")
        self.logged = -float(LOG_SECONDS)

    def now(self, text: str) -> None:
        """What is being done now; a log gets it if its last line is old."""
        if self.out.is_terminal:
            self.sign.update(text=Text(text))
        elif time.monotonic() - self.logged > LOG_SECONDS:
            self.logged = time.monotonic()
            self.say(f"ncmc: {text}")

    def say(self, text: str) -> None:
        """A remark that stays."""
        self.out.print(text, soft_wrap=True)


@contextmanager
def working(what: str) -> Iterator[Activity]:
    """Say what is being done, as long as it is. Print nothing else meanwhile."""
    activity = Activity(console(stderr=True))
    activity.now(f"{what} ...")
    if not activity.out.is_terminal:
        yield activity
        return
    # Standard output may be a pipe, so it is left as it is.
    with Live(
        activity.sign,
        console=activity.out,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield activity


class Shown(Progress):
    """A run while it is trained."""

    def __init__(self, activity: Activity) -> None:
        self.activity = activity

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or is resumed."""
        self.say(f"{plural(epochs, 'epoch')} of {plural(steps, 'step')}")
        super().start(run, epochs, steps, done_epochs, done_steps)

    def show(self, standing: Standing) -> None:
        """How far it is."""
        self.activity.now(line(standing))

    def say(self, text: str) -> None:
        """A remark."""
        self.activity.say(text)


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
