"""Snakemake, called in a project of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import CHECKOUT, copy_project

BIN = Path(sys.executable).parent


def copy_workflow(root: Path) -> Path:
    """The project's configuration and its workflow, without data and results."""
    copy_project(root)
    for name in ("rules", "profiles"):
        shutil.copytree(CHECKOUT / name, root / name)
    shutil.copy(CHECKOUT / "Snakefile", root)
    return root


def snakemake(
    where: Path, *arguments: str, timeout: int = 300, **more: str
) -> subprocess.CompletedProcess[str]:
    """One call in a project, with this environment's programs first."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "http_proxy": "http://127.0.0.1:9",  # nothing there: whoever asks the network fails
        "https_proxy": "http://127.0.0.1:9",
    }
    environment.pop("NCMC_ROOT", None)
    environment |= more
    return subprocess.run(
        [str(BIN / "snakemake"), *arguments],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def planned_jobs(told: str) -> dict[str, int]:
    """Rule -> jobs, of the job stats that Snakemake prints."""
    table = told[told.index("Job stats:") :].splitlines()
    rows = [line.split() for line in table[3 : table.index("")]]
    return {rule: int(n) for rule, n in rows}


def training_jobs(told: str) -> int:
    """Jobs that train, of one run or of a batch of small ones."""
    return sum(n for rule, n in planned_jobs(told).items() if rule.startswith("train"))
