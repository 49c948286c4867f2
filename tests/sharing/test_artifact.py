"""ARTIFACT.md: made of the published records and boards, each number of it."""

import json
import shutil
from pathlib import Path

from conftest import CHECKOUT, here

from ncmc.board.published import published_boards
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.wording import duration
from ncmc.sharing.artifact import artifact_appendix


def test_the_artifact_appendix_is_made_of_the_published_records() -> None:
    text = artifact_appendix(Project(CHECKOUT))
    assert (CHECKOUT / "ARTIFACT.md").read_text() == text, "run `ncmc publish smoke`"


def test_its_hours_are_those_of_the_records_each_once() -> None:
    found = {}
    for path in (CHECKOUT / "results/published").rglob("record.json"):
        record = json.loads(path.read_text())
        if "model_of" not in record:
            found[record["digest"]] = record["made"]
    hours = sum(made["seconds"] for made in found.values()) / 3600
    text = artifact_appendix(Project(CHECKOUT))
    assert f"In all {len(found)} trainings and {hours:.1f} hours" in text
    for made in found.values():
        assert f"{made['device']}: {made['processor']}, {made['hardware']['cores']} cores" in text


def test_a_claim_of_a_published_board_has_a_row_and_its_target_can_be_made() -> None:
    text = artifact_appendix(Project(CHECKOUT))
    for board in published_boards(Project(CHECKOUT)).values():
        for entry in board.of("claim").entries:
            (row,) = [r for r in text.splitlines() if r.startswith(f"| **{entry.id}** ")]
            target = row.split(" | ")[1].strip("`")
            assert target in table_names(here())
            assert entry.verdicts[0].table == target


def test_a_record_that_goes_takes_its_time_along(configured: Path) -> None:
    shutil.copytree(CHECKOUT / "results/published/smoke", configured / "results/published/smoke")
    seconds = [
        json.loads(path.read_text())["made"]["seconds"]
        for path in sorted((configured / "results").rglob("record.json"))
    ]
    told = artifact_appendix(here())
    assert f"| {duration(sum(seconds))} for 25 of 25 trainings |" in told
    sorted((configured / "results").rglob("record.json"))[0].unlink()
    told = artifact_appendix(here())
    assert f"| {duration(sum(seconds[1:]))} for 24 of 25 trainings |" in told
    assert "only the grid tests" in told
