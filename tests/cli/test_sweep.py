"""`ncmc sweep`: from lists of values to a study, and from the docs alone to its table and verdicts."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import fakes
import pytest
import yaml
from conftest import CHECKOUT, here
from typer.testing import CliRunner

from cli.commands import sweep
from cli.main import app
from ncmc import paths
from ncmc.data import fetch
from ncmc.errors import UserError
from ncmc.forecast.cost import Speed
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.training import probe

DIGITS = ("--dataset", "digits", "--tau", "0.02", "--backbone", "resnet8", "--method", "CAL")
DOCS = (CHECKOUT / "docs" / "studies.md").read_text()


@pytest.fixture(autouse=True)
def unprobed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs as if a second an image were measured."""
    monkeypatch.setattr(probe, "probe", lambda *_: Speed(0.001, 0.0001, 1000, 1.0))


def ncmc(*arguments: str, code: int = 0) -> str:
    """One call in this process; what it printed."""
    done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})
    assert done.exit_code == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def blocks(language: str) -> list[str]:
    """The blocks of a language in docs/studies.md."""
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


def test_it_prints_the_entry_the_runs_and_their_cost_and_writes_nothing(configured: Path) -> None:
    before = (configured / "papers/ncmc/studies.yaml").read_bytes()
    shown = ncmc("sweep", *DIGITS, "-o", "f=5,10,20", "-o", "theta=0,0.2,pi/2", "--seeds", "2")
    text, _, rest = shown.partition("\n\n")
    assert yaml.safe_load(text)["tables"]["sweep_f_theta"]["axes"]["theta"] == [0, 0.2, "pi/2"]
    assert "9 cells, 2 seeds: 18 runs, 0 of them done" in rest
    assert "sweep_f_theta on " in rest
    assert (configured / "papers/ncmc/studies.yaml").read_bytes() == before
    assert not (configured / "results").exists()


def test_several_datasets_and_methods_are_axes_too(configured: Path) -> None:
    names = ("--dataset", "digits", "--backbone", "resnet8", "--method", "AL,CAL,CE")
    shown = ncmc("sweep", *names, "--tau", "0.02,0.1", "-o", "mixup=on,off", "--seeds", "1")
    assert "12 cells, 1 seed: 12 runs, 0 of them done" in shown


def test_runs_that_share_a_training_are_counted_once(configured: Path) -> None:
    names = ("--dataset", "digits", "--backbone", "resnet8", "--tau", "0.02")
    assert "2 runs (1 training), 0" in ncmc("sweep", *names, "--method", "CE,NCM", "--seeds", "1")


def test_a_study_is_called_by_what_is_swept(configured: Path) -> None:
    shown = ncmc("sweep", *DIGITS, "-o", "f=5,10", "-o", "prediction_bn=none")
    assert "      prediction_bn: [none]\n" in shown
    assert "sweep_f:" in shown


def test_saving_names_the_command_of_snakemake_and_again_changes_nothing(configured: Path) -> None:
    words = ("sweep", *DIGITS, "-o", "f=5,10", "--name", "mine", "--save")
    shown = ncmc(*words)
    assert "To make it: uv run snakemake --cores all mine" in shown
    assert "it needs a check: see docs/studies.md" in shown
    assert "mine" in table_names(here(), "reduced")
    before = (configured / "papers/ncmc/studies.yaml").read_bytes()
    assert "To make it: uv run snakemake --cores all mine" in ncmc(*words)
    assert (configured / "papers/ncmc/studies.yaml").read_bytes() == before


def test_without_the_data_it_says_once_which_command_brings_them(configured: Path) -> None:
    told = ncmc("sweep", *DIGITS, "-o", "f=5,10", "--run", code=1)
    assert told.count("ncmc fetch digits") == 1


@pytest.mark.slow  # trains six runs
def test_a_stranger_gets_table_and_verdicts_by_the_words_of_the_docs(workspace: Path) -> None:
    fetch, sweep = blocks("sh")[0].replace("\\\n", " ").strip().splitlines()
    assert fetch == "uv run ncmc fetch digits"
    entry, checks = blocks("yaml")
    file = workspace / "papers/ncmc/checks.yaml"
    file.write_text(file.read_text() + checks)
    before = (workspace / "papers/ncmc/studies.yaml").read_text()
    words = shlex.split(sweep.removeprefix("uv run ncmc "))

    shown = ncmc(*words)
    saved = (workspace / "papers/ncmc/studies.yaml").read_text()
    assert entry in saved
    assert saved.replace(entry, "") == before
    assert "6 cells, 2 seeds: 12 runs, 0 of them done" in shown
    assert set(re.findall(r"MY\d", shown)) == {"MY1", "MY2"}
    folder = workspace / "results/my_sweep"
    assert {f.name for f in folder.iterdir()} == {
        *("table.csv", "table.json", "table.md", "table.tex", "verdicts.json", "report.html")
    }
    cells = json.loads((folder / "table.json").read_text())["cells"]
    assert [cell["n"] for cell in cells] == [2] * 6
    verdicts = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    assert {v["id"]: v["status"] for v in verdicts}.keys() == {"MY1", "MY2"}
    assert "incomplete" not in {v["status"] for v in verdicts}

    again = ncmc(*words)  # nothing is left to train
    assert "12 runs, 12 of them done" in again
    assert "trained" not in again


