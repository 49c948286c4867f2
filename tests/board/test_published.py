"""README.md opens with the board of what is published, and nothing else."""

import re
import tempfile
from pathlib import Path

import pytest
from conftest import CHECKOUT, copy_project

from ncmc import paths
from ncmc.board import published
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.sharing import publish

NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
PLACES = [str(CHECKOUT).encode(), tempfile.gettempdir().encode() + b"/tmp", b"/home/", b"/root/"]
TIERS = [
    tier
    for tier in tiers(Project(CHECKOUT))
    if (CHECKOUT / paths.PUBLISHED.format(tier=tier)).is_dir()
]


def rounded(content: bytes) -> str:
    """Text with its numbers cut: another processor may compute another last digit."""
    return NUMBER.sub(lambda number: f"{float(number[0]):.3g}", content.decode())


def test_readme_shows_what_is_published() -> None:
    text = (CHECKOUT / "README.md").read_text()
    assert published.BLOCK.search(text)
    assert published.with_board(Project(CHECKOUT), text) == text


@pytest.mark.parametrize("tier", TIERS)
def test_what_is_published_follows_from_its_records(tier: str) -> None:
    """To make it again after a change of words, figures or checks: ncmc publish TIER."""
    project = Project(CHECKOUT)
    folder = publish.folder_of(project, tier)
    made = publish.contents(project, tier, publish.sources_in(publish._read(folder)))
    there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert there.keys() == made.keys()
    different = [
        name
        for name, content in made.items()
        if name != "manifest.json"  # of checksums
        and there[name].read_bytes() != content
        and rounded(there[name].read_bytes()) != rounded(content)
    ]
    assert different == []


def test_what_is_published_is_small_and_names_no_place() -> None:
    files = [p for p in (CHECKOUT / paths.PUBLISHED.format(tier="")).rglob("*") if p.is_file()]
    assert sum(path.stat().st_size for path in files) < 8e6
    for path in files:
        assert not any(place in path.read_bytes() for place in PLACES), path


def test_a_readme_without_a_place_for_it_is_left_alone(tmp_path: Path) -> None:
    project = Project(copy_project(tmp_path))
    assert published.refresh(project) == []
    readme = tmp_path / "README.md"
    readme.write_text("# Ours\n")
    assert published.refresh(project) == []
    assert readme.read_text() == "# Ours\n"


def test_nothing_published_is_an_empty_board(tmp_path: Path) -> None:
    project = Project(copy_project(tmp_path))
    (tmp_path / "README.md").write_text(f"# Ours\n\n{published.START}\nold\n{published.END}\nend\n")
    assert published.refresh(project) == [tmp_path / "README.md"]
    text = (tmp_path / "README.md").read_text()
    assert text == f"# Ours\n\n{published.START}\n{published.END}\nend\n"
