"""Kill a training again and again at random moments; does its record come out bit for bit the same?

    python -m benchmarks.kills --kills 100

A digits run saves a checkpoint every 20 ms, so that many kills hit the writing of one. After each it
starts again; when it has ended, its digest must be that of the run that nobody disturbed. As long as
kills are left, the next seed is killed.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ncmc.plan.run import Run, make_run
from ncmc.project import Project
from ncmc.results.record import load_record, path_of

OPTIONS = {"epochs": 40, "width": 8, "f": 5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    chosen = parser.parse_args()
    project = Project.find()
    moments = random.Random(chosen.seed)
    kills = wrong = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        while kills < chosen.kills:
            run = make_run("digits", 0.02, "resnet8", "CAL", OPTIONS, runs, project=project)
            undisturbed = trained(project, run, Path(folder) / "whole")
            while not (
                done := start(project, run, Path(folder) / "parts", moments, kills < chosen.kills)
            ):
                kills += 1
            same = done == undisturbed
            wrong += not same
            runs += 1
            print(
                f"seed {run.seed}: {kills} kills so far, {'same' if same else 'OTHER'} record",
                flush=True,
            )
    print(f"{kills} kills in {runs} runs, {wrong} records differ")
    sys.exit(1 if wrong else 0)


def command(run: Run, results: Path) -> list[str]:
    """The training as a process of its own."""
    ncmc = [sys.executable, "-m", "cli.main", "train", run.id, "--results", str(results)]
    return [*ncmc, "-o", "checkpoint_seconds=0.02", "--force"]


def trained(project: Project, run: Run, results: Path) -> str:
    """The digest of a run that nobody disturbs."""
    done = subprocess.run(command(run, results), check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return load_record(path_of(project, run, results)).digest


def start(
    project: Project, run: Run, results: Path, moments: random.Random, kill: bool
) -> str | None:
    """Start or go on; the digest if it came to its end, None if it was killed."""
    process = subprocess.Popen(
        command(run, results), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + moments.uniform(1.5, 5.5)
    while kill and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    if kill and process.poll() is None:
        process.kill()
    if process.wait() == -signal.SIGKILL:
        return None
    return load_record(path_of(project, run, results)).digest


if __name__ == "__main__":
    main()
