"""`snakemake plan` does what `ncmc plan` planned, look by look, to its end."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from calls import BIN, copy_workflow, snakemake, training_jobs

LAB = """
scale: reduced
seeds: {value: 2, source: "a test"}
looks: {value: [2, 3], source: "a test"}
tolerance: {value: 1.0, source: "a test"}
tables:
  ours:
    title: "A test"
    where: "no table of the paper"
    axes:
      dataset: [digits]
      backbone: [resnet8]
      epochs: [1]
      lr: [1.0e-9, 2.0e-9, 3.0e-9]  # too small to learn anything: no difference
      method: [CE]
      tau: [0.02]
    columns: [lr]
    source: "a test"
"""
CHECK = """
  - {id: OPEN, table: ours, kind: equal, better: {lr: 1.0e-9}, than: {lr: 2.0e-9}, margin: 0.001}
  - {id: FAR, table: ours, kind: equal, better: {lr: 1.0e-9}, than: {lr: 3.0e-9}, margin: 90}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workflow with a table of two looks, one check that two seeds decide and one that none do."""
    root: Path = copy_workflow(tmp_path / "project")
    (root / "config/lab.yaml").write_text(LAB)
    with (root / "papers/ncmc/checks.yaml").open("a") as file:
        file.write(CHECK)
    return root


def ncmc(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "ncmc", *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def plan_of(root: Path) -> Any:
    return json.loads((root / "results/plan.json").read_text())


def seeds_of(root: Path) -> list[str]:
    return sorted(path.parent.name for path in (root / "results/runs").rglob("record.json"))


@pytest.mark.slow
def test_each_call_does_a_look_of_what_is_open_and_the_last_has_nothing_to_run(
    project: Path,
) -> None:
    done = ncmc(project, "plan", "ours", "--budget", "1h")
    assert done.returncode == 0, done.stderr
    assert len(plan_of(project)["runs"]) == 6  # three cells, two seeds

    first = snakemake(project, "--cores", "2", "plan", timeout=500)
    assert first.returncode == 0, first.stderr[-2000:]
    assert seeds_of(project) == ["seed=0"] * 3 + ["seed=1"] * 3
    states = {q["id"]: (q["status"], q["state"]) for q in plan_of(project)["questions"]}
    assert states == {"OPEN": ("inconclusive", "next"), "FAR": ("holds", "decided")}
    assert len(plan_of(project)["runs"]) == 2  # the third seed of the open pair alone
    assert all("seed=2" in run for run in plan_of(project)["runs"])
    assert 0 < plan_of(project)["spent"] < 1

    second = snakemake(project, "--cores", "2", "plan", timeout=500)
    assert second.returncode == 0, second.stderr[-2000:]
    assert seeds_of(project).count("seed=2") == 2
    assert plan_of(project)["runs"] == []
    assert "no look is left" in " ".join(second.stdout.split())

    third = snakemake(project, "--cores", "2", "plan", timeout=500)
    assert third.returncode == 0, third.stderr[-2000:]
    assert len(seeds_of(project)) == 8
    assert training_jobs(third.stderr) == 0


def test_without_a_plan_the_target_says_how_to_make_one(project: Path) -> None:
    done = snakemake(project, "-n", "plan")
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "Make a plan first: ncmc plan" in told
    assert "Traceback (most recent call last)" not in told
