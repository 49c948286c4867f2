"""`dvc metrics`, `dvc plots` and `dvc params` see results and configuration: with the real dvc."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import fakes
import pytest
from conftest import CHECKOUT, here
from typer.testing import CliRunner

from cli.main import app
from ncmc.plan import grid


@pytest.fixture
def made(configured: Path) -> Path:
    """A project with the smoke table of made records, in a git repository of its own."""
    shutil.copytree(CHECKOUT / ".dvc" / "plots", configured / ".dvc" / "plots")
    fakes.smoke(configured / "results" / "runs", grid.table(here(), "smoke"))
    assert CliRunner().invoke(app, ["table", "smoke"]).exit_code == 0
    return configured


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"DVC_NO_ANALYTICS": "1", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def dvc(folder: Path, *arguments: str) -> str:
    return run(folder, sys.executable, "-m", "dvc", *arguments)


def test_dvc_shows_the_numbers_of_a_table(made: Path) -> None:
    shown = json.loads(dvc(made, "metrics", "show", "--json"))[""]["data"]
    table = json.loads((made / "results/smoke/table.json").read_text())
    (numbers,) = (entry["data"] for entry in shown.values())
    assert [*shown] == ["results/metrics/smoke.json"]
    assert [*numbers] == [cell["label"] for cell in table["cells"]]
    for cell in table["cells"]:
        assert numbers[cell["label"]]["last"] == pytest.approx(cell["last"]["mean"], abs=1e-4)
        assert numbers[cell["label"]]["seeds"] == 5


def test_dvc_draws_a_line_for_each_cell(made: Path) -> None:
    dvc(made, "plots", "show", "-o", "plots")
    page = (made / "plots" / "index.html").read_text()
    table = json.loads((made / "results/smoke/table.json").read_text())
    for cell in table["cells"]:
        assert page.count(f'"cell": "{cell["label"]}"') == 60  # epochs
    assert '"color": {"field": "cell"' in page


def test_dvc_compares_configuration_and_numbers_with_a_commit(made: Path) -> None:
    dvc(made, "config", "--local", "core.no_scm", "false")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    run(made, "git", "init", "--quiet")
    run(made, *git, "add", "config", "dvc.yaml", "results/metrics")
    run(made, *git, "commit", "--quiet", "-m", "before")
    train = made / "config" / "train.yaml"
    train.write_text(train.read_text().replace("momentum: {value: 0.9", "momentum: {value: 0.8", 1))
    assert "recipes.small.momentum.value" in dvc(made, "params", "diff")
    metrics = made / "results" / "metrics" / "smoke.json"
    body = json.loads(metrics.read_text())
    label = next(iter(body))
    body[label]["last"] += 1
    metrics.write_text(json.dumps(body))
    difference = json.loads(dvc(made, "metrics", "diff", "--json"))
    assert difference["results/metrics/smoke.json"][f"{label}.last"]["diff"] == pytest.approx(1)


def test_a_table_of_other_folders_is_not_shown_as_the_projects(configured: Path) -> None:
    elsewhere = configured / "elsewhere"
    fakes.smoke(elsewhere, grid.table(here(), "smoke"))
    done = CliRunner().invoke(app, ["table", "smoke", "--results", str(elsewhere)])
    assert done.exit_code == 0
    assert not (configured / "results" / "metrics").exists()
