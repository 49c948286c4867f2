"""Several runs in one command: one start of torch, and each run as if it were alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, here
from typer.testing import CliRunner

from cli.main import app
from ncmc.data import datasets
from ncmc.plan.run import Run, make_run
from ncmc.results.record import Record, load_record, path_of
from ncmc.training import session, train
from ncmc.training.run_inputs import RunInputs


def tiny(seed: int, method: str = "CE", **options: float) -> Run:
    chosen = {"epochs": 2, "width": 4, **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, seed)


RUNS = [tiny(0), tiny(1), tiny(0, "SETF"), tiny(0, "CAL", f=3)]


def command(*runs: Run, **places: Path) -> list[str]:
    options = [word for name, place in places.items() for word in (f"--{name}", str(place))]
    return ["train", *(run.id for run in runs), *options]


def record(run: Run, place: Path | None = None) -> Record:
    return load_record(path_of(here(), run, place))


def environment(root: Path) -> dict[str, str]:
    return os.environ | {"NCMC_ROOT": str(root), "PYTHONPATH": str(CHECKOUT)}


@pytest.mark.slow
def test_runs_in_one_process_have_the_records_of_runs_alone(workspace: Path) -> None:
    together = CliRunner().invoke(app, command(*RUNS, results=workspace / "together"))
    assert together.exit_code == 0, together.output
    for run in RUNS[1::2]:  # the second, and the last after two other methods
        alone = [sys.executable, "-m", "cli.main", *command(run, results=workspace / "alone")]
        subprocess.run(alone, env=environment(workspace), check=True, capture_output=True)
        ours, theirs = (record(run, workspace / place) for place in ("together", "alone"))
        assert ours.digest == theirs.digest


def test_a_run_that_fails_does_not_stop_the_others(workspace: Path) -> None:
    failing = tiny(0, lr=1e6, warmup_epochs=0)
    done = CliRunner().invoke(app, command(RUNS[0], failing, RUNS[1]))
    assert done.exit_code == 1
    assert f"ncmc: {failing.id}: loss is nan" in done.stderr
    assert "1 of 3 runs failed" in done.stderr
    assert record(RUNS[0]).run == RUNS[0]
    assert record(RUNS[1]).run == RUNS[1]
    assert not path_of(here(), failing).exists()


FAULTS = {
    "raises": ("labels.no_such_name", "ncmc/methods/mine.py, line 8: AttributeError: "),
    "constant": ("self.linear.weight.mean()", "no gradient reaches the backbone in epoch 1 of "),
}


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_loss_of_ones_own_that_is_wrong_ends_in_a_sentence(own_package: Path, fault: str) -> None:
    returned, said = FAULTS[fault]
    (own_package / "methods" / "mine.py").write_text(
        '"""MINE: a loss."""\n\nfrom ncmc.methods import ce\n\n\nclass MINE(ce.CE):\n'
        f"    def criterion(self, h, labels):\n        return {returned}\n"
    )
    done = CliRunner().invoke(app, command(tiny(0, "MINE")))
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    *_, told = [line for line in done.stderr.splitlines() if line.startswith("ncmc: ")]
    assert told.startswith(f"ncmc: {said}")
    assert "`ncmc check method MINE`" in told


def test_a_run_that_has_its_record_is_skipped(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CliRunner().invoke(app, command(RUNS[0]))
    prepared: list[Run] = []

    def counted(inputs: RunInputs, device: str | None) -> Any:
        prepared.append(inputs.run)
        return session.prepare(inputs, device)

    monkeypatch.setattr(train, "prepare", counted)
    done = CliRunner().invoke(app, command(RUNS[0], RUNS[1], RUNS[1]))
    assert prepared == [RUNS[1]]
    assert f"{RUNS[0].id}: already trained" in done.stdout
    assert done.stdout.count(f"{RUNS[1].id}: trained") == 1


@pytest.mark.slow
def test_a_signal_stops_all_runs_and_the_next_command_goes_on(workspace: Path) -> None:
    runs = [tiny(0), tiny(1, epochs=2000), tiny(2)]
    program = [sys.executable, "-m", "cli.main", *command(*runs)]
    process = subprocess.Popen(
        program, env=environment(workspace), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b"2,000 epochs of" in line:  # it has begun
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM
    assert record(runs[0]).run == runs[0]
    assert (workspace / "ckpt" / runs[1].id / "checkpoint.pt").exists()
    assert not path_of(here(), runs[2]).exists()


def test_a_lost_record_is_made_again_from_its_model(workspace: Path) -> None:
    CliRunner().invoke(app, command(RUNS[0]))
    first = record(RUNS[0])
    path_of(here(), RUNS[0]).unlink()
    done = CliRunner().invoke(app, command(RUNS[0]))
    assert "its record is made again from its model" in done.stderr
    assert "6 steps" not in done.stderr  # it was not trained
    assert record(RUNS[0]).digest == first.digest
    assert record(RUNS[0]).made.seconds == first.made.seconds


def test_a_comment_costs_no_training_and_a_statement_does(workspace: Path, package: Path) -> None:
    CliRunner().invoke(app, command(RUNS[0]))
    for file, text, trained in (
        ("training/optimiser.py", "\n# says more\n", False),
        ("data/raw.py", "\nA_NUMBER = 3\n", False),
        ("training/optimiser.py", "\nA_NUMBER = 3\n", True),
    ):
        path_of(here(), RUNS[0]).unlink()
        with (package / file).open("a") as lines:
            lines.write(text)
        done = CliRunner().invoke(app, command(RUNS[0]))
        assert ("2 epochs of 6 steps" in done.stderr) is trained, file


def test_force_trains_again(workspace: Path) -> None:
    CliRunner().invoke(app, command(RUNS[0]))
    done = CliRunner().invoke(app, [*command(RUNS[0]), "--force"])
    assert "2 epochs of 6 steps" in done.stderr


def test_a_run_opens_its_data_once(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[str] = []
    real = datasets.load

    def counted(project: object, name: str, part: str) -> datasets.Images:
        parts.append(part)
        return real(here(), name, part)

    monkeypatch.setattr(datasets, "load", counted)
    assert CliRunner().invoke(app, command(RUNS[0])).exit_code == 0
    assert sorted(parts) == ["test", "train"]


@pytest.mark.slow
def test_training_on_a_cpu_imports_neither_a_compiler_nor_what_reads_tables(
    workspace: Path,
) -> None:
    """torch._dynamo and sympy take as long to import as a small run to train."""
    unneeded = {"torch._dynamo", "sympy", "ncmc.results.cells", "scipy"}
    code = (
        "import json, sys; from cli.main import app; app(sys.argv[1:], standalone_mode=False); "
        f"print(json.dumps(sorted({unneeded} & sys.modules.keys())))"
    )
    program = [sys.executable, "-c", code, *command(RUNS[0])]
    done = subprocess.run(
        program, env=environment(workspace), check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
