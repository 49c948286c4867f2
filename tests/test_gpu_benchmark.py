"""The benchmark for a GPU and the half hour on one: whatever ends them, what is finished is kept."""

import argparse
import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import copy_project, here

from benchmarks import gpu_session
from benchmarks.gpu import pieces
from benchmarks.gpu_variants import Bench
from ncmc import paths
from ncmc.plan.run import Run, trained_run
from ncmc.project import Project


def bench(out: Path) -> Bench:
    """A benchmark of nothing."""
    none = np.zeros((1, 8, 8, 3), np.uint8)
    sizes: dict[str, Any] = {"workers": 0, "steps": 1, "rounds": 1, "warm_up": 1, "peak": 1.0}
    return Bench(
        project=here(), device=torch.device("cpu"), images=none, labels=np.zeros(1), out=out,
        test_images=none, test_labels=np.zeros(1), run_options={}, options={}, **sizes,
    )  # fmt: skip


def test_a_row_is_in_its_file_at_once_and_a_whole_piece_is_not_measured_again(
    tmp_path: Path,
) -> None:
    first = bench(tmp_path)
    assert not first.begin("resnet50")
    first.say(what="epoch", network="resnet50", plain_s=2.0, ncmc_s=1.0)
    assert json.loads((tmp_path / "resnet50.json").read_text())["rows"][0]["plain_s"] == 2.0
    assert not bench(tmp_path).begin("resnet50")  # cut off: measured again
    first.end()
    second = bench(tmp_path)
    assert second.begin("resnet50")
    assert second.epochs == {"resnet50": {"plain": 2.0, "ncmc": 1.0}}  # what tables are told from


def test_the_most_telling_comes_first_and_compiling_last() -> None:
    assert [*pieces(["resnet50", "densenet150"])] == [
        "resnet50", "densenet150", "tables", "sharing", "compiled",
    ]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without data and results."""
    return Project(copy_project(tmp_path / "project"))


def test_runs_go_seed_by_seed_and_rules_come_last(project: Project) -> None:
    runs = gpu_session.in_order(project, "calibration_jpeg")
    rules = [run for run in runs if trained_run(project, run) != run]
    assert rules
    assert runs[-len(rules) :] == rules
    trainings = [run.seed for run in runs[: -len(rules)]]
    assert trainings == sorted(trainings)
    record = project.root / paths.RUNS / runs[0].id / paths.RECORD
    record.parent.mkdir(parents=True)
    record.touch()
    assert gpu_session.in_order(project, "calibration_jpeg") == runs[1:]


def test_records_are_packed_as_runs_finish_and_the_rest_is_stopped(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played: the runs of one seed are done at once, those of the others never."""

    def start(project: Project, run: Run, device: str) -> subprocess.Popen[bytes]:
        record = project.root / paths.RUNS / run.id / paths.RECORD
        work = "import time; time.sleep(600)"
        if run.seed == 0:
            record.parent.mkdir(parents=True)
            record.touch()
            work = ""
        return subprocess.Popen([sys.executable, "-c", work])

    monkeypatch.setattr(gpu_session, "start", start)
    chosen = argparse.Namespace(table="calibration_jpeg", at_once=4, device="cpu", out=tmp_path)
    began = time.monotonic()
    gpu_session.train(project, chosen, began + 20)
    assert time.monotonic() - began < 60
    with tarfile.open(tmp_path / gpu_session.RECORDS) as tar:
        kept = tar.getnames()
    assert len(kept) == 8
    assert all("seed=0" in name for name in kept)
    other = Project(copy_project(tmp_path / "other"))
    gpu_session.unpack(other, tmp_path)
    assert all((other.root / name).exists() for name in kept)
