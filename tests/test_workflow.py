"""The Snakemake workflow: it plans everything, without the network, and is well formed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT, copy_project

from ncmc import grid

BIN = Path(sys.executable).parent
TARGETS = (
    "smoke", "table1", "table2", "table3", "table4", "table5", "table6", "table7",
    "figure1", "figure4", "figure5", "figure6", "figure7", "theory", "all",
)  # fmt: skip


def snakemake(where: Path, *arguments: str, timeout: int = 120) -> subprocess.CompletedProcess[str]:
    """One call in a project, with this environment's programs first."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "http_proxy": "http://127.0.0.1:9",  # nothing there: whoever asks the network fails
        "https_proxy": "http://127.0.0.1:9",
    }
    environment.pop("NCMC_ROOT", None)
    return subprocess.run(
        [str(BIN / "snakemake"), *arguments],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The workflow in a folder of its own."""
    root = copy_project(tmp_path / "project")
    for name in ("rules", "profiles"):
        shutil.copytree(CHECKOUT / name, root / name)
    shutil.copy(CHECKOUT / "Snakefile", root)
    return root


def test_the_whole_grid_is_planned_without_the_network(project: Path) -> None:
    done = snakemake(project, "-n", "all")
    assert done.returncode == 0, done.stderr[-2000:]
    everything = {run for name in grid.table_names("paper") for run in grid.runs(name)}
    table = done.stdout[done.stdout.index("Job stats:") :].splitlines()
    counts = dict(line.split() for line in table if len(line.split()) == 2)
    assert int(counts["train"]) == len(everything)
    assert counts["preflight"] == "1"


def test_every_named_target_is_there(project: Path) -> None:
    listed = snakemake(project, "--list").stdout.split()
    assert set(TARGETS) <= set(listed)


def test_the_workflow_passes_its_linter(project: Path) -> None:
    done = snakemake(project, "--lint")
    assert done.returncode == 0, done.stderr
    assert "good condition" in done.stderr


def test_one_table_plans_its_own_runs(project: Path) -> None:
    done = snakemake(project, "-n", "smoke")
    assert done.returncode == 0, done.stderr
    assert "train 25" in " ".join(done.stdout.split())
    assert "preflight" not in done.stdout


def test_a_typo_in_a_target_fails_at_once(project: Path) -> None:
    done = snakemake(project, "-n", "tabel2")
    assert done.returncode != 0
    assert "tabel2" in done.stdout + done.stderr


def test_a_smaller_smoke_run_goes_from_fetch_to_page(project: Path) -> None:
    path = project / "config" / "smoke.yaml"
    text = path.read_text().replace("value: 5", "value: 1")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    done = snakemake(project, "--cores", "2", "smoke", timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for name in ("table.csv", "table.json", "table.md", "verdicts.json", "report.html"):
        assert (project / "results" / "smoke" / name).stat().st_size > 0
    assert "Reduced scale" in (project / "results/smoke/report.html").read_text()
    assert "smoke: verdicts" in done.stdout
    assert not (project / "data" / "raw" / "cifar10").exists()
    again = snakemake(project, "-n", "results/smoke/report.html")
    assert "Nothing to be done" in again.stdout


def test_a_method_that_is_not_built_is_planned_and_says_which_file_is_missing(
    project: Path,
) -> None:
    run = "results/runs/digits/tau=0.02/resnet8/KCL/default/seed=0/record.json"
    assert snakemake(project, "-n", run).returncode == 0
    done = snakemake(project, "--cores", "1", run)
    assert done.returncode == 1
    assert "ncmc/methods/kcl.py is missing" in done.stdout + done.stderr
