"""The command line, as its users meet it: help, exit codes, errors, JSON."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import pytest
from calls import ncmc
from conftest import CHECKOUT, here
from typer.testing import CliRunner

from cli.main import app
from ncmc import paths
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names_in
from ncmc.plan.run import make_run, parse_run_id
from ncmc.results.record import load_record, path_of

RUN = "digits/tau=0.02/resnet8/CAL/epochs=2+f=3+width=4/seed=0"
COMMANDS = (
    "list", "table", "verify", "explain", "figures", "report", "doctor", "plan", "fetch", "split",
    "train", "evaluate", "theory", "check", "sweep", "export", "import", "compare", "status", "publish",
)  # fmt: skip


def test_help_names_every_command_and_imports_neither_torch_nor_the_grid() -> None:
    code = (
        "import sys; from cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print('HEAVY', [m for m in ('torch', 'pydantic', 'matplotlib', 'scipy', 'numpy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in COMMANDS)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_in_its_help(command: str) -> None:
    shown = ncmc(command, "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.stdout
    assert f"ncmc {command}" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["train", "digits/tau=2/resnet8/CE/default/seed=0"], "tau is 2; allowed"),
        (["train", "digits/tau=0.1/resnet8/CALL/default/seed=0"], "Did you mean 'CAL'"),
        (["train", "--dataset", "digits"], "a run needs --tau, --backbone, --method"),
        (["train", RUN, "--tau", "0.1"], "by its id or by its parts, not by both"),
        (["train", RUN, "-o", "f"], "'f' is not KEY=VALUE"),
        (["train", RUN, "-o", "epochs=0"], "'epochs' is 0"),
        (["split", "mnist", "--tau", "0.1"], "unknown dataset 'mnist'"),
        (["split", "digits", "--tau", "0"], "tau is 0"),
        (["fetch"], "Missing argument"),
        (["table", "table9"], "unknown table 'table9'"),
        (["verify", "table9"], "unknown table 'table9'"),
        (["verify", "claim"], "Did you mean 'claims'?"),
        (["report", "al"], "Did you mean 'all'?"),
        (["report", "table9"], "unknown table 'table9'"),
        (["list", "things"], "unknown kind 'things'"),
        (["doctor", "--cost", "table9"], "unknown table 'table9'"),
        (["train", RUN, "-o", "f=2", "--assume", "A18=20"], "f is given by -o and by --assume A18"),
        (
            ["train", RUN.replace("f=3+", "").replace("CAL", "CE"), "--assume", "A14=none"],
            "only wi",
        ),
        (["split", "digits", "--tau", "0.1", "-o", "warmup_epochs=0"], "a split 'warmup_epochs'"),
        (["train", RUN, "-o", "mean=0.5"], "'mean' is 0.5: a list is needed"),
        (["train", RUN, "-o", "threads=100000"], "'threads' is 100000"),
    ],
)
def test_wrong_usage_is_told_on_stderr_with_exit_code_2(arguments: list[str], what: str) -> None:
    done = ncmc(*arguments)
    assert done.exit_code == 2
    assert what in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def with_option(option: str) -> str:
    return RUN.replace("f=3,", f"f=3,{option},") if option[0] != "f" else RUN.replace("f=3", option)


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (RUN.replace("f=3", "f=0"), "f is 0"),
        (RUN.replace("f=3", "f=3,theta=1.6"), "theta is 1.6"),
        (RUN.replace("f=3", "f=3,theta=-0.1"), "theta is -0.1"),
        (RUN.replace("f=3", "f=30,linear=never"), "300"),
        (RUN.replace("f=3", "f=1000000000"), "allowed: 16 GB"),
        (RUN.replace("epochs=2", "epochs=2,lr=inf"), "'lr' is 'inf'"),
        (RUN.replace("f=3", "f=3,foo=1"), "unknown option of resnet8 with CAL 'foo'"),
    ],
)
def test_a_model_that_cannot_be_built_is_told_with_exit_code_2(
    workspace: Path, run: str, what: str
) -> None:
    done = ncmc("train", run)
    assert (done.exit_code, done.stdout) == (2, "")
    assert what in done.stderr
    assert not list(workspace.glob("results/runs/**/*.json"))


def test_a_run_is_trained_once_and_its_record_read_after_that(workspace: Path) -> None:
    first = ncmc("train", RUN)
    assert first.exit_code == 0, first.stderr
    path = path_of(here(), parse_run_id(here(), RUN))
    record = load_record(path)
    accuracy = record.result.accuracy
    assert f"accuracy {accuracy.last:.2f} % (best {accuracy.best:.2f} %" in first.stdout
    assert str(path) in first.stdout
    assert "2 epochs of 6 steps" in first.stderr
    again = ncmc("train", RUN)
    assert "already trained" in again.stdout
    assert load_record(path).made.at == record.made.at
    assert ncmc("evaluate", RUN).exit_code == 0


def test_waiting_for_another_process_takes_its_record(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.training.SECONDS_BETWEEN_TRIES", 0.1)
    folder = workspace / paths.CHECKPOINTS / RUN
    folder.mkdir(parents=True)
    lock = filelock.FileLock(folder / "lock", thread_local=False)  # the timer's thread lets it go
    with lock:
        assert "another process is training" in ncmc("train", RUN).stderr
    lock.acquire()
    threading.Timer(0.5, lock.release).start()
    done = ncmc("train", RUN, "--wait")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count("another process is training it; waiting") == 1


def test_an_assumption_is_switched_as_by_its_option(workspace: Path) -> None:
    plain = RUN.replace("width=4", "prediction_bn=none+width=4")
    assert ncmc("train", RUN, "--assume", "A14=none").stdout.startswith(f"{plain}: trained")
    record = load_record(path_of(here(), parse_run_id(here(), plain)))
    assert record.assumptions["A14"] == "none"
    assert "already trained" in ncmc("train", RUN, "-o", "prediction_bn=none").stdout
    assert plain in ncmc("evaluate", plain).stdout


def test_the_cost_of_a_switched_table_is_that_of_its_own_runs(workspace: Path) -> None:
    finished = path_of(here(), make_run("digits", 0.02, "resnet8", "CE"))
    finished.parent.mkdir(parents=True)
    finished.touch()
    shown = ncmc("doctor", "--cost", "smoke+A9=CE-FROZEN").stdout
    assert shown.startswith("smoke+A9=CE-FROZEN on ")
    assert ": 25 runs, about " in " ".join(shown.split())
    assert "done already" not in shown


def test_data_that_is_not_there_is_told_with_the_command(workspace: Path) -> None:
    done = ncmc("train", "cifar10/tau=0.01/resnet20/CE/default/seed=0")
    assert done.exit_code == 1
    assert "Run `ncmc fetch cifar10`" in done.stderr


def test_a_run_made_with_another_configuration_is_not_overwritten(workspace: Path) -> None:
    assert ncmc("train", RUN).exit_code == 0
    path = workspace / "config" / "train.yaml"
    path.write_text(path.read_text().replace("batch_size: {value: 64", "batch_size: {value: 32"))
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "train", RUN],
        env=os.environ | {"NCMC_ROOT": str(workspace)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "recipe.batch_size: 64 then, 32 now" in done.stderr


def test_verify_says_incomplete_with_exit_code_3(workspace: Path) -> None:
    done = ncmc("verify", "smoke")
    assert done.exit_code == 3
    assert "snakemake --cores all smoke" in done.stdout.replace("\n", " ")
    assert json.loads((workspace / "results/smoke/verdicts.json").read_text())["exit_code"] == 3


def test_a_damaged_record_is_told_and_the_others_are_shown(workspace: Path) -> None:
    path = path_of(here(), make_run("digits", 0.02, "resnet8", "CE"))
    path.parent.mkdir(parents=True)
    path.write_text('{"schema": 1, "digest"')
    for command in ("table", "verify"):
        done = ncmc(command, "smoke")
        assert done.exit_code == 3, command
        assert "truncated, or not ours" in done.stdout
        assert "SETF" in done.stdout


@pytest.mark.parametrize(
    "kind", ["datasets", "methods", "backbones", "tables", "claims", "assumptions"]
)
def test_every_kind_is_listed_for_people_and_for_programs(kind: str) -> None:
    rows = json.loads(ncmc("list", kind, "--json").stdout)
    assert rows
    assert str(next(iter(rows[0].values()))) in ncmc("list", kind).stdout


def test_a_split_shows_its_counts(workspace: Path) -> None:
    shown = ncmc("split", "digits", "--tau", "0.1").stdout
    assert shown.startswith("digits, tau 0.1: ")
    assert {"  0: 128", "  9: 12"} <= set(shown.splitlines())


def doctor_rows() -> dict[str, list[str]]:
    """The rows of `ncmc doctor` on a wide terminal, by what they are about."""
    done = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "250"})
    rows = [line.strip("│").split("│") for line in done.stdout.splitlines() if "│" in line]
    return {row[1].strip(): [cell.strip() for cell in row] for row in rows}


def test_doctor_says_what_data_is_here_and_fetches_nothing(workspace: Path) -> None:
    rows = doctor_rows()
    assert (rows["data: cifar10"][2], rows["data: digits"][2]) == ("missing", "ready")
    assert not (workspace / "data" / "raw" / "cifar10").exists()


def test_the_paper_grid_without_a_gpu_stops_at_once_with_a_rough_cost(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ncmc.training import probe

    def no_probe(*_: object) -> None:
        raise AssertionError("the gate measures nothing")

    monkeypatch.setattr(probe, "probe", no_probe)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    finished = path_of(here(), make_run("cifar10", 0.01, "resnet50", "CE"))
    finished.parent.mkdir(parents=True)
    finished.touch()
    done = ncmc("doctor", "--gate")
    assert done.exit_code == 1
    for said in (
        "planned for a GPU, and this machine has none",
        "Missing: 491 of its 492 runs. A rough estimate",
        "GB of disk.",
        "ncmc doctor --cost all",
        "snakemake --cores all smoke",
        "--config insist=true",
    ):
        assert said in done.stderr, said
    monkeypatch.setattr("cli.commands.doctor.hardware.gpu_count", lambda: 1)
    monkeypatch.setattr("cli.commands.doctor.hardware.gpu_fault", lambda: None)
    assert ncmc("doctor", "--gate").exit_code == 0


@pytest.mark.parametrize("program", ["apptainer", "singularity"])
def test_doctor_takes_either_program_for_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    from cli.commands import doctor

    (tmp_path / program).write_text("#!/bin/sh\n")
    (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {line.what: line for line in doctor._programs()}
    assert found[program].found == str(tmp_path / program)
    assert len({"apptainer", "singularity"} & set(found)) == 1


def test_the_cost_of_a_table_is_measured_here(workspace: Path) -> None:
    shown = " ".join(ncmc("doctor", "--cost", "smoke").stdout.split())
    assert re.match(r"smoke on .+: 25 runs, about \d+ (s|min)\b.* one after the other", shown)


def test_the_cost_of_a_tier_is_that_of_each_of_its_runs_once(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ncmc.forecast.cost import Speed
    from ncmc.training import probe

    monkeypatch.setattr(probe, "probe", lambda *_: Speed(0.001, 0.0001, 1000, 1.0))
    names = table_names_in(here(), "laptop.yaml")
    runs = {run for name in names for run in grid.table(here(), name).runs}
    shown = " ".join(ncmc("doctor", "--cost", "laptop").stdout.split())
    assert shown.startswith("laptop on ")
    assert f": {len(runs):,} runs, about " in shown


@pytest.mark.parametrize(
    ("share", "said"), [(0.5, "the probe had 50% of its threads' time"), (0.9, "factor of 1.5")]
)
def test_a_cost_measured_on_a_busy_machine_says_so(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, share: float, said: str
) -> None:
    from ncmc.forecast.cost import Speed
    from ncmc.training import probe

    monkeypatch.setattr(probe, "probe", lambda *_: Speed(0.001, 0.0001, 1000, share))
    told = " ".join(ncmc("doctor", "--cost", "smoke").stdout.split())
    assert said in told


def test_doctor_shows_a_gpu_that_is_of_no_use(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ncmc.system import hardware

    monkeypatch.setattr(hardware, "gpu_count", lambda: 2)
    for why, good in ((None, True), ("no driver", False)):
        monkeypatch.setattr(hardware, "gpu_fault", lambda why=why: why)
        mark, _, found, _ = doctor_rows()["GPU"]
        assert mark == ("✓" if good else "✗")
        assert found == ("2 found" if good else "2 found, but not usable: no driver")


def test_outside_a_project_the_error_says_where_to_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "list", "tables"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Start ncmc inside its checkout, or set NCMC_ROOT" in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tabel", "Did you mean 'table'? Allowed: check, compare, "),
        ("a-b", "unknown command 'a-b'. Allowed: "),
    ],
)
def test_an_unknown_command_is_told_with_those_that_exist(name: str, said: str) -> None:
    done = ncmc(name, "digits")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
