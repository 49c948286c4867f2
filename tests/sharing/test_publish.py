"""What is published follows from its records, byte for byte, and no published result is lost."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import fakes
import pytest
from made_results import files_below, fill, ncmc, smoke_runs

from ncmc.errors import BusyError, UsageError, UserError
from ncmc.project import Project
from ncmc.sharing import folders
from ncmc.sharing.merge import merge
from ncmc.sharing.publish import differing, folder_of, publish

FEW = 4  # runs with a record: figures of all would take long


@pytest.fixture
def published(here: Project) -> Path:
    fill(here, smoke_runs(here)[:FEW])
    folder, n = publish(here, "smoke")
    assert n == FEW
    return folder


def test_every_file_follows_from_the_records(here: Project, published: Path) -> None:
    names = set(files_below(published))
    assert {"results/board.md", "results/board.json", "results/report.html"} <= names
    assert {"manifest.json", "results/smoke/table.md"} <= names
    assert not [name for name in names if name.endswith((".csv", ".tex", ".svg", "verdicts.json"))]
    assert differing(here, "smoke") == []


def test_a_picture_is_kept_where_a_document_shows_it(here: Project) -> None:
    fill(here, smoke_runs(here)[:FEW])
    shown = "results/smoke/figures/accuracy.svg"
    (here.root / "README.md").write_text(f"![](results/published/smoke/{shown})\n")
    folder, _ = publish(here, "smoke")
    assert [name for name in files_below(folder) if name.endswith(".svg")] == [shown]
    assert differing(here, "smoke") == []


@pytest.mark.slow
def test_one_command_makes_all_the_rest_the_same_bytes_each_time(
    here: Project, published: Path, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        assert ncmc("publish", "smoke", "--whole", str(tmp_path / name)).exit_code == 0
    first, second = files_below(tmp_path / "first"), files_below(tmp_path / "second")
    assert first == second
    assert {"results/smoke/table.csv", "results/smoke/verdicts.json"} <= first.keys()
    assert "results/smoke/figures/accuracy.svg" in first
    kept = {name: data for name, data in files_below(published).items() if name != "manifest.json"}
    assert kept.items() <= first.items()


@pytest.mark.parametrize("name", ["results/board.md", "results/smoke/table.md", "manifest.json"])
def test_an_edited_file_is_named(here: Project, published: Path, name: str) -> None:
    path = published / name
    path.write_text(path.read_text() + " ")
    assert differing(here, "smoke") == [name]
    (published / "results" / "extra.txt").write_text("x")
    done = ncmc("publish", "smoke", "--check")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == sorted([f"differs: {name}", "differs: results/extra.txt"])


def test_what_comes_later_is_added(here: Project, published: Path) -> None:
    before = files_below(published / "results" / "runs")
    for path in (here.root / "results" / "runs").rglob("record.json"):
        path.unlink()
    fill(here, smoke_runs(here)[FEW : FEW + 1])
    assert publish(here, "smoke")[1] == FEW + 1
    after = files_below(published / "results" / "runs")
    assert before.items() < after.items()


def test_another_result_of_a_published_run_changes_nothing(here: Project, published: Path) -> None:
    before = files_below(published)
    run = smoke_runs(here)[0]
    fakes.save(here.root / "results" / "runs", fakes.record(run, 12.0))
    with pytest.raises(UserError, match=r"is published with another result.*ncmc compare"):
        publish(here, "smoke")
    assert files_below(published) == before


def test_an_import_takes_it(here: Project, other: Project, published: Path) -> None:
    assert len(merge(other, published).new) == FEW


def test_what_is_not_there_is_said(here: Project) -> None:
    with pytest.raises(UsageError, match=r"'smok'.*smoke"):
        folder_of(here, "smok")
    with pytest.raises(UserError, match="not published"):
        differing(here, "smoke")
    with pytest.raises(UserError, match="there is nothing to publish"):
        publish(here, "smoke")


def test_line_ends_that_git_changed_are_told(
    here: Project, other: Project, published: Path
) -> None:
    path = published / "manifest.json"
    split = next(published.rglob("record.json"))
    split.write_bytes(split.read_bytes().replace(b"\n", b"\r\n"))
    assert path.exists()
    with pytest.raises(UserError, match=r"other line ends.*core.autocrlf=false"):
        merge(other, published)


# --- interrupted at any place ------------------------------------------------------------------

OLD, NEW = {"a": b"old", "b/c": b"old"}, {"a": b"new", "d": b"new"}
STEPS = ("os.fsync", "pathlib.Path.rename", "pathlib.Path.open", "shutil.rmtree")


def publish_anew(folder: Path) -> None:
    with folders.exclusive(folder):
        folders.replace_folder(folder, NEW)


@pytest.fixture(params=["one step", "two steps"])
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published folder, on a system with and without renames that exchange."""
    if request.param == "two steps":
        monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    with folders.exclusive(tmp_path / "tier"):
        folders.replace_folder(tmp_path / "tier", OLD)
    return tmp_path / "tier"


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("step", STEPS)
def test_an_interrupt_leaves_the_old_or_the_new(
    old: Path, monkeypatch: pytest.MonkeyPatch, step: str, place: int
) -> None:
    """Ctrl-C before and after each system call that changes something."""
    real, calls = getattr(*_owner(step)), iter(range(1000))

    def interrupted(*args: Any, **options: Any) -> Any:
        number = next(calls)
        if number == place // 2 and place % 2 == 0:
            raise KeyboardInterrupt
        done = real(*args, **options)
        if number == place // 2:
            raise KeyboardInterrupt
        return done

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(step, interrupted)
        publish_anew(old)
    assert files_below(old) in (OLD, NEW)
    publish_anew(old)
    assert files_below(old) == NEW
    assert sorted(path.name for path in old.parent.iterdir()) in (["tier"], [".tier.lock", "tier"])


def _owner(step: str) -> tuple[Any, str]:
    module, _, name = step.rpartition(".")
    return {"os": os, "shutil": shutil, "pathlib.Path": Path}[module], name


def test_what_a_kill_left_between_two_renames_is_mended(old: Path) -> None:
    (old.parent / ".tier.new").mkdir()
    old.rename(old.parent / ".tier.new" / "old")
    with folders.exclusive(old):
        assert files_below(old) == OLD


def test_two_at_once_do_not_meet(old: Path) -> None:
    with folders.exclusive(old), pytest.raises(BusyError, match="another process writes"):
        publish_anew(old)
    assert files_below(old) == OLD
