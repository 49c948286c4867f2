"""The workflow's edges are what its commands read: an edit reaches the page, and trains nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import fakes
import pytest
from calls import copy_workflow, planned_jobs, snakemake, training_jobs
from conftest import CHECKOUT, here

from ncmc import jobs, paths
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.run import make_run, resolve_run
from ncmc.results.record import load_record, path_of
from ncmc.sharing.import_ import merge

RUN = "digits/tau=0.02/resnet8/CE/epochs=1/seed=0"
PAGE = "results/smoke/report.html"


def opened(root: Path, *command: str) -> set[str]:
    """The configuration files that a command opens in a project."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("opened.py")), *command],
        cwd=root,
        env=os.environ
        | {"NCMC_ROOT": str(root), "PYTHONPATH": str(CHECKOUT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split())


COMMANDS = {  # rule -> the call
    "table": ("table", "smoke"),
    "verify": ("verify", "smoke", "--no-exit-code"),
    "figures": ("figures", "smoke"),
    "report": ("report", "smoke"),
    "board": ("report", "all"),
    "show": ("table", "smoke", "--verdicts"),
    "theory": ("theory", "T9"),
}


@pytest.mark.slow  # seven processes
@pytest.mark.parametrize("with_lab", [False, True], ids=["as it comes", "with a lab's tables"])
def test_pages_take_every_configuration_file_that_a_command_reads(
    workspace: Path, with_lab: bool
) -> None:
    if with_lab:
        smoke = (workspace / "papers/ncmc/smoke.yaml").read_text()
        (workspace / "config/lab.yaml").write_text(smoke.replace("  smoke:", "  ours:"))
    fakes.smoke(workspace / paths.RUNS, grid.table(here(), "smoke"))  # figures draw no empty table
    listed = jobs.Jobs(here()).config
    files = {command: opened(workspace, *COMMANDS[command]) for command in COMMANDS}
    assert set().union(*files.values()) == set(listed)


# --- edits -------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow whose smoke run has all its records, and a number that the paper prints for it."""
    root: Path = copy_workflow(tmp_path / "project")
    monkeypatch.setenv("NCMC_ROOT", str(root))
    with (root / "papers/ncmc/numbers.csv").open("a") as file:
        file.write("X1,smoke,digits,0.02,resnet8,CE,,77.7,,,Table X,a test,,\n")
    fakes.smoke(root / paths.RUNS, grid.table(here(), "smoke"))
    return root


def edit(path: Path, old: str, new: str) -> None:
    """Replace what stands there once; newer than all that was made before."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.slow
def test_an_edit_reaches_the_page_and_the_verdicts_and_trains_nothing(project: Path) -> None:
    page, verdicts = (project / f"results/smoke/{n}" for n in ("report.html", "verdicts.json"))

    def run() -> tuple[str, str]:
        done = snakemake(project, "--cores", "1", PAGE)
        assert done.returncode == 0, done.stderr[-2000:]
        assert planned_jobs(done.stderr).keys() <= {"table", "verify", "report", "total"}
        return page.read_text(), verdicts.read_text()

    for text in run():
        assert "CAL is above CE" in text
        assert re.search(r"paper(&#39;|')s 77\.7", text)

    edit(project / "papers/ncmc/checks.yaml", "CAL is above CE", "CAL outdoes CE by far")
    for text in run():
        assert "CAL outdoes CE by far" in text

    edit(project / "papers/ncmc/smoke.yaml", "Smoke run: long-tailed digits", "A title of my own")
    assert "A title of my own" in run()[0]

    edit(project / "papers/ncmc/numbers.csv", "77.7", "66.6")
    for text in run():
        assert re.search(r"paper(&#39;|')s 66\.6", text)
        assert not re.search(r"paper(&#39;|')s 77\.7", text)


@pytest.mark.slow  # a real chain
def test_a_comment_in_any_file_is_no_reason_to_fetch_split_or_train(project: Path) -> None:
    assert snakemake(project, "--cores", "1", PAGE, in_process=True).returncode == 0
    for path in [
        *(project / "config").rglob("*.yaml"),
        *(project / "papers").rglob("*.yaml"),
        *project.glob("rules/*.smk"),
    ]:
        path.write_text(path.read_text() + "# a comment\n")
    done = snakemake(project, "-n", "smoke")
    assert not {"fetch", "split"} & planned_jobs(done.stdout).keys()
    assert training_jobs(done.stdout) == 0


@pytest.mark.slow
def test_the_page_of_the_project_trains_nothing_and_follows_the_records(project: Path) -> None:
    page = project / paths.PROJECT_PAGE
    done = snakemake(project, "--cores", "1", "board", in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert planned_jobs(done.stderr) == {"board": 1, "total": 1}
    assert "25 of " in page.read_text()
    assert "Nothing to be done" in snakemake(project, "-n", "board").stdout
    path_of(here(), grid.table(here(), "smoke").cells[0].runs(1)[0]).unlink()
    done = snakemake(project, "--cores", "1", "board", in_process=True)
    assert planned_jobs(done.stderr) == {"board": 1, "total": 1}
    assert "24 of " in page.read_text()


@pytest.mark.slow
def test_the_report_of_snakemake_has_the_pages_numbers_and_verdicts_with_captions(
    project: Path,
) -> None:
    assert snakemake(project, "--cores", "1", "smoke", "board", in_process=True).returncode == 0
    done = snakemake(project, "--report", "whole.html", "smoke", "board")
    assert done.returncode == 0, done.stderr[-2000:]
    text = (project / "whole.html").read_text()
    for said in (
        "Each run is one training with its",  # rules/captions/workflow.rst
        "The page of the whole project: what was checked",
        "What the results of smoke say of the paper",
        "results/smoke/table.csv",
        "results/smoke/verdicts.json",
        "results/smoke/report.html",
    ):
        assert said in text, said


SWITCHED = "results/smoke+A14=affine/report.html"


@pytest.mark.slow
def test_a_table_under_another_assumption_is_a_target_that_shares_the_other_runs(
    project: Path,
) -> None:
    assert snakemake(project, "--cores", "1", PAGE, in_process=True).returncode == 0
    before = {
        path: path.read_bytes() for path in (project / "results/smoke").iterdir() if path.is_file()
    }
    planned = planned_jobs(snakemake(project, "-n", SWITCHED).stdout)
    assert any(name.startswith("train_smoke+A14") for name in planned)
    switched = switches.table(here(), "smoke+A14=affine")
    for spec in switched.cells:
        if spec.run != spec.plain:
            fakes.fill(project / paths.RUNS, spec, [66.6] * switched.seeds)
    done = snakemake(project, "--cores", "1", SWITCHED, in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert planned_jobs(done.stderr).keys() == {"verify", "report", "total"}
    assert "with A14=affine" in (project / SWITCHED).read_text()
    assert {path: path.read_bytes() for path in before} == before
    assert not planned_jobs(snakemake(project, "-n", PAGE).stdout)  # the plain page is its own


def test_a_table_is_made_again_when_the_register_of_assumptions_changes(project: Path) -> None:
    assert "papers/ncmc/assumptions.yaml" in jobs.Jobs(here()).config


@pytest.mark.parametrize(
    "target",
    ["results/smoke+A14=affine;touch PWNED/report.html", "results/smoke+A99=x/report.html"],
)
def test_a_target_that_is_no_switch_is_refused(project: Path, target: str) -> None:
    done = snakemake(project, "-n", target)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert not (project / "PWNED").exists()


@pytest.mark.slow
def test_a_record_of_a_later_look_reaches_the_table_and_none_is_asked_for(project: Path) -> None:
    edit(
        project / "papers/ncmc/smoke.yaml",
        'where: "no table',
        'looks: [2, 5]\n    where: "no table',
    )
    smoke = grid.table(here(), "smoke")
    spec = smoke.cells[0]
    for seed in (2, 3, 4):
        path_of(here(), spec.run.with_seed(seed)).unlink()
    done = snakemake(project, "--cores", "1", "results/smoke/table.json", in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert training_jobs(done.stderr) == 0
    fakes.fill(project / paths.RUNS, spec, [70.0] * 5)
    again = planned_jobs(snakemake(project, "-n", "results/smoke/table.json").stdout)
    assert again == {"table": 1, "total": 1}


@pytest.mark.slow
def test_a_record_replaced_by_an_older_file_reaches_table_verdicts_and_page(project: Path) -> None:
    wanted = ("results/smoke/table.json", PAGE)
    assert snakemake(project, "--cores", "1", *wanted, in_process=True).returncode == 0
    assert "Nothing to be done" in snakemake(project, "-n", *wanted).stdout
    run = grid.table(here(), "smoke").runs[0]
    fakes.save(project / paths.RUNS, fakes.record(run, 12.0))
    os.utime(path_of(here(), run), (1e9, 1e9))
    done = snakemake(project, "--cores", "1", *wanted, in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert planned_jobs(done.stderr).keys() == {"table", "verify", "report", "total"}
    assert "Nothing to be done" in snakemake(project, "-n", *wanted).stdout


@pytest.mark.slow
def test_a_split_that_is_made_after_the_records_trains_nothing(project: Path) -> None:
    manifest = "data/splits/digits/tau=0.02/default/manifest.json"
    split = snakemake(project, "--cores", "1", manifest, in_process=True)
    assert split.returncode == 0, split.stderr[-2000:]
    assert training_jobs(snakemake(project, "-n", "smoke").stdout) == 0


def test_imported_records_need_no_data(project: Path) -> None:
    """Of the JPEG copies, no images could be had: their archive has no address."""
    assert merge(here(), CHECKOUT / "results/published/studies", prefer="ours").written
    for target in "smoke", "study_jpeg":
        planned = planned_jobs(snakemake(project, "-n", target).stdout)
        assert planned["report"] == 1
        assert not planned.keys() & {"preflight", "fetch", "split"}
        assert not any(rule.startswith("train") for rule in planned)


@pytest.mark.slow
def test_records_that_are_there_are_kept_when_one_of_them_is_made(project: Path) -> None:
    """Its split has to be made first, and other runs train on it too."""
    edit(
        project / "papers/ncmc/smoke.yaml",
        "dataset: [digits]",
        "dataset: [digits]\n      epochs: [1]",
    )
    table = grid.table(here(), "smoke")
    fakes.smoke(project / paths.RUNS, table)
    lost, *kept = (path_of(here(), spec.run) for spec in table.cells)
    before = [path.read_bytes() for path in kept]
    lost.unlink()
    done = snakemake(project, "--cores", "2", "results/smoke/table.json", timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [path.read_bytes() for path in kept] == before
    assert load_record(lost).made.command != "ncmc train RUN"
    again = snakemake(project, "-n", "results/smoke/table.json")
    assert "Nothing to be done" in again.stdout


@pytest.mark.slow
def test_a_record_is_kept_though_snakemake_is_made_to_train(project: Path) -> None:
    record = path_of(here(), grid.table(here(), "smoke").runs[0])
    before = record.read_bytes()
    target = str(record.relative_to(project))
    assert "Nothing to be done" in snakemake(project, "-n", target).stdout
    done = snakemake(project, "--cores", "1", target, "--forcerun", "train", in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert training_jobs(done.stderr) == 1
    assert record.read_bytes() == before


# --- resources ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "tau", "gpus", "minutes", "gated"),
    [
        ("digits", 0.02, 0, jobs.MINUTES_SHORT, False),
        ("cifar10_jpeg", 0.01, 1, jobs.MINUTES, False),  # no address: it comes from the user
        ("cifar10", 0.01, 1, jobs.MINUTES, True),
    ],
)
def test_small_is_what_comes_with_an_installed_package(
    dataset: str, tau: float, gpus: int, minutes: int, gated: bool
) -> None:
    job = jobs.Jobs(here())
    runs = job.runs_of(SimpleNamespace(run=f"{dataset}/tau={tau}/resnet32/CE/default/seed=0"))
    assert (job.gpus_of(runs), job.minutes_of(runs)) == (gpus, minutes)
    assert bool(job.gate_of(SimpleNamespace(dataset=dataset))) == gated


@pytest.mark.parametrize(("dataset", "least"), [("imagenet_lt", jobs.FILE_THREADS), ("cifar10", 1)])
def test_a_run_that_decodes_files_gets_threads_to_read_with(dataset: str, least: int) -> None:
    job = jobs.Jobs(here())
    run = make_run(dataset, 0.01, "resnet50", "CE", project=here())
    own = resolve_run(here(), run).execution.threads
    assert job.threads_of([run]) == max(own, least)
    assert own < jobs.FILE_THREADS
