"""The Snakemake workflow: it plans everything, without the network, and is well formed."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls import copy_workflow, planned_jobs, snakemake, training_jobs
from conftest import CHECKOUT, here

from ncmc import jobs
from ncmc.errors import UsageError
from ncmc.plan import grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.grid_file import table_names

TARGETS = (
    "smoke", "study_f_theta", "table1", "table2", "table3", "table4", "table5", "table6", "table7",
    "figure1", "figure4", "figure5", "figure6", "figure7", "theory", "board", "all",
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The workflow in a folder of its own."""
    root: Path = copy_workflow(tmp_path / "project")
    return root


@pytest.mark.slow
def test_without_a_target_the_whole_grid_is_planned_without_the_network(project: Path) -> None:
    done = snakemake(project, "-n")
    assert done.returncode == 0, done.stderr[-2000:]
    everything = {
        run for name in table_names(here(), "paper") for run in grid.table(here(), name).runs
    }
    jobs_of = planned_jobs(done.stdout)
    assert jobs_of["train"] == len(everything)
    assert jobs_of["preflight"] == 1


@pytest.mark.parametrize("where", [(), ("-s", "workflow/Snakefile")], ids=["ours", "catalog's"])
def test_one_table_plans_its_own_runs(project: Path, where: tuple[str, ...]) -> None:
    done = snakemake(project, "-n", *where, "smoke")
    assert done.returncode == 0, done.stderr
    assert training_jobs(done.stdout) == 4  # 25 runs
    assert "preflight" not in planned_jobs(done.stdout)


def test_a_study_is_a_target_that_trains_no_run_of_another_table(project: Path) -> None:
    done = snakemake(project, "-n", "study_order")
    assert done.returncode == 0, done.stderr
    assert training_jobs(done.stdout) == 3  # 20 runs
    assert {"table", "verify", "report", "study_order"} <= planned_jobs(done.stdout).keys()


def test_a_typo_in_a_target_fails_at_once(project: Path) -> None:
    done = snakemake(project, "-n", "tabel2")
    assert done.returncode != 0
    assert "tabel2" in done.stdout + done.stderr


