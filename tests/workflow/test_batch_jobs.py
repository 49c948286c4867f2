"""Small runs, and the seeds of large grids, are several in a job, and none is lost with another."""

import os
import re
from pathlib import Path

import pytest
from calls import BIN, copy_workflow, planned_jobs, planned_runs, snakemake
from conftest import here

from ncmc import jobs, paths, targets
from ncmc.plan import grid
from ncmc.plan.run import Run, make_run, trained_run, trained_runs
from ncmc.project import Project
from ncmc.results.record import path_of
from ncmc.targets import batches, missing


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workflow in a folder of its own, its smoke run of one seed and one epoch."""
    root: Path = copy_workflow(tmp_path / "project")
    monkeypatch.setenv("NCMC_ROOT", str(root))
    path = root / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace("value: 5", "value: 1")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    return root


def of_tables(project: Project, *names: str) -> dict[str, list[Run]]:
    """The batches of tables of which nothing is trained."""
    return batches(project, {name: grid.table(project, name).runs for name in names})


def test_every_small_run_is_in_one_batch_and_no_large_one_is() -> None:
    small, large = grid.table(here(), "smoke").runs, grid.table(here(), "table2").runs
    found = batches(here(), {"smoke": small, "table2": large})
    assert sorted(run for runs in found.values() for run in runs) == sorted(small)
    assert max(map(len, found.values())) <= targets.BATCH
    assert batches(here(), {"smoke": []}) == {}


def test_two_thousand_short_runs_are_at_most_a_hundred_jobs(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace(
        "seeds: {value: 1", "seeds: {value: 400"
    )  # seeds of each of five cells
    path.write_text(text)
    there = Project(project)
    assert len(grid.table(there, "smoke").runs) == 2000
    found = of_tables(there, "smoke")
    assert len(found) <= targets.MOST_BATCHES
    dealt = [run for runs in found.values() for run in runs]
    assert sorted(dealt) == sorted(grid.table(there, "smoke").runs)
    job = jobs.Jobs(there)
    assert max(map(job.minutes_of, found.values())) <= jobs.MINUTES


@pytest.fixture
def thousands(project: Path) -> Path:
    """The paper's own grid, 31 seeds of each cell in place of three."""
    path = project / "papers" / "ncmc" / "grid.yaml"
    text = re.sub(r"^seeds: {value: \d+", "seeds: {value: 31", path.read_text(), flags=re.M)
    path.write_text(re.sub(r"^looks: .*\n", "", text, flags=re.M))
    return project


def test_of_thousands_of_runs_the_seeds_of_a_cell_share_jobs(thousands: Path) -> None:
    there = Project(thousands)
    asked = missing(there, ["all"]).of_tables
    runs = [run for of_table in asked.values() for run in of_table]
    assert len(runs) > 5000
    found = batches(there, asked)
    assert len(found) <= targets.MOST_JOBS
    assert sorted(run for batch in found.values() for run in batch) == sorted(runs)
    trained = [trained_runs(there, batch) for batch in found.values()]  # a rule is with its model
    assert all(len({run.cell for run in batch}) == 1 for batch in trained)
    assert {len(batch) for batch in trained} == {10, 11}


def test_a_batch_of_large_runs_asks_for_one_gpu_and_the_time_of_one_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "MOST_JOBS", 50)  # table2 has 36 cells of three seeds
    planned = snakemake(project, "-n", "-p", "table2")
    assert planned.returncode == 0, planned.stderr
    counts = planned_jobs(planned.stdout)
    assert "train" not in counts
    jobs_told = [part for part in planned.stdout.split("rule ") if part[:13] == "train_table2_"]
    for told in jobs_told:
        assert re.search(rf"resources: .*gpu=1.*runtime={jobs.MINUTES}\b", told)
    assert [sum(planned_runs(told).values()) for told in jobs_told] == [3] * 36


def test_the_seeds_of_a_rule_are_trained_with_those_of_its_model(thousands: Path) -> None:
    path = thousands / "papers" / "ncmc" / "grid.yaml"
    path.write_text(path.read_text().replace("[CE,", "[CE, NCM,", 1))
    there = Project(thousands)
    found = batches(there, missing(there, ["all"]).of_tables)
    rules = [b for b in found.values() if any(run.method == "NCM" for run in b)]
    assert rules
    for batch in rules:
        for run in batch:
            source = trained_run(there, run)
            assert batch.index(source) <= batch.index(run)


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


