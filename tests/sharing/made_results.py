"""Projects with records that nobody trained, for tests of what is packed and merged."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fakes
from conftest import copy_project

from ncmc.plan import grid
from ncmc.plan.run import Run
from ncmc.project import Project


def smoke_runs(project: Project) -> list[Run]:
    """The runs of the smoke table."""
    return grid.table(project, "smoke").runs


def project_at(root: Path) -> Project:
    """A project without data and results."""
    return Project(copy_project(root))


def fill(project: Project, runs: Sequence[Run], **changes: Any) -> None:
    """A record of each run; equal in every project."""
    results = project.root / "results" / "runs"
    made = (
        fakes.record(run, 70.0 + len(run.method) + run.seed, project=project, **changes)
        for run in runs
    )
    fakes.save(results, *made)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def unpacked(source: Path, target: Path) -> Path:
    """The folder with what a zip file holds."""
    with zipfile.ZipFile(source) as archive:
        archive.extractall(target)
    return target


def repacked(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """A copy of a zip file with other members; None drops one."""
    with zipfile.ZipFile(source) as archive:
        content: dict[str, bytes | None] = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (content | changes).items():
            if data is not None:
                archive.writestr(name, data)
    return target
