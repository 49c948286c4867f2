"""`ncmc explain` in the terminal."""

import re
from pathlib import Path

import pytest
from conftest import here
from typer.testing import CliRunner, Result

from cli.main import app
from ncmc import paths
from ncmc.forecast import explanation
from ncmc.plan import grid


def explain(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": str(columns)})


def test_a_researcher_sees_difference_interval_and_seeds(smoked: Path) -> None:
    shown = " ".join(explain("S2").stdout.split())
    finding = explanation.explain(here(), "S2").clauses[0].verdict.findings[0]
    numbers = finding.numbers
    assert f"by {numbers['estimate']:.1f} points (95 %: {numbers['low']:.1f} to" in shown
    assert "One split, 5 seeds" in shown
    assert "Decided by 10 runs, of which 10 have a record." in shown


def test_each_scale_of_a_claim_has_a_paragraph_of_its_own(configured: Path) -> None:
    lines = explain("C1", columns=200).stdout.splitlines()
    assert [line.startswith("Incomplete") for line in lines].count(True) == 3  # laptop, full, paper


def test_what_is_missing_is_named_with_its_command(configured: Path) -> None:
    shown = explain("C13").stdout
    assert "cifar100/tau=0.005/resnet50/SETF/default: seeds 0, 1, 2" in shown
    assert "To make what is missing: uv run snakemake --cores all table6" in shown
    assert "margin: 2.0" in " ".join(shown.split())


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_no_line_of_the_findings_is_wider_than_the_terminal(smoked: Path, columns: int) -> None:
    shown = explain("S1", columns=columns).stdout
    assert max(map(len, shown.splitlines())) <= columns


def test_an_unknown_id_names_the_known_ones(configured: Path) -> None:
    refused = explain("C0")
    assert refused.exit_code == 2
    assert "C1a, C1b" in refused.stderr


def test_what_has_no_record_is_one_line_and_what_has_some_says_how_it_stands(
    smoked: Path,
) -> None:
    runs = [run for run in grid.table(here(), "smoke").runs if run.seed > 1]
    for run in runs:
        (smoked / paths.RUN_RECORD.format(run=run.id)).unlink()
    shown = " ".join(explain("S1", columns=200).stdout.split())
    assert re.search(
        r"6 of 10 runs have no record; so far [+−-]\d+\.\d points with 2 of 5 seeds", shown
    )
    assert "6 settings: no run has a record" in " ".join(explain("C1", columns=200).stdout.split())


def test_a_setting_without_all_of_its_runs_says_how_many(smoked: Path) -> None:
    (smoked / paths.RUN_RECORD.format(run=grid.table(here(), "smoke").runs[0].id)).unlink()
    shown = " ".join(explain("S1", columns=200).stdout.split())
    assert "1 of 10 runs has no record" in shown
    assert "Decided by 10 runs, of which 9 have a record." in shown


def test_what_makes_a_printed_number_is_the_smallest_table_of_numbers(configured: Path) -> None:
    assert "uv run snakemake --cores all numbers" in explain("N1").stdout


def test_a_narrow_terminal_says_each_thing_once(smoked: Path) -> None:
    shown = explain("S4", columns=80).stdout
    assert shown.count("the features collapse towards the mean centers") == 1
    assert shown.count("both comparisons hold") == 1
    assert shown.count("measure: nc_mean") == 1
    assert "estimate" not in shown
