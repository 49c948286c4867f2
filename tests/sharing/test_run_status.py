"""How far a grid is, from files alone: no process is asked, none is needed."""

import json
import time
from types import SimpleNamespace
from typing import Any

import fakes
import pytest
from calls import ncmc
from made_results import fill, smoke_runs

from cli.commands.status import lines
from ncmc import paths
from ncmc.plan.run import Run
from ncmc.project import Project
from ncmc.results.configuration import config_of
from ncmc.results.progress import NAME, Standing, write_progress
from ncmc.results.record import digest, path_of
from ncmc.sharing.run_status import SILENCE, Watcher


def stand(project: Project, run: Run, **changes: Any) -> None:
    """The progress file of a training: by default of now, half done in 100 seconds."""
    now = time.time()
    fields: dict[str, Any] = {
        "run": run.id,
        "state": "running",
        "at": now,
        "since": now - 100,
        "epochs": 200,
        "steps": 10,
        "first": 0,
        "done": 1000,
        "accuracy": 81.5,
    }
    standing = Standing(**(fields | changes))
    write_progress(standing, project.root / paths.CHECKPOINTS / run.id / NAME)


def state_of(project: Project, run: Run) -> tuple[str, str | None]:
    (one,) = Watcher(project).look([run])
    return one.state, one.why


def test_a_run_is_done_running_failed_stopped_damaged_outdated_or_waiting(here: Project) -> None:
    done, running, failed, stopped, damaged, edited, outdated, waiting = smoke_runs(here)[:8]
    fill(here, [done, edited])
    path = path_of(here, edited)
    path.write_text(path.read_text().replace('"last":7', '"last":6', 1))
    fakes.save(here.root / "results/runs", fakes.record(damaged, 70.0))
    path_of(here, damaged).write_text("{}")
    old = config_of(here, outdated)
    old["recipe"]["epochs"] = 7
    record = fakes.record(outdated, 70.0, config=old, config_hash=digest(old))
    fakes.save(here.root / "results/runs", record)
    stand(here, running)
    stand(here, failed, state="failed", why="loss is nan in epoch 3")
    stand(here, stopped, state="stopped")
    runs = [done, running, failed, stopped, damaged, edited, outdated, waiting]
    found = Watcher(here).look(runs)
    states = [one.state for one in found]
    assert states == [
        *("done", "running", "failed", "stopped"),
        *("damaged", "damaged", "outdated", "waiting"),
    ]
    assert found[1].epoch == 100
    assert found[1].seconds_left == pytest.approx(100, abs=1)
    assert found[2].why == "loss is nan in epoch 3"
    assert "is not a record of ncmc" in str(found[4].why)
    assert "its digest does not match" in str(found[5].why)
    assert "made with another configuration" in str(found[6].why)


def test_a_training_that_is_silent_for_long_is_stopped(here: Project) -> None:
    run = smoke_runs(here)[0]
    stand(here, run, at=time.time() - SILENCE + 60)
    assert state_of(here, run)[0] == "running"
    stand(here, run, at=time.time() - SILENCE - 1)
    state, why = state_of(here, run)
    assert (state, "the next start resumes" in str(why)) == ("stopped", True)


def test_a_run_that_is_trained_again_is_running_and_one_with_a_record_done(here: Project) -> None:
    run = smoke_runs(here)[0]
    fill(here, [run])
    stand(here, run)
    assert state_of(here, run)[0] == "running"
    stand(here, run, state="failed", why="loss is nan")
    assert state_of(here, run)[0] == "done"


def test_a_progress_file_of_an_earlier_version_is_read(here: Project) -> None:
    run = smoke_runs(here)[0]
    stand(here, run)
    path = here.root / paths.CHECKPOINTS / run.id / NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "node7", "pid": 12}))
    assert state_of(here, run)[0] == "running"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', "\0"])
def test_a_damaged_progress_file_says_nothing(here: Project, content: str) -> None:
    run = smoke_runs(here)[0]
    stand(here, run)
    (here.root / paths.CHECKPOINTS / run.id / NAME).write_text(content)
    assert state_of(here, run)[0] == "waiting"


def test_what_is_shown_can_be_filtered(here: Project) -> None:
    runs = smoke_runs(here)
    fill(here, [run for run in runs if run.method == "CE"])
    stand(here, runs[-1])
    shown = ncmc("status", "smoke").stdout
    assert "25 runs: 5 done, 1 running, 19 waiting" in shown
    assert f"\nrunning   {runs[-1].id}  epoch 100.0/200" in shown
    assert "5 runs: 5 done" in ncmc("status", "smoke", "--method", "ce").stdout
    _, *lines = ncmc("status", "smoke", "--status", "running").stdout.splitlines()
    assert [line.split()[1] for line in lines] == [runs[-1].id]
    assert ncmc("status", "smoke", "--status", "runing").exit_code == 2
    assert ncmc("status", "smoke", "--tau", "0.9").exit_code == 2
    assert ncmc("status", "nothing").exit_code == 2


def test_watching_ends_when_all_is_done(here: Project) -> None:
    fill(here, smoke_runs(here))
    done = ncmc("status", "smoke", "--watch")
    assert done.exit_code == 0
    assert "25 runs: 25 done" in done.stdout


def test_watching_looks_again_until_then(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = smoke_runs(here)
    fill(here, runs[:-1])
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        fill(here, runs[-1:])

    # not `time.sleep` itself, with which subprocess waits for git
    monkeypatch.setattr("cli.commands.status.time", SimpleNamespace(sleep=nap))
    done = ncmc("status", "smoke", "--watch")
    assert done.exit_code == 0
    assert len(naps) == 1
    assert done.stdout.splitlines() == [  # a log gets a line when it changes
        "25 runs: 24 done, 1 waiting; nothing is running",
        "25 runs: 25 done",
    ]


def test_a_terminal_gets_the_first_runs_of_a_state_and_a_pipe_all(here: Project) -> None:
    runs = smoke_runs(here)
    for run in runs[:20]:
        stand(here, run, state="failed", why="loss is nan")
    statuses = Watcher(here).look(runs)
    last = [line.plain for line in lines(statuses, [], 3)][-2:]
    assert last == [
        f"failed    {runs[2].id}  epoch 100.0/200  accuracy 81.50 %  loss is nan",
        "... and 17 more: ncmc status --status failed",
    ]
    assert len(ncmc("status", "smoke").stdout.splitlines()) == 21


def test_a_tier_is_all_of_its_tables(here: Project) -> None:
    runs = ncmc("list", "runs", "laptop").stdout.split()
    of_table = ncmc("list", "runs", "laptop_methods").stdout.split()
    assert set(of_table) < set(runs)
    assert ncmc("status", "laptop").stdout.startswith(f"{len(runs)} runs: ")
