"""`ncmc verify`, `ncmc table` and `ncmc table --verdicts` with the numbers of others."""

import json
from pathlib import Path

import pytest
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc.paper.references import references


def printed(*arguments: str, columns: int = 200) -> str:
    return str(CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(columns)}).stdout)


def test_verify_shows_every_number_or_says_why_not(configured: Path) -> None:
    shown = printed("verify", "calibration")
    assert "it is not known yet whether the harness is fit to judge" in shown
    assert "71.95 (R1, Zhang2021 Bag of tricks)" in shown
    assert "not counted: Cui's split (TensorFlow)" in shown
    for reference in references(here()):
        assert (
            f"({reference.id}," in shown or f"{reference.id}" in shown.split("Not compared", 1)[1]
        )


def test_verify_tells_a_program_the_same(configured: Path) -> None:
    told = json.loads(printed("verify", "calibration", "--json"))
    numbers = {entry["id"]: entry for entry in told["references"]}
    assert told["exit_code"] == 3
    assert numbers["R60"]["verdict"] == "… incomplete"
    assert numbers["R45"]["verdict"] == "not counted: recipe not known to us"
    assert numbers["R60"]["cell"] == "cifar10, resnet32, CE, Mixup, tau 0.01"
    others = [name for other in told["uncompared"] for name in other["ids"]]
    assert len(numbers) + len(others) == 79


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(configured: Path, columns: int) -> None:
    for command in ("table", "verify"):
        shown = printed(command, "calibration", columns=columns)
        assert max(map(len, shown.splitlines())) <= columns


def test_a_table_shows_the_range_of_what_counts(configured: Path) -> None:
    shown = printed("table", "calibration")
    assert "70.4 to 72.0" in shown
    assert "(70.6)" in shown


def test_jpeg_copies_are_said_with_every_number(configured: Path) -> None:
    shown = json.loads(printed("verify", "calibration_jpeg", "--json"))
    assert shown["references"]
    assert {entry["stand_in"] for entry in shown["references"]} == {"JPEG copies"}
    assert printed("verify", "calibration_jpeg").count("JPEG copies: best") == len(
        shown["references"]
    )


def test_a_table_with_its_verdicts_prints_what_verify_does(configured: Path) -> None:
    numbers = printed("verify", "calibration").split("numbers of others", 1)[1]
    assert printed("table", "calibration", "--verdicts").endswith(numbers)


def test_a_table_without_such_numbers_shows_none(configured: Path) -> None:
    assert "numbers of others" not in printed("verify", "smoke")
    assert "references" not in json.loads(printed("verify", "smoke", "--json"))
