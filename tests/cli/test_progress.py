"""What is seen of a run while it is trained."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from cli.progress import Shown
from ncmc.plan.run import Run
from ncmc.results.record import Collapse, Epoch

RUN = Run("cifar100", 0.005, "resnet50", "CAL")
COLLAPSE = Collapse(
    nc_mean=0.1, nc_std=0.1, variability=0.2, variability_floor=None, class_cosine=0.3
)
ENTRY = Epoch(
    epoch=160, lr=0.1, loss=1.5, test_accuracy=85.5, test_accuracy_raw=85.0, collapse=COLLAPSE
)


def at_epoch_160(shown: Shown, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ncmc.training.progress_file.time.time", lambda: 1000.0)
    shown.open(RUN, folder / "progress.json")
    shown.start(RUN, 200, 97, 0, 0)
    monkeypatch.setattr("ncmc.training.progress_file.time.time", lambda: 9000.0)
    shown.epoch(ENTRY)
    shown.step(160, 97, 1.4321, 97 * 128 * 160)


def test_a_narrow_terminal_shows_accuracy_and_the_time_that_is_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True)
    with Live(console=console, auto_refresh=False) as live:
        at_epoch_160(Shown(stream, live), tmp_path, monkeypatch)
        live.refresh()
    last = [line for line in stream.getvalue().splitlines() if "epoch 160.0" in line][-1]
    assert "epoch 160.0/200, accuracy 85.50 %, 33 min 20 s left, loss 1.4321" in last


def test_the_first_line_counts_in_plain_english(tmp_path: Path) -> None:
    stream = io.StringIO()
    shown = Shown(stream)
    shown.open(RUN, tmp_path / "progress.json")
    shown.start(RUN, 1, 97, 0, 0)
    shown.start(RUN, 2, 1, 0, 0)
    assert stream.getvalue().splitlines() == [
        f"{RUN.id}: 1 epoch of 97 steps",
        f"{RUN.id}: 2 epochs of 1 step",
    ]
