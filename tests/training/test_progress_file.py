"""progress.json: what a training leaves for `ncmc status`, and that it changes nothing else."""

import json
from pathlib import Path

import pytest
from conftest import here
from watching import Watch, inputs_of, stop

from ncmc import paths
from ncmc.errors import UserError
from ncmc.plan.run import Run, make_run
from ncmc.results import progress
from ncmc.results.record import path_of
from ncmc.sharing.run_status import Watcher
from ncmc.system import files
from ncmc.system.signals import Interrupted
from ncmc.training import progress_file, train


def run() -> Run:
    return make_run("digits", 0.02, "resnet8", "CE", {"epochs": 2, "width": 4})


def file_of(workspace: Path) -> Path:
    return workspace / paths.CHECKPOINTS / run().id / progress.NAME


def test_a_training_says_where_it_is_and_leaves_no_file_when_it_is_done(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_file, "SECONDS", 0.0)
    seen = []
    watcher = Watcher(here())
    train.train(inputs_of(run()), Watch(8, lambda: seen.extend(watcher.look([run()]))))
    (one,) = seen
    assert (one.state, one.epochs) == ("running", 2)
    assert one.epoch == pytest.approx(7 / 6)  # the eighth step is told first, then written
    assert one.seconds_left is not None
    assert one.seconds_left >= 0
    assert not file_of(workspace).exists()
    assert watcher.look([run()])[0].state == "done"


def test_a_stopped_training_says_so_and_goes_on_to_the_same_record(workspace: Path) -> None:
    train.train(inputs_of(run()), Watch())
    whole = json.loads(path_of(here(), run()).read_text())["digest"]
    path_of(here(), run()).unlink()
    with pytest.raises(Interrupted):
        train.train(
            inputs_of(run()),
            Watch(8, stop),
            anew=True,
        )
    (one,) = Watcher(here()).look([run()])
    assert one.state == "stopped"
    assert one.epoch == pytest.approx(8 / 6)
    train.train(inputs_of(run()), Watch(), anew=True)
    assert json.loads(path_of(here(), run()).read_text())["digest"] == whole
    assert not file_of(workspace).exists()


def test_a_failed_training_says_why(workspace: Path) -> None:
    def fail() -> None:
        raise UserError("the images are gone")

    with pytest.raises(UserError, match="are gone"):
        train.train(inputs_of(run()), Watch(3, fail))
    (one,) = Watcher(here()).look([run()])
    assert (one.state, one.why) == ("failed", "the images are gone")


def test_a_disk_that_takes_no_progress_file_stops_no_training(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_atomic

    def full(path: Path, content: str | bytes) -> None:
        if path.name == progress.NAME:
            raise UserError("no space left")
        write(path, content)

    monkeypatch.setattr(files, "write_atomic", full)
    train.train(inputs_of(run()), Watch())
    assert path_of(here(), run()).exists()
