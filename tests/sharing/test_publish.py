"""What is published follows from its records, byte for byte, and no published result is lost."""

import shutil
from contextlib import suppress
from pathlib import Path

import fakes
import pytest
from calls import ncmc
from made_results import files_below, fill, project_at, smoke_runs

from ncmc.errors import UsageError, UserError
from ncmc.project import Project
from ncmc.sharing.import_ import merge
from ncmc.sharing.publish import differing, folder_of, publish
from ncmc.system import files

FEW = 4  # runs with a record: figures of all would take long


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose smoke table is published; not to be written to."""
    project = project_at(tmp_path_factory.mktemp("published"))
    fill(project, smoke_runs(project)[:FEW])
    assert publish(project, "smoke")[1] == FEW
    return project.root


@pytest.fixture
def published(here: Project, published_once: Path) -> Path:
    shutil.copytree(published_once, here.root, dirs_exist_ok=True)
    return folder_of(here, "smoke")


def test_every_file_follows_from_the_records(here: Project, published: Path) -> None:
    names = set(files_below(published))
    assert {"results/board.md", "results/board.json", "results/report.html"} <= names
    assert {"manifest.json", "results/smoke/table.md"} <= names
    assert not [name for name in names if name.endswith((".csv", ".tex", ".svg", "verdicts.json"))]
    assert differing(here, "smoke") == []


def test_a_picture_is_kept_where_a_document_shows_it(here: Project) -> None:
    fill(here, smoke_runs(here)[:10])  # of two methods
    shown = "results/smoke/figures/accuracy.svg"
    (here.root / "README.md").write_text(f"![](results/published/smoke/{shown})\n")
    folder, _ = publish(here, "smoke")
    assert [name for name in files_below(folder) if name.endswith(".svg")] == [shown]
    assert differing(here, "smoke") == []


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


@pytest.mark.parametrize("written", [0, 7])
def test_an_interrupted_call_loses_no_record_and_the_next_one_mends_it(
    here: Project, published: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    before = files_below(published / "results" / "runs")
    fill(here, smoke_runs(here)[FEW : FEW + 2])
    write, calls = files.write_atomic, iter(range(1000))

    def stops(path: Path, content: str | bytes) -> None:
        if path.is_relative_to(published) and next(calls) == written:
            raise KeyboardInterrupt
        write(path, content)

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(files, "write_atomic", stops)
        publish(here, "smoke")
    assert before.items() <= files_below(published / "results" / "runs").items()
    assert publish(here, "smoke")[1] == FEW + 2
    assert differing(here, "smoke") == []
