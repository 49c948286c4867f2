"""The workflow on a real Slurm of one node on this machine: `pytest -m cluster -n 0`."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from calls import BIN, copy_workflow
from slurm_node import MINUTES, Node, ended, said, started, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2 * 60 * MINUTES)]

TABLE = "results/smoke/table.json"
ATTEMPT = re.compile(r"^== 20.*, Slurm job (\d+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    if find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.fail("not there: uv pip install snakemake-executor-plugin-slurm==2.8.0")
    with started() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The workflow in a folder of its own: ten runs of the smoke run, of one epoch, in two batches."""
    root: Path = copy_workflow(tmp_path / "project")
    path = root / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace("seeds: {value: 5", "seeds: {value: 2")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    return root


def models(project: Path) -> dict[Path, int]:
    """Every trained model, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in project.glob("results/runs/**/model.pt")}


def records(project: Path) -> list[dict[str, object]]:
    return [json.loads(p.read_text()) for p in project.glob("results/runs/**/record.json")]


def attempts(project: Path) -> list[str]:
    """The Slurm jobs that trained, as the logs name them."""
    logs = sorted(project.glob("logs/train/*.log.*"))
    return [job for log in logs for job in ATTEMPT.findall(log.read_text())]


def slowed(project: Path, line: str) -> dict[str, str]:
    """An `ncmc` before the real one on the PATH, that does `line` at the first training."""
    program = project / "bin" / "ncmc"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = train ] && mkdir tried 2> /dev/null; then {line}; fi\n'
        f'exec {BIN}/ncmc "$@"\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}"}


def with_program(node: Node, project: Path, line: str) -> Node:
    """The node as jobs see it whose first training does `line` before."""
    first = slowed(project, line)["PATH"]
    return Node(node.environment | {"PATH": f"{first}{node.environment['PATH']}"})


@pytest.mark.parametrize("jobs", ["1", "50"])
def test_from_fetch_to_report(node: Node, project: Path, jobs: str) -> None:
    assert node.run(project, "smoke", "--jobs", jobs) == 0, said(project)
    assert (project / "results/smoke/report.html").exists()
    assert len(records(project)) == 10
    assert len(attempts(project)) == 2  # ten runs, two jobs
    assert not node.jobs("PENDING", "RUNNING")


def test_a_cancelled_job_is_sent_again_and_goes_on(node: Node, project: Path) -> None:
    launcher = node.start(project, TABLE, "--jobs", "1")
    until(lambda: models(project), launcher)
    done = models(project)
    node.call("scancel", *node.jobs("RUNNING"))
    assert ended(launcher) == 0, said(project)
    assert {path: models(project)[path] for path in done} == done  # not trained again
    assert len(records(project)) == 10
    assert len(attempts(project)) == 3
    assert not node.jobs("PENDING", "RUNNING")


def test_a_job_that_meets_its_time_limit_is_sent_again(node: Node, project: Path) -> None:
    slow = with_program(node, project, "sleep 300")
    assert slow.run(project, TABLE, "--jobs", "4", "--set-resources", "train_smoke_1:runtime=2",
                    "train_smoke_2:runtime=2") == 0, said(project)  # fmt: skip
    assert "TIMEOUT" in said(project)
    assert len(records(project)) == 10
    assert len(attempts(project)) >= 3  # on a slow machine the training itself may need another
    logs = "".join(log.read_text() for log in project.glob("logs/train/*.log.*"))
    assert logs.count("trained") >= 10  # the first attempts are still told


def test_jobs_of_a_killed_launcher_are_taken_up(node: Node, project: Path) -> None:
    slow = with_program(node, project, "sleep 20")
    launcher = slow.start(project, TABLE, "--jobs", "2")
    until(lambda: models(project), launcher)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    orphans = node.jobs("RUNNING", "PENDING")
    assert orphans
    subprocess.run([BIN / "snakemake", "--unlock"], cwd=project, env=node.environment, check=True)
    assert slow.run(project, TABLE, "--jobs", "2") == 0, said(project)
    assert len(records(project)) == 10
    for record in records(project):  # each was trained once, in one go
        assert len(record["made"]["sessions"]) == 1  # type: ignore[index]
    told = "".join(log.read_text() for log in project.glob("logs/train/*.log.*"))
    begun = re.findall(r"^(\S+): 1 epoch of ", told, re.MULTILINE)
    assert len(begun) == len(set(begun)) == 10, told
    node.wait_until_empty()


def test_a_real_fault_is_not_sent_again(node: Node, project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    narrow = "- {CAL: {f: 7, linear: never, label: narrow}}\n"  # the network has fewer features
    path.write_text(path.read_text().replace("- CE\n", narrow))
    assert node.run(project, TABLE, "--jobs", "4") == 1
    assert len(attempts(project)) == 2  # one a batch
    assert len(models(project)) == 8  # the others are done
    assert "Set linear to 'always' or 'needed'" in said(project)
