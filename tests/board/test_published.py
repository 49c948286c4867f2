"""What is published follows from its records, is small and names no machine."""

import re
import tempfile

import pytest
from conftest import CHECKOUT

from ncmc import paths
from ncmc.plan.grid_file import tiers
from ncmc.project import Project, papers
from ncmc.sharing import publish

NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
PLACES = [str(CHECKOUT).encode(), tempfile.gettempdir().encode() + b"/tmp", b"/home/", b"/root/"]
TIERS = [
    pytest.param(paper, tier, marks=[] if tier == "smoke" else pytest.mark.slow)
    for paper in papers(CHECKOUT)
    for tier in tiers(Project(CHECKOUT, paper=paper))
    if Project(CHECKOUT, paper=paper).published(tier).is_dir()
]


def rounded(content: bytes) -> str:
    """Text with its numbers cut: another processor may compute another last digit."""
    return NUMBER.sub(lambda number: f"{float(number[0]):.3g}", content.decode())


@pytest.mark.parametrize(("paper", "tier"), TIERS)
def test_what_is_published_follows_from_its_records(paper: str, tier: str) -> None:
    """To make it again after a change of words, figures or checks: ncmc --paper PAPER publish TIER."""
    project = Project(CHECKOUT, paper=paper)
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
