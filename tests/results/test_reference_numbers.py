"""The numbers of others in a table's files."""

import csv
import json
from pathlib import Path

import fakes
import pytest
from conftest import here
from fakes import read_cells

from ncmc.paper.references import Comparison
from ncmc.plan import grid
from ncmc.results.cells import Cell
from ncmc.results.reference_numbers import (
    difference_words,
    reference_json,
    reference_range,
    reference_words,
)
from ncmc.results.table_data import TableData, table_data
from ncmc.results.table_files import as_csv, as_markdown, write_table

CE = "cifar10, resnet32, CE, tau 0.01"


def data_of(name: str, results: Path) -> TableData:
    project = here()
    table = grid.table(project, name)
    return table_data(project, table, read_cells(project, table, results))


@pytest.fixture
def calibration(tmp_path: Path) -> TableData:
    """The calibration with one cell of records: the last accuracy far below the best."""
    (spec,) = [c for c in grid.table(here(), "calibration").cells if c.label == CE]
    for run, best in zip(spec.runs(3), (71.3, 71.5, 71.7), strict=True):
        fakes.save(tmp_path, fakes.record(run, best - 9, best))
    return data_of("calibration", tmp_path)


def cell(table: TableData, label: str) -> Cell:
    return next(cell for cell in table.cells if cell.spec.label == label)


def number(table: TableData, label: str, name: str) -> Comparison:
    references = cell(table, label).references
    return next(number for number in references if number.reference.id == name)


def test_a_number_stands_beside_ours_with_its_source(calibration: TableData) -> None:
    ours, theirs = cell(calibration, CE), number(calibration, CE, "R1")
    entry = reference_json(ours, theirs)
    assert (entry["value"], entry["source"], entry["place"]) == (
        71.95, "Zhang2021 Bag of tricks", "README baseline",
    )  # fmt: skip
    assert entry["address"].startswith("github:")
    half = 4.3027 * 0.2 * (1 / 3 + 1) ** 0.5  # t of 2 degrees of freedom; theirs is one run
    assert entry["estimate"] == pytest.approx(71.5 - 71.95)
    assert entry["low"] == pytest.approx(71.5 - 71.95 - half, abs=1e-3)
    assert entry["high"] == pytest.approx(71.5 - 71.95 + half, abs=1e-3)
    assert difference_words(ours, theirs).startswith("−0.45 (95 % interval −")
    assert difference_words(ours, theirs).endswith("; assumed: one run, our deviation")
    assert (theirs.remark, theirs.compared_with) == ("counts", "best*")


def test_what_differs_is_said_with_the_number(calibration: TableData) -> None:
    assert number(calibration, CE, "R5").remark == "not counted: Cui's split (TensorFlow)"
    assert (
        number(calibration, "cifar10, resnet32, CE, Mixup, tau 0.1", "R58").compared_with == "best"
    )


def test_without_a_record_there_is_no_difference(calibration: TableData) -> None:
    label = "cifar10, resnet32, CE, tau 0.02"
    ours, theirs = cell(calibration, label), number(calibration, label, "R2")
    entry = reference_json(ours, theirs)
    assert (entry["estimate"], entry["low"], entry["high"]) == (None, None, None)
    assert difference_words(ours, theirs) == "no record"


def test_a_stated_deviation_is_not_assumed(tmp_path: Path) -> None:
    label = "densenet150, cifar100, CE, tau 0.01"
    data = data_of("table2", tmp_path)
    entry = reference_json(cell(data, label), number(data, label, "R75"))
    assert (entry["std"], entry["n"], entry["assumed"]) == (0.24, 3, "")


def test_the_range_is_of_what_counts(calibration: TableData) -> None:
    assert reference_range(cell(calibration, CE).references) == "70.4 to 72.0"
    ldam = cell(calibration, "cifar10, resnet32, LDAM, tau 0.01").references
    assert reference_range(ldam) == "(70.6)"
    assert reference_range(()) == "–"
    assert reference_words(ldam) == "70.6 (R9, not counted)"


def test_the_csv_has_the_numbers_their_sources_and_what_differs(calibration: TableData) -> None:
    rows = {row["label"]: row for row in csv.DictReader(as_csv(calibration).splitlines())}
    assert rows[CE]["references"] == "71.95 69.88 70.36 71.94"
    assert "R1: Zhang2021 Bag of tricks, README baseline; R5: " in rows[CE]["references_from"]
    assert "R5: not counted: Cui's split (TensorFlow)" in rows[CE]["references_remarks"]


def test_markdown_shows_them_beside_ours(calibration: TableData) -> None:
    text = as_markdown(calibration)
    assert "Not the paper's table." in text
    assert "others: 72.0 (R1), 69.9 (R5, not counted), 70.4 (R37), 71.9 (R43)" in text


def test_the_numbers_without_a_cell_stand_in_the_file_too(
    tmp_path: Path, calibration: TableData
) -> None:
    write_table(calibration, tmp_path / "out")
    path = tmp_path / "out" / "table.json"
    listed = {name: other["why"] for other in json.loads(path.read_text())["uncompared"]
              for name in other["ids"]}  # fmt: skip
    assert listed["R65"] == "both stages of MiSLAS together, which the harness does not have"
    beside = {number.reference.id for cell in calibration.cells for number in cell.references}
    assert len(beside) + len(listed) == 79


def test_a_table_of_the_paper_lists_no_numbers_that_are_of_other_settings(tmp_path: Path) -> None:
    assert data_of("table2", tmp_path).uncompared == {}
