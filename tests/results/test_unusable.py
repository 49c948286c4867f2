"""A damaged, foreign or outdated record: its cell is a seed short and says why; all else goes on."""

import csv
import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from fakes import read_cells

from ncmc.plan.grid import CellSpec, Table
from ncmc.results.cells import read_cell
from ncmc.results.problems import RecordProblem
from ncmc.results.record import path_of, save_record
from ncmc.results.table_data import TableData
from ncmc.results.table_files import as_csv, as_markdown, write_table


@pytest.fixture
def cal(smoke: Table) -> CellSpec:
    spec: CellSpec = fakes.spec_of(smoke, "CAL")
    return spec


def the_only(cal: CellSpec, results: Path) -> RecordProblem:
    """What is wrong with the first of two records, of which the second is good."""
    cell = read_cell(here(), cal, 2, results)
    assert (cell.n, cell.seeds, cell.planned, cell.complete) == (1, (1,), 2, False)
    assert cell.missing == ()
    (entry,) = cell.unusable
    assert entry.run == cal.runs(1)[0]
    assert f"ncmc train {entry.run.id}." in entry.remedy
    assert str(entry.path) in entry.reason
    return entry


def test_a_record_of_another_configuration_says_which_keys_differ(
    tmp_path: Path, cal: CellSpec
) -> None:
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    run = cal.runs(1)[0]
    fakes.save(tmp_path, fakes.outdated(run, 84.0))
    entry = the_only(cal, tmp_path)
    words = "was made with another configuration: recipe.momentum: 0.5 then, 0.9 now"
    assert words in entry.reason
    assert entry.remedy.startswith("Undo the change in config/, or delete it")


def test_the_record_of_another_run_says_whose_it_is(tmp_path: Path, cal: CellSpec) -> None:
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    run, other = cal.runs(2)
    save_record(fakes.record(other, 84.0), path_of(here(), run, tmp_path))
    entry = the_only(cal, tmp_path)
    assert f"is the record of {other.id}, not of {run.id}" in entry.reason


@pytest.mark.parametrize("spoil", ["cut", "foreign", "changed", "binary", "not finite"])
def test_a_damaged_record_says_what_is_damaged(tmp_path: Path, cal: CellSpec, spoil: str) -> None:
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    path = path_of(here(), cal.runs(1)[0], tmp_path)
    text = path.read_text()
    path.write_bytes(
        {
            "cut": text[:200].encode(),
            "foreign": b"[1, 2]",
            "changed": text.replace('"last":84.0', '"last":84.25').encode(),
            "binary": b"\x80\x02\x00",
            "not finite": text.replace('"last":84.0', '"last":NaN').encode(),
        }[spoil]
    )
    assert the_only(cal, tmp_path).remedy.startswith("Delete it and make it again:")


def test_what_cannot_be_read_at_all_is_named_too(tmp_path: Path, cal: CellSpec) -> None:
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    path = path_of(here(), cal.runs(1)[0], tmp_path)
    path.unlink()
    path.mkdir()
    assert "is a folder" in the_only(cal, tmp_path).reason


def spoiled(results: Path, smoke: Table) -> TableData:
    """The smoke table with one damaged record of CE."""
    fakes.smoke(results, smoke)
    path_of(here(), smoke.runs[0], results).write_text("{")
    return TableData(smoke, read_cells(here(), smoke, results))


def test_a_table_is_made_of_the_rest_and_names_the_record(tmp_path: Path, smoke: Table) -> None:
    data = spoiled(tmp_path, smoke)
    assert [(cell.n, cell.planned, cell.complete) for cell in data.cells] == [
        *((4, 5, False), (5, 5, True), (5, 5, True), (5, 5, True), (5, 5, True))
    ]
    assert not data.usable
    (note,) = data.notes
    assert note.startswith("digits, resnet8, CE, tau 0.02: ")
    assert str(path_of(here(), smoke.runs[0], tmp_path)) in note


def test_its_files_say_so_too(tmp_path: Path, smoke: Table) -> None:
    data = spoiled(tmp_path / "runs", smoke)
    assert "4 of 5 seeds" in as_markdown(data)
    assert "Delete it and make it again" in as_markdown(data)
    assert [row["unusable"] for row in csv.DictReader(as_csv(data).splitlines())][:2] == ["0", ""]
    write_table(data, tmp_path)
    first, second, *_ = json.loads((tmp_path / "table.json").read_text())["cells"]
    assert [entry["seed"] for entry in first["unusable"]] == [0]
    assert second["unusable"] == []
