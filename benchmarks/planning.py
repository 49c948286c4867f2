"""How long does `snakemake -n all` take on grids of thousands of runs, and how much of it is ours?

    python -m benchmarks.planning [--runs 5000,20000] [--out F.json]

Each grid is the paper's own with more seeds, in a copy of this project without data and results: the
most that there is to plan. A plan is one process: its wall time, its CPU time and memory, and of the
CPU time what the functions of ncmc/jobs.py took that Snakemake calls. The rest is Snakemake's own.
"""

import argparse
import contextlib
import functools
import inspect
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ncmc import jobs
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.system import hardware

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("Snakefile", "rules", "profiles", "config", "dvc.yaml", "dvc.lock", "pyproject.toml")
MEGABYTE = 1024  # what ru_maxrss counts in, KiB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="5000,20000", help="sizes of the grid, about")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        plan_here()
        return
    found = {}
    for wanted in map(int, chosen.runs.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            count = make_grid(Path(folder), wanted)
            found[f"{count} runs"] = measured = plan(Path(folder))
        print(f"{count:,} runs: " + ", ".join(f"{k} {v}" for k, v in measured.items()), flush=True)
    if chosen.out:
        body = {"machine": hardware.machine(), "load": os.getloadavg()[0], "found": found}
        chosen.out.write_text(json.dumps(body, indent=1) + "\n")


def make_grid(root: Path, wanted: int) -> int:
    """A copy of the project whose paper's grid has at least `wanted` runs; how many it has."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    count = runs_of(root)
    seeds = runs_seeds(root)
    file = root / "config" / "grid.yaml"
    more = -(-wanted * seeds // count)
    text = re.sub(r"^seeds: {value: \d+", f"seeds: {{value: {more}", file.read_text(), flags=re.M)
    text = re.sub(r"^looks: .*\n", "", text, flags=re.M)  # they begin at the grid's own seeds
    file.write_text(text)
    return runs_of(root)


def runs_seeds(root: Path) -> int:
    """The seeds that every table of the paper has."""
    project = Project(root)
    (seeds,) = {grid.table(project, name).seeds for name in table_names(project, "paper")}
    return seeds


def runs_of(root: Path) -> int:
    """How many different runs the paper's grid has."""
    project = Project(root)
    return len({run for n in table_names(project, "paper") for run in grid.table(project, n).runs})


def plan(root: Path) -> dict[str, float]:
    """What planning everything takes, in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.planning", "--inside"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NCMC_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1)} | json.loads(done.stdout.splitlines()[-1])


class Stopwatch:
    """The time inside some functions, those that they call of each other counted once."""

    def __init__(self) -> None:
        self.seconds, self.calls, self.depth = 0.0, 0, 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, timed. Its signature stays: Snakemake reads it."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            start = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += time.process_time() - start
                    self.calls += 1

        return timed


def plan_here() -> None:
    """`snakemake -n all` in the current folder and this process; what it took, as JSON."""
    from snakemake.cli import main as snakemake

    watch = Stopwatch()
    for place in (jobs.Jobs, jobs):
        for name, value in vars(place).copy().items():
            if inspect.isfunction(value):
                setattr(place, name, watch.around(value))
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        snakemake(["-n", "all"])
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = {"CPU seconds": used.ru_utime + used.ru_stime, "of it ours": watch.seconds}
    told = {key: round(seconds, 1) for key, seconds in spent.items()}
    print(
        json.dumps(told | {"calls of ours": watch.calls, "MiB": round(used.ru_maxrss / MEGABYTE)})
    )


if __name__ == "__main__":
    main()
