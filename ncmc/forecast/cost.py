"""What runs would cost: hours, disk, money. Guessed from measured speeds: no torch, no probe."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ncmc.plan import cost_guess
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project, read_once
from ncmc.results.record import path_of
from ncmc.system import files, hardware


@dataclass(frozen=True)
class Cost:
    """What runs would take, one after the other."""

    runs: int
    hours: float  # of training and evaluation on this machine, all its cores at work
    disk: float  # bytes: datasets and models
    device: str
    unknown: Mapping[str, int] = field(default_factory=dict)  # backbone without a speed -> runs

    def euros(self, price: float | None) -> float | None:
        """At a price of an hour; None where none is stated."""
        return None if price is None else self.hours * price


def cost_of(project: Project, runs: Iterable[Run]) -> Cost:
    """What runs would cost here, whether or not they are done: see `without_record`.

    A decision rule costs the training of its model, which several rules share. Runs of a backbone whose
    speed nobody measured are counted in `unknown`, not in the hours.
    """
    wanted = list(dict.fromkeys(runs))
    guess = cost_guess.guess(project, trained_runs(project, wanted))
    return Cost(len(wanted), guess.hours, guess.disk, device(), guess.unknown)


def without_record(project: Project, runs: Iterable[Run], results: Path | None = None) -> list[Run]:
    """Those of `runs` that have no record yet, each once."""
    return [run for run in dict.fromkeys(runs) if not files.exists(path_of(project, run, results))]


def hours_of(project: Project, run: Run) -> float:
    """Hours that one training takes here; 0 for a backbone whose speed nobody measured."""
    return _hours_of_cell(project, run.cell)


@read_once
def _hours_of_cell(project: Project, run: Run) -> float:
    return cost_guess.guess(project, [run]).hours


def device() -> str:
    """What the hours are of."""
    cores = hardware.cores()
    return f"{cores} CPU core{'' if cores == 1 else 's'}"
