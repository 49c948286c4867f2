"""action.yml: its script, as GitHub's shell runs it, with a `uv` that runs this environment's Python."""

import os
import subprocess
import sys
from pathlib import Path

import fakes
import pytest
import yaml
from conftest import CHECKOUT, here

from ncmc import paths
from ncmc.plan import grid

UV = f"""#!/bin/sh
while [ "$1" != ncmc ]; do shift; done
shift
exec {sys.executable} -m ncmc "$@"
"""
ACTION = yaml.safe_load((CHECKOUT / "action.yml").read_text())


def run(folder: Path, *, names: str = "smoke", fail_on: str = "differs") -> tuple[int, str]:
    """(exit code, output) of the step that verifies, started in `folder`."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "verify")
    assert step["shell"] == "bash"
    uv = folder / "bin" / "uv"
    uv.parent.mkdir(exist_ok=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    given = {"NAMES": names, "FOLDER": ".", "FAIL_ON": fail_on, "ACTION": str(CHECKOUT)}
    assert step["env"].keys() == given.keys()
    environment = os.environ | given | {
        "PATH": f"{uv.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }  # fmt: skip
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, timeout=300
    )
    return done.returncode, done.stdout


@pytest.fixture
def smoked(configured: Path) -> Path:
    """A project with the records of the smoke run alone: its verdicts hold."""
    fakes.smoke(configured / paths.RUNS, grid.table(here(), "smoke"))
    return configured


def test_each_name_is_judged_and_the_gravest_code_is_the_output(smoked: Path) -> None:
    code, shown = run(smoked, names=" smoke\n table2 ")
    assert code == 0  # incomplete alone does not fail
    assert "::notice title=S1 seen at this scale" in shown
    assert "::warning title=CAL_SETF incomplete%3A" in shown
    assert (smoked / "output").read_text() == "exit-code=3\n"
    summary = (smoked / "summary").read_text()
    assert [line for line in summary.splitlines() if line.startswith("# ")] == [
        "# ncmc verify smoke",
        "# ncmc verify table2",
    ]


def test_what_is_undecided_fails_where_it_was_asked_to(smoked: Path) -> None:
    assert run(smoked, names="table2", fail_on="undecided")[0] == 3
    assert run(smoked, fail_on="undecided")[0] == 0


def test_what_differs_fails_and_what_follows_is_judged_all_the_same(smoked: Path) -> None:
    cal = fakes.spec_of(grid.table(here(), "smoke"), "CAL")
    fakes.fill(smoked / paths.RUNS, cal, [60.0, 60.4, 59.5, 60.2, 59.9], here())
    code, shown = run(smoked, names="smoke table2")
    assert code == 1
    assert "::error title=S1 not seen at this scale" in shown
    assert "::warning title=CAL_SETF incomplete" in shown
    assert (smoked / "output").read_text() == "exit-code=1\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"names": " "}, "names is empty; allowed"),
        ({"fail_on": "always"}, "fail-on is 'always'; allowed: differs, undecided."),
        ({"names": "smoke nothing"}, "ncmc verify nothing did not judge: exit code 2."),
        ({"names": "$(touch here)"}, "did not judge"),
        ({"names": "--help"}, "ncmc verify --help did not judge"),
    ],
)
def test_what_makes_no_sense_fails_and_says_so(
    smoked: Path, given: dict[str, str], said: str
) -> None:
    code, shown = run(smoked, **given)
    assert code == 2
    assert f"::error::{said}" in shown or said in shown.rpartition("::error::")[2]
    assert not (smoked / "output").exists()
    assert not (smoked / "here").exists()


def test_every_input_reaches_the_script_as_a_variable() -> None:
    texts = [step.get("run", "") for step in ACTION["runs"]["steps"]]
    assert not any("${{" in text for text in texts)
    passed = {value for step in ACTION["runs"]["steps"] for value in step.get("env", {}).values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]} <= passed
