"""Small runs are trained several in a process, and none is lost with those that fail."""

import re
from pathlib import Path

import pytest
from calls import copy_workflow, snakemake
from conftest import here

from ncmc import jobs
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The workflow in a folder of its own, its smoke run of one seed and one epoch."""
    root: Path = copy_workflow(tmp_path / "project")
    path = root / "config" / "smoke.yaml"
    text = path.read_text().replace("value: 5", "value: 1")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    return root


def test_every_small_run_is_in_one_batch_and_no_large_one_is() -> None:
    job = jobs.Jobs(here())
    batches = job.batches()
    batched = [run for runs in batches.values() for run in runs]
    assert len(batched) == len(set(batched))
    assert max(map(len, batches.values())) <= jobs.BATCH
    pattern = re.compile(rf"results/runs/(?P<run>{job.run_outside(batches)})/record\.json$")
    for name in table_names(here()):
        for run in grid.table(here(), name).runs:
            assert (run in batched) == (run.dataset == "digits")
            alone = pattern.match(f"results/runs/{run.id}/record.json")
            assert (alone is None) == (run in batched)


def test_runs_are_dealt_out_evenly() -> None:
    sizes = [len(runs) for runs in jobs.Jobs(here()).batches().values()]
    assert max(sizes) - min(sizes) <= 1


def test_a_batch_that_fails_costs_only_the_runs_that_failed(project: Path) -> None:
    path = project / "config" / "smoke.yaml"
    text = path.read_text()
    path.write_text(text.replace("- CE\n", "- KCL\n"))  # planned, and not built
    failed = snakemake(project, "--cores", "1", "results/smoke/table.json", timeout=300)
    assert failed.returncode == 1
    assert "ncmc/methods/kcl.py is missing" in failed.stderr
    models = {file: file.stat().st_mtime_ns for file in project.glob("results/runs/**/model.pt")}
    assert len(models) == 4
    path.write_text(text)
    done = snakemake(project, "--cores", "1", "results/smoke/table.json", timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {file: file.stat().st_mtime_ns for file in models} == models  # not trained again
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("its record is made again from its model") == 4
    assert len(list(project.glob("results/runs/**/record.json"))) == 5
