"""`ncmc table --verdicts`: what `ncmc table` and `ncmc verify` print, and no file."""

from pathlib import Path

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc import paths
from ncmc.plan import grid


def ncmc(*arguments: str, code: int = 0) -> str:
    """One call in this process; what it printed."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})
    assert done.exit_code == code, done.stderr
    return done.stdout or done.stderr


@pytest.fixture
def trained(workspace: Path) -> Path:
    """A project with the records of its smoke run but one."""
    table = grid.table(here(), "smoke")
    fakes.smoke(workspace / paths.RUNS, table)
    (workspace / paths.RUN_RECORD.format(run=table.runs[0].id)).unlink()
    return workspace


def test_it_prints_what_table_and_verify_print_and_writes_nothing(trained: Path) -> None:
    written = ncmc("table", "smoke") + ncmc("verify", "smoke", "--no-exit-code")
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*")}
    assert ncmc("table", "smoke", "--verdicts") == written
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*")} == before


def test_it_speaks_of_the_records_that_are_there_and_of_no_others(trained: Path) -> None:
    for run in grid.table(here(), "smoke").runs[1:5]:
        ncmc("verify", "smoke", "--no-exit-code")
        (trained / paths.RUN_RECORD.format(run=run.id)).unlink()
    shown = ncmc("table", "smoke", "--verdicts")
    assert "seen at this scale" not in next(
        line for line in shown.splitlines() if "above CE" in line
    )


@pytest.mark.slow
def test_a_switched_table_has_a_folder_of_its_own(trained: Path) -> None:
    ncmc("table", "smoke"), ncmc("verify", "smoke", "--no-exit-code"), ncmc("report", "smoke")
    before = {path: path.read_bytes() for path in (trained / "results/smoke").iterdir()}
    assert "5 of 5" not in ncmc("table", "smoke", "--assume", "A14=affine")
    ncmc("verify", "smoke", "--assume", "A14=affine", "--no-exit-code")
    ncmc("report", "smoke", "--assume", "A14=affine")
    shown = ncmc("table", "smoke", "--verdicts", "--assume", "A14=affine")
    assert "smoke+A14=affine: Smoke run: long-tailed digits, with A14=affine" in shown
    assert "snakemake --cores all results/smoke+A14=affine/report.html" in " ".join(shown.split())
    assert ncmc("table", "smoke+A14=affine", "--verdicts") == shown
    folder = trained / "results/smoke+A14=affine"
    assert {path.name for path in folder.iterdir()} == {path.name for path in before}
    assert "with A14=affine" in (folder / "report.html").read_text()
    assert {path: path.read_bytes() for path in before} == before
