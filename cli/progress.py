"""How a training shows itself: a live line on a terminal, plain lines in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from ncmc.plan.run import Run

LOG_SECONDS = 20  # between two lines of a log


@contextmanager
def progress_for(stream: IO[str]) -> Iterator["Plain"]:
    """A Progress for a training: live if `stream` is a terminal, plain lines otherwise."""
    if not stream.isatty():
        yield Plain(stream)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(file=stream), refresh_per_second=4, transient=True) as live:
        yield Screen(stream, live)


class Plain:
    """Plain lines: the first and last epoch, and one every LOG_SECONDS."""

    def __init__(self, stream: IO[str]):
        self.stream = stream
        self.run: Run | None = None
        self.epochs = self.steps = self.done = self.images = 0
        self.began = self.told = time.monotonic()
        self.loss: float | None = None
        self.last: dict[str, Any] = {}

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        """Training begins, or goes on."""
        self.run, self.epochs, self.steps = run, epochs, steps
        self.first = done_epochs * steps + done_steps
        self.done = self.first
        self.began = time.monotonic()
        self.say(f"{run.id}: {epochs} epochs of {steps} steps")

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done."""
        self.done = (epoch - 1) * self.steps + step
        self.images += images
        self.loss = loss if loss is not None else self.loss
        if time.monotonic() - self.told > LOG_SECONDS:
            self._tell()

    def epoch(self, entry: dict[str, Any]) -> None:
        """An epoch is measured."""
        self.last |= {k: v for k, v in entry.items() if v is not None}
        if entry["epoch"] in (1, self.epochs):
            self._tell()

    def say(self, text: str) -> None:
        """A remark."""
        print(text, file=self.stream, flush=True)

    def _tell(self) -> None:
        self.told = time.monotonic()
        self.say(self.line())

    def line(self) -> str:
        """Where the training stands, in one line."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        parts = [f"epoch {self.done / max(self.steps, 1):.1f}/{self.epochs}"]
        if self.loss is not None:
            parts.append(f"loss {self.loss:.4f}")
        if "test_accuracy" in self.last:
            parts.append(f"accuracy {self.last['test_accuracy']:.2f} %")
        if "collapse" in self.last:
            parts.append(f"collapse {self.last['collapse']['nc_mean']:.3f}")
        parts.append(f"{self.images / seconds:.0f} images/s")
        if memory := _device_memory():
            parts.append(memory)
        left = self.epochs * self.steps - self.done
        if self.done > self.first:
            parts.append(f"{duration(left * seconds / (self.done - self.first))} left")
        return ", ".join(parts)


class Screen(Plain):
    """A bar and a line that are drawn again in place."""

    def __init__(self, stream: IO[str], live: Any):
        super().__init__(stream)
        self.live = live

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        """A step is done."""
        super().step(epoch, step, loss, images)
        self._tell()

    def epoch(self, entry: dict[str, Any]) -> None:
        """An epoch is measured."""
        super().epoch(entry)
        self._tell()

    def say(self, text: str) -> None:
        """A remark, above the bar."""
        self.live.console.print(text, highlight=False)

    def _tell(self) -> None:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        bar = ProgressBar(total=self.epochs * self.steps, completed=self.done, width=60)
        self.live.update(Group(bar, Text(self.line())))


def duration(seconds: float) -> str:
    """Seconds in words: `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    whole = round(seconds)
    for unit, size, small, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {small}"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def _device_memory() -> str | None:
    import sys

    torch = sys.modules.get("torch")  # a training has imported it; nothing else should
    if torch is None or not torch.cuda.is_initialized():
        return None
    return f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB on the device"
