"""Small runs are trained several in a process, and none is lost with those that fail."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls import BIN, copy_workflow, planned_jobs, snakemake
from conftest import here

from ncmc import jobs
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import make_run, trained_run, trained_runs
from ncmc.project import Project


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
    assert max(len(trained_runs(here(), runs)) for runs in batches.values()) <= jobs.BATCH
    for name in table_names(here()):
        for run in grid.table(here(), name).runs:
            assert (run in batched) == (run.dataset == "digits")


def test_two_thousand_short_runs_are_at_most_a_hundred_jobs(project: Path) -> None:
    path = project / "config" / "smoke.yaml"
    text = path.read_text().replace(
        "seeds: {value: 1", "seeds: {value: 400"
    )  # seeds of each of five cells
    path.write_text(text)
    there = Project(project)
    assert len(grid.table(there, "smoke").runs) == 2000
    batches = jobs.Jobs(there).batches()
    assert len(batches) <= jobs.MOST_BATCHES
    assert {run for n, runs in batches.items() for run in runs if n.startswith("smoke_")} == set(
        grid.table(there, "smoke").runs
    )
    assert max(jobs.minutes_of_batch(runs) for runs in batches.values()) <= jobs.MINUTES


@pytest.mark.parametrize(
    ("end", "by_itself"),
    [
        ("== ncmc train: exit code 1\n", True),
        ("== ncmc train: exit code 2\n", True),
        ("== ncmc train: exit code 143\n", False),  # SIGTERM: a time limit
        ("== ncmc train: exit code 137\n", False),  # SIGKILL: no memory
        ("== ncmc train: exit code 1\n== 2026-11-24T22:00:00Z on n1\n", False),  # it goes on
        ("", False),
    ],
)
def test_a_log_tells_whether_another_attempt_would_help(
    tmp_path: Path, end: str, by_itself: bool
) -> None:
    log = tmp_path / "run.log"
    log.write_text(f"epoch 1\n{end}")
    assert jobs.failed_by_itself([str(log)]) == by_itself
    assert not jobs.failed_by_itself([str(tmp_path / "none.log")])


def test_a_real_fault_is_not_tried_again(project: Path) -> None:
    path = project / "config" / "smoke.yaml"
    narrow = "- {CAL: {f: 7, linear: never, label: narrow}}\n"  # the network has fewer features
    path.write_text(path.read_text().replace("- CE\n", narrow))
    failed = snakemake(
        project, "--cores", "1", "--retries", "3", "results/smoke/table.json", timeout=300
    )
    assert failed.returncode == 1
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("== 20") == 1
    assert "== ncmc train: exit code 1" in log


def test_a_training_that_is_stopped_from_outside_is_tried_again_and_its_log_kept(
    project: Path,
) -> None:
    program = project / "bin" / "ncmc"  # the first attempt of a training is killed
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
        if [ "$1" = train ] && [ ! -e tried ]; then touch tried; echo first; kill -9 $$; fi
        exec {BIN}/ncmc "$@"
        """
    )
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"}
    arguments = ("--cores", "1", "--retries", "1", "results/smoke/table.json")
    done = snakemake(project, *arguments, timeout=300, **environment)
    assert done.returncode == 0, done.stderr[-2000:]
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("== 20") == 2
    assert log.index("first") < log.index("trained")


def test_a_run_outside_of_batches_is_a_job_of_its_own(project: Path) -> None:
    batch = next(
        runs for n, runs in jobs.Jobs(Project(project)).batches().items() if n == "smoke_1"
    )
    others = [batch[0].with_seed(77), batch[1].with_seed(77)]
    planned = snakemake(project, "-n", *jobs.records_of([*batch, *others]))
    assert planned.returncode == 0, planned.stderr
    counts = planned_jobs(planned.stdout)
    assert counts["train"] == len(others)
    assert counts["train_smoke_1"] == 1


def test_runs_are_dealt_out_evenly() -> None:
    sizes: dict[str, list[int]] = {}  # table -> runs of each of its batches
    for name, runs in jobs.Jobs(here()).batches().items():
        sizes.setdefault(name.rpartition("_")[0], []).append(len(runs))
    assert {"smoke", "study_f_theta"} <= sizes.keys()
    assert all(max(of_table) - min(of_table) <= 1 for of_table in sizes.values())


def test_a_batch_that_fails_costs_only_the_runs_that_failed(project: Path) -> None:
    path = project / "config" / "smoke.yaml"
    text = path.read_text()
    narrow = "- {CAL: {f: 7, linear: never, label: narrow}}\n"  # the network has fewer features
    path.write_text(text.replace("- CE\n", narrow))
    failed = snakemake(project, "--cores", "1", "results/smoke/table.json", timeout=300)
    assert failed.returncode == 1
    assert "Set linear to 'always' or 'needed'" in failed.stderr
    models = {file: file.stat().st_mtime_ns for file in project.glob("results/runs/**/model.pt")}
    assert len(models) == 4
    path.write_text(text)
    done = snakemake(project, "--cores", "1", "results/smoke/table.json", timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {file: file.stat().st_mtime_ns for file in models} == models  # not trained again
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("its record is made again from its model") == 4
    assert len(list(project.glob("results/runs/**/record.json"))) == 5


def test_a_rule_is_in_the_batch_of_its_model_and_needs_no_other(tmp_path: Path) -> None:
    root = copy_workflow(tmp_path / "project")
    path = root / "config" / "smoke.yaml"
    path.write_text(path.read_text().replace("- CE\n", "- NCM\n"))
    job = jobs.Jobs(Project(root))
    smoke = [runs for name, runs in job.batches().items() if name.startswith("smoke_")]
    for runs in smoke:
        for run in runs:
            source = trained_run(job.project, run)
            assert source in runs
            assert runs.index(source) <= runs.index(run)
        assert job.models_of_runs(runs) == []


def test_a_rule_in_another_tables_batch_waits_for_the_record_of_its_model() -> None:
    job = jobs.Jobs(here())
    table = grid.table(here(), "study_controls")  # its AL is trained for the smoke run
    rules = [run for run in table.runs if run.method == "AL-SCALED"]
    batches = job.batches()
    for rule in rules:
        source = trained_run(here(), rule)
        (own,) = [runs for runs in batches.values() if rule in runs]
        assert source not in own
        assert jobs.records_of([source])[0] in job.models_of_runs(own)


def test_a_rule_outside_of_batches_waits_for_the_record_of_its_model() -> None:
    rule = make_run("cifar10", 0.01, "resnet32", "NCM", project=here())
    ce = make_run("cifar10", 0.01, "resnet32", "CE", project=here())
    job = jobs.Jobs(here())
    assert job.model_of(SimpleNamespace(run=rule.id)) == jobs.records_of([ce])
    assert job.model_of(SimpleNamespace(run=ce.id)) == []
