"""How large is the page of the whole project, and how long until a reader can use it?

    python -m benchmarks.page --runs 2000

In a project of its own the tables get enough seeds for as many runs, each of which has a record that
nobody trained: 200 epochs long, with as many classes as its dataset has; it is not read from a file,
so that the time to make the page is that of the page. Chromium opens the page
several times, each in a fresh context; a page is ready when its script has run and two frames are
painted. Then a filter is pressed and a cell opened. Needs chromium on this machine.
"""

import argparse
import json
import math
import os
import re
import statistics
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import fakes  # noqa: E402
import numpy as np  # noqa: E402
from chromium import Visit, chromium  # noqa: E402
from conftest import copy_project  # noqa: E402

from ncmc.page import project_page  # noqa: E402
from ncmc.plan import grid  # noqa: E402
from ncmc.plan.grid_file import table_names  # noqa: E402
from ncmc.plan.run import Run, make_run  # noqa: E402
from ncmc.project import Project  # noqa: E402
from ncmc.results import table_cells  # noqa: E402
from ncmc.results.cells import Cell  # noqa: E402
from ncmc.results.record import Epoch, Record  # noqa: E402

EPOCHS = 200
CLASSES = {"cifar100": 100, "imagenet_lt": 1000}  # of the others 10
READY = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now()))))"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder to leave the page in")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = copy_project(Path(folder) / "project")
        os.environ["NCMC_ROOT"] = str(root)
        runs = plan(root, chosen.runs)
        project = Project(root)
        made = cache(lambda run: record(project, run))
        table_cells.read_cell = lambda project, spec, looks, results: Cell(  # type: ignore[assignment]
            spec, tuple(map(made, spec.runs(max(looks)))), ()
        )
        start = time.process_time()
        page = project_page.report(project, folder=chosen.keep or Path(folder))
        seconds = time.process_time() - start
        found: dict[str, Any] = {"runs": runs, "megabytes": round(page.stat().st_size / 1e6, 2)}
        found |= {"cpu_seconds_to_make": round(seconds)} | opened(page, chosen.rounds)
        print(json.dumps(found, indent=1))


def plan(root: Path, wanted: int) -> int:
    """Give the project's tables as many seeds as so many runs take; how many runs they are then."""
    for seeds in range(3, 100):
        for name in ("grid.yaml", "smoke.yaml", "calibration.yaml", "studies.yaml"):
            text = (ROOT / "config" / name).read_text()
            more = re.sub(r"(?m)^(seeds:\s*\{?\s*value: *)\d+", rf"\g<1>{seeds}", text)
            assert more != text or seeds in (3, 5), name
            more = re.sub(r"(?m)^looks:.*\n", "", more)  # of which `seeds` is the first
            (root / "config" / name).write_text(more)
        project = Project(root)
        tables = [grid.table(project, name) for name in table_names(project)]
        runs = len({run for table in tables for run in table.runs})
        if runs >= wanted:
            return runs
    raise SystemExit(f"the tables have no {wanted} runs")


@cache
def history(method: str) -> tuple[Epoch, ...]:
    """The epochs of every run of a method."""
    run = make_run("digits", 0.02, "resnet8", method)
    return tuple(fakes.epoch(e, EPOCHS, 50.0, run, 0.01) for e in range(1, EPOCHS + 1))


def record(project: Project, run: Run) -> Record:
    """A record with a long history and as many classes as the run's dataset."""
    classes = CLASSES.get(run.dataset, 10)
    rng = np.random.default_rng([run.seed, len(run.id)])
    per_class = rng.uniform(0, 100, classes).round(1)
    confusion = rng.poisson(0.5, (classes, classes)) + np.diag(per_class.astype(int))
    counts = tuple(int(500 * 0.01 ** (k / (classes - 1))) for k in range(classes))
    last = 40 + 10 * math.sin(len(run.id)) + float(rng.normal(0, 0.5))
    made = fakes.with_result(
        fakes.record(run, last),
        per_class=tuple(per_class.tolist()),
        confusion=tuple(map(tuple, confusion.tolist())),
        history=history(run.method),
    )
    split = made.split.model_copy(update={"counts": counts, "n_train": sum(counts)})
    return made.model_copy(update={"split": split})


def opened(page: Path, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds: until the page is ready, until a filter and a cell have been shown."""
    ready, filtered, cell = [], [], []
    with chromium() as browser:
        for _ in range(rounds):
            visit = Visit(browser, page)
            ready.append(visit.page.evaluate(READY))
            visit.page.evaluate("document.querySelector('.filters details').open = true")
            filtered.append(
                timed(visit, "document.querySelector('button[data-axis=method]').click()")
            )
            cell.append(
                timed(visit, "document.querySelector('tr:not([hidden]) a[data-opens]').click()")
            )
            assert not visit.complaints, visit.complaints
            visit.context.close()
    return {
        "ms_until_ready": round(statistics.median(ready)),
        "ms_until_ready_slowest": round(max(ready)),
        "ms_to_filter": round(statistics.median(filtered)),
        "ms_to_open_a_cell": round(statistics.median(cell)),
    }


def timed(visit: Visit, act: str) -> float:
    """Milliseconds from an act until what it changed is painted."""
    return float(
        visit.page.evaluate(
            f"(async () => {{ const t = performance.now(); {act}; return await {READY} - t; }})()"
        )
    )


if __name__ == "__main__":
    main()
