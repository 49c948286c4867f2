"""`ncmc explain` in the terminal."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner, Result

from cli.main import app
from ncmc import paths
from ncmc.plan import grid


def explain(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": str(columns)})


@pytest.fixture
def smoked(configured: Path) -> Path:
    fakes.smoke(configured / paths.RUNS, grid.table(here(), "smoke"))
    return configured


def test_a_researcher_sees_difference_interval_and_seeds(smoked: Path) -> None:
    shown = " ".join(explain("S2").stdout.split())
    finding = json.loads(explain("S2", "--json").stdout)["clauses"][0]["verdict"]["findings"][0]
    assert f"+{finding['numbers']['estimate']:.2f}" in shown
    assert f"+{finding['numbers']['low']:.2f} to" in shown
    assert "10 runs decide it; 10 of them have a record" in shown


def test_what_is_missing_is_named_with_its_command(configured: Path) -> None:
    shown = explain("C13").stdout
    assert "cifar100/tau=0.005/resnet50/SETF/default/seed=0" in shown
    assert "To make what is missing: uv run snakemake --cores all table6" in shown
    assert "margin: 2.0" in shown


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_no_line_of_the_findings_is_wider_than_the_terminal(smoked: Path, columns: int) -> None:
    shown = explain("S1", columns=columns).stdout
    assert max(map(len, shown.splitlines())) <= columns


def test_an_unknown_id_names_the_known_ones(configured: Path) -> None:
    refused = explain("C0")
    assert refused.exit_code == 2
    assert "C17c" in refused.stderr