def test_every_study_that_comes_with_it_is_in_the_docs() -> None:
    told = set(re.findall(r"`(study_\w+)`", DOCS))
    assert told == {name for name in table_names(here()) if name.startswith("study_")}


MINE = '''"""MINE: cross-entropy, in a file of one's own."""

from ncmc.methods import ce


class MINE(ce.CE):
    pass
'''


@pytest.fixture
def published(configured: Path, own_package: Path) -> Project:
    """A checkout with a method of its own, without results, in which the smoke table is published."""
    (own_package / "methods" / "mine.py").write_text(MINE)
    project = Project(configured)
    runs = configured / paths.PUBLISHED.format(tier="smoke") / paths.RUNS
    smoke = grid.table(project, "smoke").runs
    fakes.save(runs, *(fakes.record(run, 70.0 + run.seed, project=project) for run in smoke))
    return project


@pytest.mark.slow
def test_a_method_of_ones_own_gets_a_row_beside_a_published_table(
    published: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Run] = []

    def train_all(project: Project, runs: list[Run]) -> None:
        trained.extend(runs)
        fakes.save(published.root / paths.RUNS, *(fakes.record(run, 90.0) for run in runs))

    monkeypatch.setattr(sweep, "train_all", train_all)
    monkeypatch.setattr(fetch, "status", lambda *_: ("ready", ""))
    shown = ncmc("sweep", "--beside", "smoke", "--method", "mine", "-o", "lr=0.05", "--run")
    smoke = grid.table(here(), "smoke")
    assert {run.method for run in trained} == {"MINE"}
    assert [run.seed for run in trained] == list(range(smoke.seeds))
    assert f"{len(smoke.runs) + 5} runs, {len(smoke.runs)} of them done" in shown
    entries = yaml.safe_load((published.root / "config/lab.yaml").read_text())["tables"]
    own = entries["smoke_mine"]["axes"]["method"][-1]
    assert own == {"MINE": {"lr": 0.05, "label": "MINE (own)"}}
    folder = published.root / "results/smoke_mine"
    cells = json.loads((folder / "table.json").read_text())["cells"]
    assert {cell["n"] for cell in cells} == {5}
    assert "MINE (own)" in (folder / "table.md").read_text()
    assert "MINE (own)" in (folder / "report.html").read_text()

    ncmc("publish", "lab")  # what a pull request holds: the own records alone
    sent = published.root / paths.PUBLISHED.format(tier="lab")
    assert {path.parts[-4] for path in sent.rglob(paths.RECORD)} == {"MINE"}
    here_too = (fakes.record(run, 60.0, project=published) for run in smoke.runs)
    fakes.save(published.root / paths.RUNS, *here_too)
    ncmc("publish", "lab")  # the smoke table, made here too, is published elsewhere
    assert {path.parts[-4] for path in sent.rglob(paths.RECORD)} == {"MINE"}
    shown = (sent / "results/smoke_mine/table.md").read_text()
    assert "no record" not in shown
    assert (
        "| CAL, theta = 0 | 72.0" in shown
    )  # the mean of the published records, which are 70 to 74
    ncmc("publish", "lab", "--check")
    shutil.rmtree(published.root / paths.RUNS)
    assert json.loads(ncmc("table", "smoke_mine", "--json"))["cells"] == cells


def test_a_plan_beside_a_table_tells_ones_own_runs_and_how_to_train_them(
    published: Project,
) -> None:
    (cal,) = (published.root / paths.PUBLISHED.format(tier="smoke")).rglob("CAL")
    shutil.rmtree(cal)
    words = ("sweep", "--beside", "smoke", "--method", "mine")
    shown = ncmc(*words, "--save")
    assert "To train: 5 runs of your own, 10 of smoke that are not published yet" in shown
    assert "The images of digits are not here. ncmc fetch digits." in shown
    assert "To make it: the same command with --run" in shown
    assert "it needs a check: see docs/your-own.md" in shown


@pytest.mark.usefixtures("published")
def test_what_cannot_be_trained_leaves_no_entry(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (configured / "config/lab.yaml").read_bytes()
    words = ("sweep", "--beside", "laptop_methods", "--method")
    assert "strength" in ncmc(*words, "LA", "-o", "strength=-1", "--run", code=2)
    assert "tools/cifar10_binary.py official" in ncmc(*words, "mine", "--run", code=1)

    def fails(*_: object) -> None:
        raise UserError("1 of 5 runs failed")

    monkeypatch.setattr(fetch, "status", lambda *_: ("ready", ""))
    monkeypatch.setattr(sweep, "train_all", fails)
    ncmc("sweep", "--beside", "smoke", "--method", "mine", "--run", code=1)
    assert (configured / "config/lab.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tau", "0.1"], "--tau is the table's"),
        (["--seeds", "2"], "--seeds is the table's"),
        (["-o", "lr=0.1,0.2"], "takes one method and its options; lr has several"),
    ],
)
def test_what_the_table_decides_is_not_given_again(
    configured: Path, words: list[str], said: str
) -> None:
    assert said in ncmc("sweep", "--beside", "smoke", "--method", "CE", *words, code=2)


def test_without_a_table_beside_it_a_sweep_needs_its_axes(configured: Path) -> None:
    assert "--dataset, --backbone, --tau is missing" in ncmc("sweep", "--method", "CE", code=2)
