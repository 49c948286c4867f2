"""A project is found from where one stands; what it read stays with it, and with it alone."""

from pathlib import Path

import pytest
from conftest import copy_project

from ncmc.errors import UsageError
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import make_run
from ncmc.project import Project
from ncmc.verdicts import judge


@pytest.fixture
def two(tmp_path: Path) -> tuple[Project, Project]:
    """Two projects; the second calls its smoke table otherwise."""
    for name in ("first", "second"):
        copy_project(tmp_path / name)
    smoke = tmp_path / "second" / "papers" / "ncmc" / "smoke.yaml"
    smoke.write_text(smoke.read_text().replace("Smoke run: long-tailed digits", "Another title"))
    return Project(tmp_path / "first"), Project(tmp_path / "second")


def test_two_projects_are_open_in_one_process(two: tuple[Project, Project]) -> None:
    first, second = two
    titles = [grid.table(project, "smoke").title for project in (first, second, first)]
    assert titles == ["Smoke run: long-tailed digits", "Another title", titles[0]]
    statuses = {v.status for project in two for v in judge.verify("smoke", project=project)}
    assert statuses == {"incomplete"}


def test_a_file_is_read_once_for_a_project(two: tuple[Project, Project]) -> None:
    project = two[0]
    assert grid.table(project, "smoke") is grid.table(project, "smoke")
    project.config("smoke.yaml").unlink()
    assert "smoke" in table_names(project)


def test_what_could_not_be_read_is_read_again(two: tuple[Project, Project]) -> None:
    project, path = two[0], two[0].config("smoke.yaml")
    good = path.read_text()
    path.write_text("tables: [")
    with pytest.raises(UsageError, match="not valid YAML"):
        table_names(project)
    path.write_text(good)
    assert "smoke" in table_names(project)


def test_the_project_is_that_of_a_folder_above_or_of_the_environment(
    two: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    monkeypatch.delenv("NCMC_ROOT", raising=False)
    monkeypatch.chdir(first.config(""))
    assert Project.find().root == first.root
    monkeypatch.setenv("NCMC_ROOT", str(second.root))
    assert Project.find().root == second.root


def test_a_function_for_labs_finds_the_project_itself(
    two: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NCMC_ROOT", raising=False)
    monkeypatch.chdir(two[0].root)
    assert make_run("digits", 0.02, "resnet8", "CE") == make_run(
        "digits", 0.02, "resnet8", "CE", project=two[1]
    )


@pytest.mark.parametrize("name", ["missing", "x" * 5000, "a\0b"])
def test_a_folder_that_is_not_a_project_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"no ncmc project in .*Start ncmc inside its checkout"):
        Project(tmp_path / name)


def test_a_current_folder_that_was_deleted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.delenv("NCMC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="the current folder was deleted"):
        Project.find()
