"""docs/sharing.md, followed to the letter: three people share a table, a fourth collects it."""

import re
from pathlib import Path

import pytest
from calls import ncmc
from conftest import CHECKOUT
from made_results import files_below, fill, project_at, smoke_runs

from ncmc.project import Project


def commands(heading: str) -> list[list[list[str]]]:
    """The commands of each code block of a section, as words."""
    text = (CHECKOUT / "docs" / "sharing.md").read_text()
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [
        [line.partition("#")[0].split()[1:] for line in block.splitlines() if line]
        for block in blocks
    ]


@pytest.mark.slow
def test_the_pieces_of_three_people_give_the_table_of_one(
    configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (train, export), collect = commands("A grid in pieces")
    here = Project(configured)
    runs = smoke_runs(here)
    assert train == ["train", next(run.id for run in runs if run.id == train[1])]
    for place, name in enumerate(("ann", "ben", "cara")):
        person = project_at(tmp_path / name)
        fill(person, runs[place::3])
        monkeypatch.setenv("NCMC_ROOT", str(person.root))
        words = [word.replace("ann.zip", str(configured / f"{name}.zip")) for word in export]
        assert ncmc(*words).exit_code == 0
    monkeypatch.setenv("NCMC_ROOT", str(configured))
    for words in collect:
        done = ncmc(*words)
        assert done.exit_code == 0 or words[0] == "verify", done.output
        if "--dry-run" in words:
            assert not (configured / "results").exists()
    whole = project_at(tmp_path / "whole")
    fill(whole, runs)
    monkeypatch.setenv("NCMC_ROOT", str(whole.root))
    for words in (["table", "smoke"], ["verify", "smoke", "--no-exit-code"]):
        assert ncmc(*words).exit_code == 0
    assert files_below(configured / "results") == files_below(whole.root / "results")
    monkeypatch.setenv("NCMC_ROOT", str(configured))
    assert "25 runs: 25 done" in ncmc("status", "smoke").stdout
