"""`ncmc status --outdated`: what it prints, and what it deletes."""

from pathlib import Path
from typing import Any

import fakes
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc.plan.run import make_run
from ncmc.results.record import path_of

RUN = make_run("digits", 0.02, "resnet8", "CE")


def outdated(*arguments: str) -> Any:
    """One call in this process: .exit_code, .stdout, .stderr."""
    return CliRunner().invoke(app, ["status", "--outdated", *arguments])


def test_outdated_records_are_listed_then_deleted(workspace: Path) -> None:
    old = fakes.outdated(RUN, 70.0)
    now = fakes.record(RUN.with_seed(1), 70.0)
    fakes.save(workspace / "results" / "runs", old, now)
    listed = outdated()
    assert listed.exit_code == 0
    assert f"{RUN.id} was made with another configuration" in listed.stdout
    assert "1 outdated record; `ncmc status --outdated --delete` deletes them" in listed.stdout
    assert path_of(here(), RUN).exists()
    assert "1 outdated record deleted" in outdated("--delete").stdout
    assert not path_of(here(), RUN).exists()
    assert path_of(here(), now.run).exists()
    assert outdated().stdout == "no record is outdated\n"
