"""`ncmc verify claims` and `ncmc verify all`: the board in the terminal."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from ncmc import paths


def verify(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments], env={"COLUMNS": str(columns)})


@pytest.mark.slow
def test_claims_are_the_papers_alone_and_all_has_checks_of_ours(smoked: Path) -> None:
    claims = json.loads(verify("claims", "--json").stdout)
    assert {entry["subject"] for entry in claims["entries"]} == {"claim"}
    every = json.loads(verify("all", "--json").stdout)
    assert {entry["subject"] for entry in every["entries"]} == {"claim", "number", "ours"}
    found = {entry["id"]: entry["status"] for entry in every["entries"]}
    assert found["S1"] == "holds"
    assert found["C4"] == "incomplete"


@pytest.mark.parametrize("columns", [80, pytest.param(200, marks=pytest.mark.slow)])
def test_the_board_begins_with_its_tally_and_fits_the_terminal(smoked: Path, columns: int) -> None:
    shown = verify("all", columns=columns).stdout
    assert shown.startswith("22 claims of the paper: ")
    assert max(map(len, shown.splitlines())) <= columns
    words = " ".join(shown.split())
    assert "theta = pi/2" in words
    assert re.search(r"✓ seen at this scale AL and CAL: [^✓]* S4 ", words)


def test_the_exit_code_tells_what_is_not_complete(smoked: Path) -> None:
    assert verify("claims").exit_code == 3
    assert verify("claims", "--no-exit-code").exit_code == 0


def test_github_appends_the_markdown_to_the_summary_of_the_step(
    smoked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    shown = verify("smoke", "--github")
    assert shown.stdout.startswith("::notice title=S1 seen at this scale")
    assert "GITHUB_STEP_SUMMARY is not set" in shown.stderr
    summary = smoked / "summary"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    verify("smoke", "--github")
    written = summary.read_text()
    assert written.startswith("before\n# ncmc verify smoke\n\n")
    assert "| ✓ seen at this scale | S1 |" in written


def test_github_warns_of_a_record_that_does_not_count(smoked: Path) -> None:
    next((smoked / paths.RUNS).rglob("record.json")).write_text("{}")
    shown = verify("smoke", "--github")
    assert shown.exit_code == 3
    assert re.search(r"^::warning title=\S+record.json does not count::.+", shown.stdout, re.M)


def test_what_belongs_to_one_table_is_refused(configured: Path) -> None:
    refused = verify("all", "--assume", "A14=affine")
    assert refused.exit_code == 2
    assert "takes no --assume" in refused.stderr
    refused = verify("claims", "--json", "--github")
    assert refused.exit_code == 2
    assert "give one of them" in refused.stderr


def test_the_board_writes_no_file(configured: Path) -> None:
    verify("all")
    assert not (configured / "results").exists()
