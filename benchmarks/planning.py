"""What it takes to plan the paper's grid with more seeds than it has: `snakemake -n all`.

    python -m benchmarks.planning --runs 5000,20000 [--out FILE.json]

Nothing is trained or fetched: a copy of the project has no data and no record, so every job is planned,
the most that there is to plan. A plan is one process: its wall time, its CPU time and its memory.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.system import hardware

ROOT = Path(__file__).resolve().parents[1]
COPIED = (
    "Snakefile",
    "rules",
    "profiles",
    "config",
    "papers",
    "dvc.yaml",
    "dvc.lock",
    "pyproject.toml",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="5000,20000", help="sizes of the grid, about")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    measured = {}
    for wanted in map(int, chosen.runs.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            count = make_grid(Path(folder), wanted)
            measured[f"{count} runs"] = row = plan(Path(folder))
        print(f"{count:,} runs: " + ", ".join(f"{k} {v}" for k, v in row.items()), flush=True)
    if chosen.out:
        body = {"machine": hardware.machine(), "load": os.getloadavg()[0], "found": measured}
        chosen.out.write_text(json.dumps(body, indent=1) + "\n")


def make_grid(root: Path, wanted: int) -> int:
    """A copy of the project whose paper's grid has at least `wanted` runs; how many it has."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    count, seeds = size_of(root)
    file = root / "papers" / "ncmc" / "grid.yaml"
    more = -(-wanted * seeds // count)
    text = re.sub(r"^seeds: {value: \d+", f"seeds: {{value: {more}", file.read_text(), flags=re.M)
    text = re.sub(r"^looks: .*\n", "", text, flags=re.M)  # they begin at the grid's own seeds
    file.write_text(text)
    return size_of(root)[0]


def size_of(root: Path) -> tuple[int, int]:
    """How many different runs the paper's grid has, and the seeds of each of its tables."""
    project = Project(root)
    tables = [grid.table(project, name) for name in table_names(project, "paper")]
    (seeds,) = {table.seeds for table in tables}
    return len({run for table in tables for run in table.runs}), seeds


def plan(root: Path) -> dict[str, float]:
    """What planning everything takes, in a process of its own."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "-n", "all"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NCMC_ROOT": str(root)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("`snakemake -n all` failed: its words stand above.")
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "CPU seconds": round(used.ru_utime + used.ru_stime, 1),
        "MiB": round(used.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
