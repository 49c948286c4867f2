"""What is seen of a run while it is trained."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.progress import Activity, Shown, working
from ncmc.plan.run import Run
from ncmc.results.record import Collapse, Epoch

RUN = Run("cifar100", 0.005, "resnet50", "CAL")
COLLAPSE = Collapse(
    nc_mean=0.1, nc_std=0.1, variability=0.2, variability_floor=None, class_cosine=0.3
)
ENTRY = Epoch(
    epoch=160, lr=0.1, loss=1.5, test_accuracy=85.5, test_accuracy_raw=85.0, collapse=COLLAPSE
)


def test_a_narrow_terminal_shows_accuracy_and_the_time_that_is_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = Console(file=io.StringIO(), width=80, force_terminal=True)
    shown = Shown(Activity(out))
    monkeypatch.setattr("ncmc.training.progress_file.time.time", lambda: 1000.0)
    shown.open(RUN, tmp_path / "progress.json")
    shown.start(RUN, 200, 97, 0, 0)
    monkeypatch.setattr("ncmc.training.progress_file.time.time", lambda: 9000.0)
    shown.epoch(ENTRY)
    shown.step(160, 97, 1.4321, 97 * 128 * 160)
    with out.capture() as drawn:
        out.print(shown.activity.sign)
    assert "epoch 160.0/200, accuracy 85.50 %, 33 min 20 s left, loss 1.4321" in drawn.get()


def test_a_log_gets_the_first_line_and_then_one_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with working("a run") as activity:
        shown = Shown(activity)
        shown.open(RUN, tmp_path / "progress.json")
        shown.start(RUN, 1, 97, 0, 0)
        shown.start(RUN, 2, 1, 0, 0)
        shown.step(1, 1, 1.5, 128)
        activity.logged -= 30
        shown.step(2, 1, 1.4, 128)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == ["ncmc: a run ...", "1 epoch of 97 steps", "2 epochs of 1 step"]
    assert [line[:17] for line in lines[3:]] == ["ncmc: epoch 2.0/2"]
