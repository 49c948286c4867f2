"""The benchmark of training speed runs, and keeps what it measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT


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