@pytest.mark.slow
def test_a_real_fault_is_not_tried_again(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    narrow = "- {CAL: {f: 7, linear: never, label: narrow}}\n"  # the network has fewer features
    path.write_text(path.read_text().replace("- CE\n", narrow))
    failed = snakemake(
        project, "--cores", "1", "--retries", "3", "results/smoke/table.json", timeout=300
    )
    assert failed.returncode == 1
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("== 20") == 1
    assert "== ncmc train: exit code 1" in log


@pytest.mark.slow
def test_a_training_that_is_stopped_from_outside_is_tried_again_and_its_log_kept(
    project: Path,
) -> None:
    program = project / "bin" / "ncmc"  # the first two attempts of a training are killed
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
        if [ "$1" = train ] && [ ! -e second ]; then
            if [ -e first ]; then touch second; else touch first; fi
            echo killed; kill -9 $$
        fi
        exec {BIN}/ncmc "$@"
        """
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"
    arguments = ("--cores", "1", "--retries", "2", "results/smoke/table.json")
    done = snakemake(project, *arguments, timeout=300, PATH=path)
    assert done.returncode == 0, done.stderr[-2000:]
    log = (project / "logs/train/smoke_1.log").read_text()
    assert log.count("== 20") == 3
    assert log.count("killed") == 2
    assert log.rindex("killed") < log.index("trained")


def test_a_batch_is_sent_again_as_often_for_each_run_as_one_alone(project: Path) -> None:
    runs = grid.table(here(), "smoke").runs[:4]
    models = [path_of(here(), run).with_name(paths.MODEL) for run in runs]
    for model in models:
        model.parent.mkdir(parents=True)
    models[0].touch()  # trained by an earlier call
    attempts = jobs.Attempts(here(), {"smoke_1": runs})
    assert attempts.restarts("train", 1, 3) == 3  # a run with a job of its own
    assert attempts.restarts("smoke_1", 1, 3) == 3
    models[1].touch()  # by the second attempt
    assert attempts.restarts("smoke_1", 2, 3) == 2 + 3
    for attempt in range(3, 7):  # want of memory, each time: sent no more often than one alone
        assert attempts.restarts("smoke_1", attempt, 3) == 2 + 3


def test_runs_are_dealt_out_evenly() -> None:
    sizes = [len(runs) for runs in of_tables(here(), "study_f_theta").values()]
    assert len(sizes) > 2
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.slow
def test_a_batch_that_fails_costs_only_the_runs_that_failed(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
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
    path = root / "papers" / "ncmc" / "smoke.yaml"
    path.write_text(path.read_text().replace("- CE\n", "- NCM\n"))
    job = jobs.Jobs(Project(root))
    for runs in batches(
        job.project, missing(job.project, ["results/smoke/table.json"]).of_tables
    ).values():
        for run in runs:
            source = trained_run(job.project, run)
            assert source in runs
            assert runs.index(source) <= runs.index(run)
        assert job.models_of(runs) == []


def test_a_rule_in_another_tables_batch_waits_for_the_record_of_its_model() -> None:
    job = jobs.Jobs(here())
    table = grid.table(here(), "study_controls")  # its AL is trained for the smoke run
    rules = [run for run in table.runs if run.method == "AL-SCALED"]
    found = batches(here(), missing(here(), ["smoke", "study_controls"]).of_tables)
    for rule in rules:
        source = trained_run(here(), rule)
        (own,) = [runs for runs in found.values() if rule in runs]
        assert source not in own
        assert jobs.records_of([source])[0] in job.models_of(own)


def test_a_rule_outside_of_batches_waits_for_the_record_of_its_model() -> None:
    rule = make_run("cifar10", 0.01, "resnet32", "NCM", project=here())
    ce = make_run("cifar10", 0.01, "resnet32", "CE", project=here())
    job = jobs.Jobs(here())
    assert job.models_of([rule]) == jobs.records_of([ce])
    assert job.models_of([ce]) == []
