"""The benchmark of training speed runs, and keeps what it measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT

from benchmarks import shared_gpu

STAND_IN = """
import os, sys, time
print("ready", flush=True)
assert sys.stdin.readline() == "go\\n"
models = int(sys.argv[sys.argv.index("--models") + 1]) if "--models" in sys.argv else 1
mps = os.path.isdir(os.environ["CUDA_MPS_PIPE_DIRECTORY"])
if "--fail" in sys.argv and models == 2:
    sys.exit("out of memory")
print('{"images_per_s": %d}' % ((1000 if mps else 100) * models))
"""
CONTROL = """#!/bin/sh
if [ "$1" = -d ]; then echo start; else cat; fi >> "$(dirname "$0")/calls"
"""


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the program that starts MPS; the calls of it are written beside it."""
    program = tmp_path / "bin" / shared_gpu.CONTROL
    program.parent.mkdir()
    program.write_text(CONTROL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


def test_runs_share_a_device_in_three_ways_and_mps_is_on_for_one_alone(control: Path) -> None:
    worker = (sys.executable, "-c", STAND_IN)
    rows = list(shared_gpu.measure([1, 2], [], 0.1, worker))
    assert [(row["way"], row["runs"], row["images_per_s"], row["ratio"]) for row in rows] == [
        ("processes", 1, 100, 1.0),
        ("processes", 2, 200, 2.0),
        ("processes under MPS", 1, 1000, 10.0),
        ("processes under MPS", 2, 2000, 20.0),
        ("graphs on streams of one process", 1, 100, 1.0),
        ("graphs on streams of one process", 2, 200, 2.0),
    ]
    assert (control.parent / "calls").read_text() == "start\nquit\n" * 2


def test_what_cannot_be_measured_says_why_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no MPS
    worker = (sys.executable, "-c", STAND_IN)
    rows = list(shared_gpu.measure([1, 2], ["--fail"], 0.1, worker))
    failed = {(row["way"], row["runs"]): row.get("failed", "") for row in rows}
    assert "nvidia-cuda-mps-control is not on the PATH" in failed["processes under MPS", 1]
    assert "ended with 1: out of memory" in failed["graphs on streams of one process", 2]
    assert failed["processes", 2] == failed["graphs on streams of one process", 1] == ""


def test_a_worker_that_never_is_ready_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_gpu, "START", 0.2)
    worker = (sys.executable, "-c", "import time; time.sleep(600)")
    row = next(shared_gpu.measure([1], [], 0.0, worker))
    assert "ended before it was ready" in row["failed"]


@pytest.mark.slow
def test_workers_train_side_by_side_on_a_few_images(control: Path, tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    command = [sys.executable, "-m", "benchmarks.speed", "--device", "cpu", "--tiny"]
    options = ["--runs", "1,2", "--networks", "", "--out", str(out)]
    subprocess.run([*command, *options], cwd=CHECKOUT, check=True, timeout=600)
    rows = [row for row in json.loads(out.read_text())["rows"] if row["what"] == "shared"]
    assert [(row["way"], row["runs"]) for row in rows] == [
        (way, count) for way in shared_gpu.WAYS for count in (1, 2)
    ]
    assert all(row["images_per_s"] >= row["slowest"] > 0 for row in rows)


@pytest.mark.slow
def test_it_measures_steps_and_epochs_of_both_loops_on_a_few_images(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    command = [sys.executable, "-m", "benchmarks.speed", "--device", "cpu", "--tiny"]
    options = ["--networks", "resnet20", "--rounds", "1", "--out", str(out)]
    subprocess.run([*command, *options], cwd=CHECKOUT, check=True, timeout=300)
    rows = json.loads(out.read_text())["rows"]
    assert [(row["what"], row["variant"]) for row in rows] == [
        ("steps", "plain"), ("steps", "ours"), ("epoch", "ours"),
    ]  # fmt: skip
    assert rows[0]["ratio"] == 1.0
    assert rows[2]["plain_s"] > 0 < rows[2]["ours_s"]
