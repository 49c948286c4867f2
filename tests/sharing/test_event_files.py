"""Event files: what TensorBoard reads there is what the record says."""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_results import fill, ncmc, smoke_runs

from ncmc.project import Project
from ncmc.results.record import load_record, path_of
from ncmc.sharing.event_files import scalars


def events(file: Path) -> Iterator[Any]:
    """The events of a file: records of length, checksum, content, checksum (TFRecord)."""
    from tensorboardX.proto.event_pb2 import Event

    data = file.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        yield Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]


def test_event_files_hold_the_history_of_each_record(configured: Path, tmp_path: Path) -> None:
    project = Project(configured)
    runs = smoke_runs(project)[::6]
    fill(project, runs)
    done = ncmc("export", "smoke", "--tensorboard", tmp_path / "events")
    assert done.exit_code == 0
    assert f"event files of {len(runs)} runs" in done.stdout
    for run in runs:
        (file,) = (tmp_path / "events" / run.id).iterdir()
        read = {
            (value.tag, event.step): value.simple_value
            for event in events(file)
            for value in event.summary.value
        }
        history = load_record(path_of(project, run)).result.history
        wanted = {(tag, e.epoch): value for e in history for tag, value in scalars(e)}
        assert {tag for tag, _ in wanted} >= {"loss", "accuracy/test", "collapse/nc_mean"}
        assert len(read) == len(wanted)
        spelled = {(tag.replace(" ", "_"), step): v for (tag, step), v in wanted.items()}
        found = {(tag.replace(" ", "_"), step): v for (tag, step), v in read.items()}
        assert found == pytest.approx(spelled, rel=1e-6)


def test_a_folder_that_is_there_is_not_mixed_with_another(configured: Path, tmp_path: Path) -> None:
    fill(Project(configured), smoke_runs(Project(configured))[:1])
    (tmp_path / "file").write_text("x")
    done = ncmc("export", "smoke", "--tensorboard", tmp_path)
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert ncmc("export", "--tensorboard", "a", "--to", "b.zip").exit_code == 2


def test_without_the_library_it_says_what_to_install(
    configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(Project(configured), smoke_runs(Project(configured))[:1])
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    done = ncmc("export", "smoke", "--tensorboard", tmp_path / "events")
    assert done.exit_code == 1
    assert "uv pip install tensorboardX" in done.stderr
    assert not (tmp_path / "events").exists()
