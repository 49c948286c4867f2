"""Snakemake, called in a project of its own, and `ncmc` in the project of the test."""

import contextlib
import gc
import io
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from conftest import CHECKOUT, copy_project
from typer.testing import CliRunner, Result

from cli.main import app

BIN = Path(sys.executable).parent
RUNS_NOTHING = {"-n", "--lint", "--list"}


def ncmc(*arguments: object) -> Result:
    """One call in this process: .exit_code, .stdout, .stderr, .output."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def copy_workflow(root: Path) -> Path:
    """The project's configuration and its workflow, without data and results."""
    copy_project(root)
    for name in ("rules", "profiles", "workflow"):
        shutil.copytree(CHECKOUT / name, root / name)
    shutil.copy(CHECKOUT / "Snakefile", root)
    return root


def snakemake(
    where: Path, *arguments: str, timeout: int = 300, in_process: bool = False, **more: str
) -> subprocess.CompletedProcess[str]:
    """One call in a project, with this environment's programs first.

    What runs nothing is called in this process: another one takes 3 s to start.
    """
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "http_proxy": "http://127.0.0.1:9",  # nothing there: whoever asks the network fails
        "https_proxy": "http://127.0.0.1:9",
    }
    environment.pop("NCMC_ROOT", None)
    environment |= more
    if in_process or RUNS_NOTHING.intersection(arguments):
        return _in_this_process(where, arguments, environment)
    return subprocess.run(
        [str(BIN / "snakemake"), *arguments],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _in_this_process(
    where: Path, arguments: tuple[str, ...], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    from snakemake.cli import main
    from snakemake.logging import logger

    filters = list(logger.filters)  # rules/output.smk adds one
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.chdir(where),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(action="ignore"),
    ):
        # on a thread: Snakemake starts an event loop, and a browser's test has left one running in this
        with ThreadPoolExecutor(1) as thread:
            code = thread.submit(_exit_code, main, list(arguments)).result()
        logger.filters[:] = filters
        gc.collect()  # what is left of it must not be told to the next test, at any moment
    return subprocess.CompletedProcess(arguments, int(code or 0), out.getvalue(), err.getvalue())


def _exit_code(main: Callable[[list[str]], None], arguments: list[str]) -> str | int | None:
    try:
        main(arguments)
    except SystemExit as end:
        return end.code
    return 0


def planned_jobs(told: str) -> dict[str, int]:
    """Rule -> jobs, of the job stats that Snakemake prints; none where there is nothing to do."""
    if "Nothing to be done" in told:
        return {}
    table = told[told.index("Job stats:") :].splitlines()
    rows = [line.split() for line in table[3 : table.index("")]]
    return {rule: int(n) for rule, n in rows}


def training_jobs(told: str) -> int:
    """Jobs that train, of one run or of a batch of small ones."""
    return sum(n for rule, n in planned_jobs(told).items() if rule.startswith("train"))


def planned_runs(told: str) -> Counter[str]:
    """The runs that jobs train, of a plan with its shell commands (`-n -p`)."""
    commands = re.findall(r"ncmc train --wait (.*?) >>", told)
    return Counter(run.strip("'") for command in commands for run in command.split())
