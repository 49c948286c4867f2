"""Standard output and error that are full, closed, or cannot print every character."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}


def shell(line: str, project: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A line of the shell, with `ncmc` in it, on a project."""
    ncmc = f"{sys.executable} -m cli.main"
    return subprocess.run(
        ["bash", "-c", line.replace("ncmc ", f"{ncmc} ")],
        cwd=CHECKOUT,
        env=os.environ | {"NCMC_ROOT": str(project)} | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ncmc table smoke > /dev/full", b"No space left on device"),
        ("ncmc --help > /dev/full", b"No space left on device"),
    ],
)
def test_lost_output_is_told_by_the_exit_code(workspace: Path, line: str, told: bytes) -> None:
    done = shell(line, workspace)
    assert done.returncode == 1
    assert told in done.stderr
    assert b"Traceback" not in done.stderr
    if "table" in line:  # the work itself is done
        assert json.loads((workspace / "results/smoke/table.json").read_text("utf-8"))["cells"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "code"), [("2>/dev/full", 1), pytest.param(">&- 2> >(true)", 0, marks=pytest.mark.slow)]
)
def test_a_run_is_trained_to_its_end_though_nobody_hears_of_it(
    workspace: Path, end: str, code: int
) -> None:
    run = "digits/tau=0.02/resnet8/CE/epochs=1+width=2/seed=0"
    done = shell(f"ncmc train {run} {end}", workspace)
    assert done.returncode == code
    assert end.startswith(">&-") or done.stdout.decode().startswith(f"{run}: trained")
    assert (workspace / "results/runs" / run / "record.json").exists()


def test_a_reader_that_stops_early_gets_no_traceback(workspace: Path) -> None:
    done = shell("ncmc list claims | sleep 0; exit ${PIPESTATUS[0]}", workspace)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("end", [">&-", "2>&-"])
def test_a_stream_that_the_caller_closed_is_no_failure(workspace: Path, end: str) -> None:
    done = shell(f"ncmc list tables {end}", workspace)
    assert (done.returncode, done.stderr) == (0, b"")


def test_where_both_are_closed_the_work_is_done_and_told_by_the_exit_code(workspace: Path) -> None:
    assert shell("ncmc table smoke --json >&- 2>&-", workspace).returncode == 0
    assert json.loads((workspace / "results/smoke/table.json").read_text("utf-8"))["cells"]
    assert shell("ncmc table table9 >&- 2>&-", workspace).returncode == 2


def test_a_stream_of_ascii_is_enough(workspace: Path) -> None:
    path = workspace / "papers" / "ncmc" / "smoke.yaml"
    path.write_text(path.read_text("utf-8").replace("Smoke run", "Prüflauf ±"), "utf-8")
    shown = shell("ncmc table smoke", workspace, **ASCII)
    assert (shown.returncode, shown.stdout.isascii()) == (0, True), shown.stderr
    told = shell("ncmc table smoke --json", workspace, **ASCII)
    assert json.loads(told.stdout)["title"] == "Prüflauf ±: long-tailed digits"


def test_ctrl_c_prints_one_line(workspace: Path) -> None:
    code = (
        "import os, signal; from cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from cli.commands import table\n"
        "table.CellCache = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "main.app(['table', 'smoke'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=os.environ | {"NCMC_ROOT": str(workspace)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr == "ncmc: stopped by Ctrl-C.\n"
