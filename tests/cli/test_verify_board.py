"""`ncmc verify claims` and `ncmc verify all`: the board in the terminal."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner, Result

from cli.main import app
from ncmc import paths
from ncmc.plan import grid


def verify(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments], env={"COLUMNS": str(columns)})


@pytest.fixture
def smoked(configured: Path) -> Path:
    """A project with the records of the smoke run alone."""
    fakes.smoke(configured / paths.RUNS, grid.table(here(), "smoke"))
    return configured


def test_claims_are_the_papers_alone_and_all_has_checks_of_ours(smoked: Path) -> None:
    claims = json.loads(verify("claims", "--json").stdout)
    assert {entry["subject"] for entry in claims["entries"]} == {"claim"}
    every = json.loads(verify("all", "--json").stdout)
    assert {entry["subject"] for entry in every["entries"]} == {"claim", "number", "ours"}
    found = {entry["id"]: entry["status"] for entry in every["entries"]}
    assert found["S1"] == "holds"
    assert found["C4"] == "incomplete"


@pytest.mark.parametrize("columns", [80, 120, 200])
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


def test_a_ci_gets_a_file_of_the_board_and_of_one_table(smoked: Path) -> None:
    for name in ("all", "smoke"):
        verify(name, "--junit", str(smoked / "out.xml"))
        suites = {s.get("name"): s for s in ElementTree.parse(smoked / "out.xml").getroot()}
        ours = suites["Checks of ours"]
        passed = [case for case in ours if not case.findall("skipped")]
        assert {"S1", "S2", "S3", "S4", "S5"} <= {
            case.get("name", "").partition(":")[0] for case in passed
        }


def test_markdown_is_the_board_of_a_table_too(smoked: Path) -> None:
    assert "| ✓ seen at this scale | S1 |" in verify("smoke", "--md").stdout
    assert "## Claims of the paper" in verify("claims", "--md").stdout


def test_what_belongs_to_one_table_is_refused(configured: Path) -> None:
    refused = verify("all", "--assume", "A14=affine")
    assert refused.exit_code == 2
    assert "takes no --assume" in refused.stderr
    refused = verify("claims", "--json", "--md")
    assert refused.exit_code == 2
    assert "give one of them" in refused.stderr


def test_the_board_writes_no_file(configured: Path) -> None:
    verify("all")
    assert not (configured / "results").exists()


def test_a_file_of_somebody_else_is_not_replaced(smoked: Path) -> None:
    mine = smoked / "build.xml"
    mine.write_text('<?xml version="1.0"?>\n<testsuites name="pytest"/>\n')
    before = mine.read_text()
    for target in (mine, smoked, smoked / "new" / "out.xml"):
        assert verify("smoke", "--junit", str(target)).exit_code == 2
    assert mine.read_text() == before
    assert not (smoked / "new").exists()
