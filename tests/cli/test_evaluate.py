"""`ncmc evaluate`: what has a model is evaluated; what has none is named, and stops nothing."""

from pathlib import Path

import pytest
from calls import ncmc

TABLE = """
  ours:
    title: "Ours"
    where: "no table of the paper"
    seeds: 3
    axes: {dataset: [digits], backbone: [resnet8], method: [CE], tau: [0.02], epochs: [1], width: [2]}
    columns: [tau]
    source: "a test"
"""
RUNS = [f"digits/tau=0.02/resnet8/CE/epochs=1+width=2/seed={seed}" for seed in range(3)]


@pytest.fixture
def table(workspace: Path) -> Path:
    """A project with a table of three runs, `ours`."""
    lab = workspace / "config" / "lab.yaml"
    lab.write_text(lab.read_text().replace("tables: {}", "tables:") + TABLE)
    return workspace


def test_the_rest_of_a_table_is_evaluated_and_the_missing_named_with_their_command(
    table: Path,
) -> None:
    assert ncmc("train", RUNS[1], RUNS[2]).exit_code == 0
    record = table / "results" / "runs" / RUNS[2] / "record.json"
    record.unlink()
    (table / "results" / "runs" / RUNS[1] / "model.pt").write_bytes(b"damaged")
    done = ncmc("evaluate", "ours")
    assert done.exit_code == 1
    assert f"{RUNS[2]}: evaluated" in done.stdout
    assert record.is_file()
    told = done.stderr.splitlines()
    assert told[0].endswith(f"model.pt. Train the run first: ncmc train {RUNS[0]}")
    assert told[1].endswith(f"Train it again: ncmc train {RUNS[1]} --force")
    assert told[2:] == ["ncmc: 2 of 3 runs failed; see above. The others are done."]


def test_a_single_run_without_a_model_is_an_error(table: Path) -> None:
    done = ncmc("evaluate", RUNS[0], RUNS[0])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("ncmc: no model at ")
    assert f"ncmc train {RUNS[0]}" in done.stderr
