"""Small runs, and a Progress that a test can act through."""

import os
import signal
from pathlib import Path
from typing import Any

from conftest import here

from ncmc.plan.run import Run, make_run
from ncmc.results.progress import Standing
from ncmc.results.record import Record
from ncmc.training.progress_file import Progress
from ncmc.training.run_inputs import RunInputs
from ncmc.training.train import train


class Watch(Progress):
    """A Progress that keeps what was said, and acts at a step."""

    def __init__(self, at: int | None = None, act: Any = None) -> None:
        self.said: list[str] = []
        self.at, self.act, self.steps = at, act, 0

    def show(self, standing: Standing) -> None:
        before, self.steps = self.steps, standing.done - standing.first
        if before < self.steps == self.at:
            self.act()

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
