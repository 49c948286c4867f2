"""A record that cannot be used stops no verdict but those that rest on it."""

import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc import paths
from ncmc.plan import grid
from ncmc.plan.run import Run
from ncmc.results.record import path_of
from ncmc.verdicts import judge
from ncmc.verdicts.checks_file import checks_of


def ncmc(*arguments: str, code: int) -> str:
    """What one call in this process printed."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})
    assert done.exit_code == code, done.stdout + done.stderr
    return str(done.stdout)


def smoke_with_damaged(runs: Path, method: str) -> Run:
    """The records of a good smoke run, one of them cut."""
    table = grid.table(here(), "smoke")
    fakes.smoke(runs, table)
    run = fakes.spec_of(table, method).runs(3)[2]
    path_of(here(), run, runs).write_text("{")
    return run


def test_a_comparison_with_it_is_incomplete_and_the_others_are_judged(tmp_path: Path) -> None:
    run = smoke_with_damaged(tmp_path, "AL")
    found = {verdict.id: verdict for verdict in judge.verify("smoke", tmp_path)}
    hit = found["S3"]
    assert hit.status == "incomplete"
    assert hit.why == "1 of 10 runs has a record that cannot be used"
    assert hit.missing == ()
    assert hit.remedy is None  # Snakemake takes the file for a record
    (problem,) = hit.problems
    assert str(path_of(here(), run, tmp_path)) in problem
    assert f"Delete it and make it again: ncmc train {run.id}." in problem
    assert "AL" in hit.findings[0].label
    assert [found[name].status for name in ("S1", "S2")] == ["holds", "holds"]


def test_verify_says_so_in_words_and_in_json_and_exits_with_3(workspace: Path) -> None:
    run = smoke_with_damaged(workspace / paths.RUNS, "AL")
    path = str(workspace / paths.RUN_RECORD.format(run=run.id))
    (line,) = [line for line in ncmc("verify", "smoke", code=3).splitlines() if path in line]
    assert line.startswith("! S3")
    told = json.loads(ncmc("verify", "smoke", "--json", code=3))
    assert told["exit_code"] == 3
    by_id = {verdict["id"]: verdict for verdict in told["verdicts"]}
    assert by_id["S3"]["problems"]
    assert by_id["S1"]["status"] == "holds"


def test_a_difference_elsewhere_still_decides_the_exit_code(workspace: Path) -> None:
    smoke_with_damaged(workspace / paths.RUNS, "AL")
    table = grid.table(here(), "smoke")
    fakes.fill(workspace / paths.RUNS, fakes.spec_of(table, "CAL"), [40.0, 41.0, 40.5, 40.2, 40.9])
    assert json.loads(ncmc("verify", "smoke", "--json", code=1))["exit_code"] == 1


def test_a_record_that_no_check_looks_at_keeps_all_from_holding(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smoke_with_damaged(workspace / paths.RUNS, "AL")
    checks = [c for c in checks_of(here(), "smoke") if c.id == "S1"]  # CAL against CE
    monkeypatch.setattr(judge, "checks_of", lambda project, name: checks)
    assert "seen at this scale" in ncmc("verify", "smoke", code=3)


@pytest.mark.slow
def test_table_and_show_exit_with_3_and_the_page_is_made(workspace: Path) -> None:
    run = smoke_with_damaged(workspace / paths.RUNS, "AL")
    path = str(workspace / paths.RUN_RECORD.format(run=run.id))
    assert path in ncmc("table", "smoke", code=3)
    assert path in json.loads(ncmc("table", "smoke", "--json", code=3))["notes"][0]
    ncmc("table", "smoke", "--no-exit-code", code=0)
    ncmc("verify", "smoke", "--no-exit-code", code=0)
    assert json.loads((workspace / "results/smoke/verdicts.json").read_text())["verdicts"]
    assert path in ncmc("table", "smoke", "--verdicts", code=3)
    ncmc("report", "smoke", code=0)
    page = (workspace / "results/smoke/report.html").read_text()
    assert paths.RUN_RECORD.format(run=run.id) in page
    assert path not in page  # it is read on other machines
