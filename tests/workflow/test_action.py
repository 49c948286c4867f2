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
from ncmc.plan.grid import Table

UV = """#!/bin/sh
while [ "$1" != ncmc ]; do shift; done
shift
"""
NCMC = f'exec {sys.executable} -m ncmc "$@"\n'
# In its place, where only the script counts: a name says with which code `ncmc verify` ends.
STAND_IN = """
[ "$1 $2 $3" = "verify --github --" ] || exit 9
case "$4" in code-*) exit "${4#code-}" ;; *) exit 2 ;; esac
"""
ACTION = yaml.safe_load((CHECKOUT / "action.yml").read_text())


def run(
    folder: Path, names: str, fail_on: str = "differs", program: str = STAND_IN
) -> tuple[int, str]:
    """(exit code, output) of the step that verifies, started in `folder`."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "verify")
    assert step["shell"] == "bash"
    uv = folder / "bin" / "uv"
    uv.parent.mkdir(exist_ok=True)
    uv.write_text(UV + program)
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


@pytest.mark.slow
def test_each_name_is_judged_and_what_differs_fails(smoked: Path, smoke: Table) -> None:
    cal = fakes.spec_of(smoke, "CAL")
    fakes.fill(smoked / paths.RUNS, cal, [60.0, 60.4, 59.5, 60.2, 59.9], here())
    code, shown = run(smoked, " smoke\n table2 ", program=NCMC)
    assert code == 1
    assert "::error title=S1 not seen at this scale" in shown
    assert "::warning title=CAL_SETF incomplete%3A" in shown
    assert (smoked / "output").read_text() == "exit-code=1\n"
    summary = (smoked / "summary").read_text()
    assert [line for line in summary.splitlines() if line.startswith("# ")] == [
        "# ncmc verify smoke",
        "# ncmc verify table2",
    ]


@pytest.mark.parametrize(
    ("names", "fail_on", "code", "output"),
    [
        ("code-0 code-3", "differs", 0, 3),  # incomplete alone does not fail
        ("code-1 code-0 code-3", "differs", 1, 1),  # the gravest
        ("code-3 code-0", "undecided", 3, 3),
        ("code-0", "undecided", 0, 0),
    ],
)
def test_the_gravest_code_is_the_output(
    tmp_path: Path, names: str, fail_on: str, code: int, output: int
) -> None:
    assert run(tmp_path, names, fail_on)[0] == code
    assert (tmp_path / "output").read_text() == f"exit-code={output}\n"


@pytest.mark.parametrize(
    ("names", "fail_on", "said"),
    [
        (" ", "differs", "names is empty; allowed"),
        ("code-0", "always", "fail-on is 'always'; allowed: differs, undecided."),
        ("code-0 nothing", "differs", "ncmc verify nothing did not judge: exit code 2."),
        ("$(touch here)", "differs", "ncmc verify $(touch did not judge"),
        ("--help", "differs", "ncmc verify --help did not judge"),
    ],
)
def test_what_makes_no_sense_fails_and_says_so(
    tmp_path: Path, names: str, fail_on: str, said: str
) -> None:
    code, shown = run(tmp_path, names, fail_on)
    assert code == 2
    assert f"::error::{said}" in shown
    assert not (tmp_path / "output").exists()
    assert not (tmp_path / "here").exists()


def test_every_input_reaches_the_script_as_a_variable() -> None:
    texts = [step.get("run", "") for step in ACTION["runs"]["steps"]]
    assert not any("${{" in text for text in texts)
    passed = {value for step in ACTION["runs"]["steps"] for value in step.get("env", {}).values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]} <= passed
