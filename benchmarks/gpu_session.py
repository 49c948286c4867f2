"""Half an hour on a borrowed GPU: first the benchmark, then runs of `calibration_binary` as they fit.

    ncmc fetch cifar10_binary --from PATH
    python -m benchmarks.gpu_session --minutes 30 --out FOLDER

FOLDER has at any moment what is finished: the benchmark's pieces, and records.tar with the record of
every run that is done. When the time is up the runs that are under way save checkpoints, which
go to checkpoints.tar. The same command goes on, here or in another checkout: what lies in the two
archives is put in place first. All runs have seed 0 before any has seed 1.
"""

import argparse
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from ncmc import paths
from ncmc.data import datasets, splits
from ncmc.plan import grid
from ncmc.plan.run import Run, resolve_run, trained_run
from ncmc.project import Project
from ncmc.system import files

RECORDS, CHECKPOINTS = "records.tar", "checkpoints.tar"
GRACE = 60  # seconds in which a run that is stopped saves its checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30, help="for all of it")
    parser.add_argument("--benchmark", type=float, default=9, help="minutes of them, at most")
    parser.add_argument("--at-once", type=int, default=4, help="runs that share the GPU")
    parser.add_argument("--table", default="calibration_binary")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="the benchmark with a few images")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    ends = time.monotonic() + 60 * chosen.minutes
    project = Project.find()
    chosen.out.mkdir(parents=True, exist_ok=True)
    unpack(project, chosen.out)
    if chosen.benchmark:
        benchmark(chosen)
    try:
        train(project, chosen, ends - GRACE)
    finally:
        pack(project, chosen.out / CHECKPOINTS, (project.root / paths.CHECKPOINTS).rglob("*.pt"))


def benchmark(chosen: argparse.Namespace) -> None:
    """benchmarks/gpu.py in a process of its own, which may fail or be stopped."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--out", str(chosen.out)]
    command += ["--device", chosen.device, "--budget", str(50 * chosen.benchmark)]
    command += ["--tiny"] * chosen.tiny
    try:
        subprocess.run(command, check=False, timeout=60 * chosen.benchmark)
    except subprocess.TimeoutExpired:
        print("the benchmark is cut off; what it measured is kept", flush=True)


def train(project: Project, chosen: argparse.Namespace, ends: float) -> None:
    """The table's runs, some at a time, until all are done or the time is up."""
    waiting = deque(in_order(project, chosen.table))
    under_way: dict[subprocess.Popen[bytes], Run] = {}
    while (waiting or under_way) and time.monotonic() < ends:
        while waiting and len(under_way) < chosen.at_once:
            if under_way and trained_run(project, waiting[0]) != waiting[0]:
                break  # a decision rule waits for its model
            run = waiting.popleft()
            under_way[start(project, run, chosen.device)] = run
        for process in [process for process in under_way if process.poll() is not None]:
            print(f"{under_way.pop(process).id}: exit code {process.returncode}", flush=True)
            pack(project, chosen.out / RECORDS, finished(project))
        time.sleep(0.5)
    for process in under_way:
        process.send_signal(signal.SIGTERM)
    for process, run in under_way.items():
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
        print(f"{run.id}: stopped, its time is up", flush=True)
    pack(project, chosen.out / RECORDS, finished(project))


def in_order(project: Project, table: str) -> list[Run]:
    """The table's runs that have no record: seed by seed, decision rules after all trainings."""
    runs = grid.table(project, table).runs
    left = [run for run in runs if not (project.root / paths.RUNS / run.id / paths.RECORD).exists()]
    return sorted(left, key=lambda run: (trained_run(project, run) != run, run.seed))


def start(project: Project, run: Run, device: str) -> subprocess.Popen[bytes]:
    """`ncmc train`, once the run's images and split are there."""
    datasets.prepare(project, run.dataset)
    folder = project.root / run.split_folder
    if not folder.exists():
        options = resolve_run(project, run).split
        splits.make_split(project, run.dataset, run.tau, options).save(folder)
    command = [sys.executable, "-m", "cli.main", "train", run.id, "--device", device]
    return subprocess.Popen(command, env=os.environ | {"NCMC_ROOT": str(project.root)})


def finished(project: Project) -> Iterable[Path]:
    """The records of runs that are done."""
    return (project.root / paths.RUNS).rglob(paths.RECORD)


def pack(project: Project, archive: Path, content: Iterable[Path]) -> None:
    """Files of the project in an archive, which is whole at any moment."""
    with files.atomic_path(archive) as path, tarfile.open(path, "w") as tar:
        for file in sorted(content):
            tar.add(file, file.relative_to(project.root))


def unpack(project: Project, out: Path) -> None:
    """What an earlier session left, where it is not there already."""
    for name in (RECORDS, CHECKPOINTS):
        if (out / name).exists():
            with tarfile.open(out / name) as tar:
                for member in tar.getmembers():
                    if not (project.root / member.name).exists():
                        tar.extract(member, project.root, filter="data")


if __name__ == "__main__":
    main()
