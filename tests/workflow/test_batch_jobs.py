"""Small runs, and those of large grids, are several in a job, and none is lost with another."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from calls import BIN, copy_workflow, planned_jobs, planned_runs, snakemake
from conftest import here

from ncmc import jobs, targets
from ncmc.plan import grid
from ncmc.plan.run import Run, make_run, trained_run
from ncmc.project import Project
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
    text = re.sub(r"^looks: .*\n", "", text, flags=re.M)
    path.write_text(text.replace("[CE,", "[CE, NCM,", 1))
    return project


def test_of_thousands_of_runs_several_share_a_job_and_rules_follow_their_model(
    thousands: Path,
) -> None:
    there = Project(thousands)
    asked = missing(there, ["all"]).of_tables
    runs = [run for of_table in asked.values() for run in of_table]
    assert len(runs) > 5000
    found = batches(there, asked)
    assert len(found) <= targets.MOST_JOBS
    assert sorted(run for batch in found.values() for run in batch) == sorted(runs)
    rules = [(batch, run) for batch in found.values() for run in batch if run.method == "NCM"]
    assert rules
    for batch, run in rules:
        assert batch.index(trained_run(there, run)) < batch.index(run)


def test_a_batch_of_large_runs_asks_for_one_gpu_and_the_time_of_one_run(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "MOST_JOBS", 50)  # table2 has 108 runs
    planned = snakemake(project, "-n", "-p", "table2")
    assert planned.returncode == 0, planned.stderr
    assert "train" not in planned_jobs(planned.stdout)
    jobs_told = [part for part in planned.stdout.split("rule ") if part[:13] == "train_table2_"]
    for told in jobs_told:
        assert re.search(rf"resources: .*gpu=1.*runtime={jobs.MINUTES}\b", told)
    assert [sum(planned_runs(told).values()) for told in jobs_told] == [3] * 36


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
    (log,) = project.glob("logs/train/smoke_1.log.*")
    assert "== ncmc train: exit code 1" in log.read_text()
    again = snakemake(project, "--cores", "1", "results/smoke/table.json", timeout=300)
    assert again.stderr.count("ncmc train --wait") == again.stderr.count("== 20") == 1


def says(log: Path, words: str) -> bool:
    """Whether a log has some words; not if it was put away meanwhile, for the next attempt's."""
    try:
        return words in log.read_text()
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_an_interrupted_call_says_how_to_go_on_and_nothing_of_a_fault(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    path.write_text(path.read_text().replace("epochs: [1]", "epochs: [500]"))
    call = subprocess.Popen(
        [BIN / "snakemake", "--cores", "1", "smoke"],
        cwd=project,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 200
    while not any(says(log, "epochs of") for log in project.glob("logs/train/*.log")):
        assert call.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(call.pid, signal.SIGINT)  # Ctrl-C reaches every process of a terminal
    said, _ = call.communicate(timeout=60)
    assert call.returncode == 130, said
    assert "run the same command to resume" in said.splitlines()[-1]
    assert "rror" not in said
    (log,) = project.glob("logs/train/*.log")
    assert "a checkpoint is saved" in log.read_text()
    assert snakemake(project, "-n", "smoke").returncode == 0  # it is not locked


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
    attempts = [log.read_text() for log in project.glob("logs/train/smoke_1.log.*")]
    assert sum(log.count("== 20") for log in attempts) == 3
    assert sum(log.count("killed") for log in attempts) == 2
    last = (project / "logs/train/smoke_1.log").read_text()
    assert "trained" in last
    assert "killed" not in last


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