@pytest.mark.slow
def test_a_smaller_smoke_run_goes_from_fetch_to_page(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    text = path.read_text().replace("value: 5", "value: 1")
    path.write_text(text.replace("dataset: [digits]", "dataset: [digits]\n      epochs: [1]"))
    done = snakemake(project, "--cores", "2", "smoke", timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for name in (
        "table.csv",
        "table.json",
        "table.md",
        "table.tex",
        "verdicts.json",
        "report.html",
    ):
        assert (project / "results" / "smoke" / name).stat().st_size > 0
    assert "Reduced scale" in (project / "results/smoke/report.html").read_text()
    assert "smoke: verdicts" in done.stdout
    total = planned_jobs(done.stderr)["total"]
    assert done.stderr.count(f" of {total} steps ") == total
    assert len(done.stderr.splitlines()) < total + 30
    assert (
        "5 runs to train; with epoch and time left: uv run ncmc status smoke --watch" in done.stderr
    )
    assert "5 of 5 runs trained" in done.stderr
    assert "Page: results/smoke/report.html" in done.stdout.splitlines()
    assert not (project / "data" / "raw" / "cifar10").exists()
    again = snakemake(project, "-n", "results/smoke/report.html")
    assert "Nothing to be done" in again.stdout


@pytest.mark.slow
def test_a_run_that_cannot_be_built_says_why_once(project: Path) -> None:
    run = "results/runs/digits/tau=0.02/resnet8/CAL/f=7+linear=never/seed=0/record.json"
    assert snakemake(project, "-n", run).returncode == 0
    done = snakemake(project, "--cores", "1", run)
    assert done.returncode == 1
    assert "Error in rule train:" in done.stderr
    assert done.stderr.count("Set linear to 'always' or 'needed'") == 1
    assert "Cannot restore" not in done.stderr


@pytest.mark.parametrize(
    "target",
    [
        "data/splits/digits/tau=0.02/f=1;touch PWNED/manifest.json",
        "data/splits/digits/tau=0.02;touch PWNED/default/manifest.json",
        "data/splits/../tau=0.02/default/manifest.json",
        "data/arrays/digits;touch PWNED/meta.json",
        "results/runs/digits/tau=0.02/resnet8/CE/f=1;touch PWNED/seed=0/record.json",
        "results/runs/digits/tau=0.02/resnet8/CE;touch PWNED/default/seed=0/record.json",
        "results/smoke;touch PWNED/table.json",
    ],
)
def test_a_target_that_is_a_command_runs_nothing(project: Path, target: str) -> None:
    done = snakemake(project, "--cores", "1", target, in_process=True)
    assert done.returncode != 0
    assert not list(project.rglob("PWNED*"))
    assert "No rule to produce" in done.stdout + done.stderr


def test_an_option_that_is_not_of_a_split_is_refused_in_planning(project: Path) -> None:
    done = snakemake(project, "-n", "data/splits/digits/tau=0.02/f=1/manifest.json")
    assert done.returncode != 0
    assert "split 'f=1': unknown key 'f'. Allowed: generator" in done.stdout + done.stderr


def test_the_options_of_a_split_are_arguments_each() -> None:
    wildcards = SimpleNamespace(dataset="digits", split="imbalance=step+split_seed=3")
    job = jobs.Jobs(here())
    assert job.split_options(wildcards) == ["-o", "imbalance=step", "-o", "split_seed=3"]
    with pytest.raises(UsageError, match="'split_seed' is -1"):
        job.split_options(SimpleNamespace(dataset="digits", split="split_seed=-1"))


@pytest.mark.slow
def test_a_split_with_options_is_made(project: Path) -> None:
    split = "data/splits/digits/tau=0.02/imbalance=step+split_seed=3/manifest.json"
    done = snakemake(project, "--cores", "1", split, in_process=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert '"split_seed": 3' in (project / split).read_text()


def test_every_run_and_split_of_the_grid_is_a_wildcard() -> None:
    for name in table_names(here()):
        for run in grid.table(here(), name).runs:
            assert re.fullmatch(jobs.RUN, run.id)
            assert re.fullmatch(jobs.OPTIONS, run.split_folder.rsplit("/", 1)[-1])
    assert all(re.fullmatch(jobs.NAME, name) for name in dataset_entries(here()))


def rule_files() -> list[Path]:
    return [CHECKOUT / "Snakefile", *(CHECKOUT / "rules").glob("*.smk")]


def test_every_value_in_a_shell_line_is_quoted() -> None:
    text = "".join(path.read_text() for path in rule_files())
    shells = re.findall(r"shell:\n +(.*)\n", text)
    assert len(shells) == text.count("shell:")
    trained = [line for line in shells if line.startswith("jobs.train_command(")]
    assert len(trained) == 2
    shells += [re.sub(r"{{|}}", "", jobs.train_command("{params.runs:q}"))]  # doubled: the shell's
    for field in re.findall(r"\{([^}]+)\}", "".join(shells)):
        assert field.endswith(":q"), field


def test_rules_spell_no_path() -> None:
    """They are those of ncmc.paths, from which the commands take them too."""
    for path in rule_files():
        for text in re.findall(r'"([^"\n]*)"', re.sub(r'""".*?"""|#.*', "", path.read_text())):
            if not text.startswith(("rules/", "captions/", "ncmc ")):
                assert "/" not in text, (path.name, text)


def test_a_mistyped_setting_fails_in_planning(project: Path) -> None:
    done = snakemake(project, "-n", "smoke", "--config", "insits=true")
    assert done.returncode != 0
    assert "unknown key 'insits'. Did you mean 'insist'?" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_container_that_cannot_be_had_fails_in_planning(project: Path) -> None:
    done = snakemake(project, "smoke", "-n", "--sdm", "apptainer", "--config", "container=mine.sif")
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "the image mine.sif does not exist: build it (docs/container.md)" in told
    assert "Traceback" not in told
    assert "Building DAG" not in told


def test_a_table_with_a_hostile_name_fails_in_planning(project: Path) -> None:
    path = project / "papers" / "ncmc" / "smoke.yaml"
    path.write_text(path.read_text().replace("  smoke:", '  "x;touch PWNED":'))
    done = snakemake(project, "--cores", "1", "x;touch PWNED", in_process=True)
    assert done.returncode != 0
    assert "a table is called 'x;touch PWNED'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(project.rglob("PWNED*"))


def test_the_paper_grid_without_a_gpu_stops_before_anything_is_fetched(project: Path) -> None:
    done = snakemake(project, "--cores", "2", in_process=True, CUDA_VISIBLE_DEVICES="")
    assert done.returncode != 0
    assert "Missing: 492 of its 492 runs. A rough estimate" in done.stdout + done.stderr
    assert not (project / "data" / "raw").exists()


def test_every_rule_says_what_it_does(project: Path) -> None:
    lines = snakemake(project, "--list", "--quiet", "all").stdout.splitlines()
    told = [line for line in lines if line.split(" ")[0] in TARGETS]
    assert len(told) == len(TARGETS)
    assert all(re.fullmatch(r"\S+ \(.+\.\)", line) for line in told), told
