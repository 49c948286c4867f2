"""`ncmc table --as-written`: what `ncmc table` and `ncmc verify` wrote, again, and nothing else."""

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


def test_it_prints_the_table_and_the_verdicts_as_they_were_written(trained: Path) -> None:
    written = ncmc("table", "smoke") + ncmc("verify", "smoke", "--no-exit-code")
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*")}
    assert ncmc("table", "smoke", "--as-written") == written
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*")} == before


@pytest.mark.parametrize("again", [(), ("verify",), ("table",)])
def test_what_is_not_of_the_records_as_they_are_ends_with_an_error(
    trained: Path, again: tuple[str, ...]
) -> None:
    ncmc("table", "smoke"), ncmc("verify", "smoke", "--no-exit-code")
    (trained / paths.RUN_RECORD.format(run=grid.table(here(), "smoke").runs[1].id)).unlink()
    for command in again:
        ncmc(command, "smoke", "--no-exit-code")
    done = CliRunner().invoke(app, ["table", "smoke", "--as-written"])
    assert done.exit_code == 3
    stale = "The table is" if "verify" in again else "The verdicts are"
    assert f"ncmc: {stale} not of the records" in done.stderr
    for command in ("verify", "table"):
        ncmc(command, "smoke", "--no-exit-code")
    assert "not of the records" not in ncmc("table", "smoke", "--as-written")


def test_what_was_made_of_results_elsewhere_is_compared_with_those(
    trained: Path, tmp_path: Path
) -> None:
    (trained / paths.RUNS).rename(trained / "elsewhere")
    where = ("--results", str(trained / "elsewhere"), "--out", str(tmp_path / "out"))
    ncmc("table", "smoke", *where), ncmc("verify", "smoke", "--no-exit-code", *where)
    assert "smoke: verdicts" in ncmc("table", "smoke", "--as-written", *where)
    assert "smoke: verdicts" in ncmc("table", "smoke", "--as-written", *where[2:], code=3)


def test_a_switched_table_has_a_folder_of_its_own(trained: Path) -> None:
    ncmc("table", "smoke"), ncmc("verify", "smoke", "--no-exit-code"), ncmc("report", "smoke")
    before = {path: path.read_bytes() for path in (trained / "results/smoke").iterdir()}
    assert "5 of 5" not in ncmc("table", "smoke", "--assume", "A14=affine")
    ncmc("verify", "smoke", "--assume", "A14=affine", "--no-exit-code")
    ncmc("report", "smoke", "--assume", "A14=affine")
    shown = ncmc("table", "smoke", "--as-written", "--assume", "A14=affine")
    assert "smoke+A14=affine: Smoke run: long-tailed digits, with A14=affine" in shown
    assert "snakemake --cores all results/smoke+A14=affine/report.html" in " ".join(shown.split())
    assert ncmc("table", "smoke+A14=affine", "--as-written") == shown
    folder = trained / "results/smoke+A14=affine"
    assert {path.name for path in folder.iterdir()} == {path.name for path in before}
    assert "with A14=affine" in (folder / "report.html").read_text()
    assert {path: path.read_bytes() for path in before} == before


def test_without_their_files_it_says_which_command_makes_them(trained: Path) -> None:
    assert "ncmc table smoke" in ncmc("table", "smoke", "--as-written", code=1)
    ncmc("table", "smoke")
    assert "Run `ncmc verify smoke` first" in ncmc("table", "smoke", "--as-written", code=1)
