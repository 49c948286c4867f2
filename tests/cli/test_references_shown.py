"""`ncmc verify` and `ncmc table` where others have published numbers."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


def printed(*arguments: str, columns: int = 200) -> str:
    return str(CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(columns)}).stdout)


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(configured: Path, columns: int) -> None:
    for command in ("table", "verify"):
        shown = printed(command, "calibration", columns=columns)
        assert max(map(len, shown.splitlines())) <= columns


def test_a_table_shows_the_range_of_what_counts(configured: Path) -> None:
    shown = printed("table", "calibration")
    assert "70.4 to 72.0" in shown
    assert "(70.6)" in shown


def test_verify_says_where_each_number_of_others_stands(configured: Path) -> None:
    shown = printed("verify", "calibration")
    assert "it is not known yet whether the harness is fit to judge" in shown
    assert "Each number of others beside ours: ncmc report calibration" in shown
    assert "numbers of others" not in printed("verify", "smoke").lower()
