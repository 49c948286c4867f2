"""How long would the paper's whole grid take on 1, 8 and 64 GPUs? Simulated: nothing is trained.

    python -m benchmarks.makespan --out benchmarks/results/makespan.json --plot docs/makespan.svg

The jobs and what each waits for are those of the workflow (ncmc/jobs.py): one fetch at a time, a split
each, then trainings, each on one GPU; decision rules and tables take no time. Free GPUs take the longest
training that is ready. A training takes the core hours of ncmc/forecast/cost.py, guessed from speeds
that were measured on CPU cores with bfloat16, divided by `--speedup`: what one GPU does in the time of
one core. That number is ASSUMED: nobody has measured it yet. All hours scale with it.
"""

import argparse
import heapq
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ncmc import jobs
from ncmc.forecast import cost
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entry
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project

SPLIT_HOURS = 10 / 3600
SHOWN = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Job:
    """A training: how long it takes, and when its images and split are there."""

    run: Run
    hours: float
    ready: float


@dataclass(frozen=True)
class Schedule:
    """Trainings placed on GPUs: (start, end) of each."""

    gpus: int
    spans: tuple[tuple[float, float], ...]

    @property
    def makespan(self) -> float:
        """Hours until the last one ends."""
        return max(end for _, end in self.spans)

    @property
    def use(self) -> float:
        """The share of the GPUs' time until then in which they train."""
        return sum(end - start for start, end in self.spans) / (self.gpus * self.makespan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--speedup", type=float, default=100, help="of a GPU over one core: assumed"
    )
    parser.add_argument("--mb-per-s", type=float, default=10, help="of a download: assumed")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args()
    project = Project.find()
    ready = list(trainings(project, chosen.speedup, chosen.mb_per_s))
    found = {gpus: row(ready, gpus) for gpus in SHOWN}
    for gpus, values in found.items():
        print(f"{gpus} GPUs: " + ", ".join(f"{key} {value:.3g}" for key, value in values.items()))
    if chosen.out:
        body = {
            "estimate": "simulated; GPU speed and downloads are assumed",
            "speedup": chosen.speedup,
            "mb_per_s": chosen.mb_per_s,
            "trainings": len(ready),
            "core_hours": sum(job.hours for job in ready) * chosen.speedup,
            "by_gpus": found,
        }
        chosen.out.write_text(json.dumps(body, indent=1) + "\n")
    if chosen.plot:
        plot(ready, chosen.plot, chosen.speedup)


def trainings(project: Project, speedup: float, mb_per_s: float) -> Iterable[Job]:
    """Every training of the paper's grid, with what it waits for."""
    job = jobs.Jobs(project)
    names = table_names(project, "paper")
    wanted = [run for name in names for run in grid.table(project, name).runs]
    there: dict[str, float] = {}  # image and split files -> when
    runs = trained_runs(project, wanted)
    by_dataset = fetched(project, dict.fromkeys(run.dataset for run in runs), mb_per_s)
    one_core = cost.guessed(1, bfloat16=True)
    for run in runs:
        assert not job.models_of([run])
        for file in job.data_of([run]):
            there.setdefault(file, by_dataset[run.dataset] + SPLIT_HOURS)
        hours = cost.hours(project, run, one_core) / speedup
        yield Job(run, hours, max(there[file] for file in job.data_of([run])))


def fetched(project: Project, names: Iterable[str], mb_per_s: float) -> dict[str, float]:
    """When each dataset is there, in hours: one fetch at a time, the smallest first."""
    sizes = {n: sum(file.size or 0 for file in dataset_entry(project, n).files) for n in names}
    found, now = {}, 0.0
    for name in sorted(sizes, key=lambda name: sizes[name]):
        now += sizes[name] / 1e6 / mb_per_s / 3600
        found[name] = now
    return found


def longest_first(job: Job) -> float:
    """The order in which ready trainings are taken: smaller first."""
    return -job.hours


def schedule(
    trainings: Iterable[Job], gpus: int, order: Callable[[Job], float] = longest_first
) -> Schedule:
    """List scheduling: whenever a GPU is free it takes the first of the trainings that are ready."""
    coming = sorted(trainings, key=lambda job: job.ready)
    free = [0.0] * gpus  # when each GPU is
    waiting: list[tuple[float, int, Job]] = []
    spans, number = [], 0
    while number < len(coming) or waiting:
        now = heapq.heappop(free)
        if not waiting:
            now = max(now, coming[number].ready)
        while number < len(coming) and coming[number].ready <= now:
            heapq.heappush(waiting, (order(coming[number]), number, coming[number]))
            number += 1
        job = heapq.heappop(waiting)[2]
        spans.append((now, now + job.hours))
        heapq.heappush(free, now + job.hours)
    return Schedule(gpus, tuple(spans))


def row(trainings: list[Job], gpus: int) -> dict[str, float]:
    """What one number of GPUs gives."""
    best = schedule(trainings, gpus)
    place = {job.run: number for number, job in enumerate(trainings)}
    plain = schedule(trainings, gpus, lambda job: place[job.run])
    total, longest = sum(job.hours for job in trainings), max(job.hours for job in trainings)
    return {
        "days": best.makespan / 24,
        "days in the grid's order": plain.makespan / 24,
        "days at least": max(total / gpus, longest) / 24,
        "use": best.use,
    }


def plot(trainings: list[Job], file: Path, speedup: float) -> None:
    """Days by GPUs, and how many of 64 GPUs are at work by day."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "makespan"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    found = {gpus: row(trainings, gpus) for gpus in SHOWN}
    for key, style in (
        ("days in the grid's order", "s:"),
        ("days", "o-"),
        ("days at least", "k--"),
    ):
        left.plot(SHOWN, [found[gpus][key] for gpus in SHOWN], style, label=key, markersize=4)
    left.set(xscale="log", yscale="log", xlabel="GPUs", ylabel="days")
    left.set_xticks(SHOWN, [str(gpus) for gpus in SHOWN])
    left.legend()
    spans = schedule(trainings, 64).spans
    moments = sorted({moment for span in spans for moment in span})
    busy = [sum(start <= moment < end for start, end in spans) for moment in moments]
    right.step([moment / 24 for moment in moments], busy, where="post")
    right.set(xlabel="days", ylabel="GPUs at work, of 64", ylim=(0, 68))
    figure.suptitle(
        f"Estimate, simulated; one GPU assumed to be {speedup:g} CPU cores", fontsize=10
    )
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main()
