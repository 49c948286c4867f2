"""Small runs, and a Progress that a test can act through."""

import os
import signal
from pathlib import Path
from typing import Any

from conftest import here

from ncmc.plan.run import Run, make_run
from ncmc.results.record import Epoch, Record
from ncmc.training.run_inputs import RunInputs
from ncmc.training.train import train


class Watch:
    """A Progress that keeps what it was told, and acts at a step."""

    def __init__(self, at: int | None = None, act: Any = None) -> None:
        self.losses: list[float | None] = []
        self.entries: list[Epoch] = []
        self.said: list[str] = []
        self.at, self.act = at, act

    @property
    def steps(self) -> int:
        """How many it was told of."""
        return len(self.losses)

    def start(self, run: Run, epochs: int, steps: int, done_epochs: int, done_steps: int) -> None:
        self.began = (done_epochs, done_steps)

    def step(self, epoch: int, step: int, loss: float | None, images: int) -> None:
        self.losses.append(loss)
        if self.steps == self.at:
            self.act()

    def epoch(self, entry: Epoch) -> None:
        self.entries.append(entry)

    def say(self, text: str) -> None:
        self.said.append(text)


def stop() -> None:
    """What Snakemake, Slurm or Ctrl-C do."""
    os.kill(os.getpid(), signal.SIGTERM)


def run_of(method: str = "CAL", seed: int = 0, **options: Any) -> Run:
    """A run of a second: two epochs of six steps on digits with a narrow network."""
    chosen = {"epochs": 2, "width": 4, **({"f": 3} if method in ("AL", "CAL") else {}), **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, seed)


def inputs_of(
    run: Run, execution: dict[str, Any] | None = None, results: Path | None = None
) -> RunInputs:
    """The inputs of a run of the test's project."""
    return RunInputs(here(), run, execution, results)


def trained(
    run: Run,
    progress: Watch | None = None,
    execution: dict[str, Any] | None = None,
    results: Path | None = None,
    **chosen: Any,
) -> Record:
    """A run of the test's project, trained to its end."""
    listener = Watch() if progress is None else progress
    return train(inputs_of(run, execution, results), listener, **{"anew": True, **chosen})
