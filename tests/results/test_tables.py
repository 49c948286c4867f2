"""Records -> cells -> tables."""

import csv
import json
import re
from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here

from ncmc.errors import UserError
from ncmc.plan import grid
from ncmc.plan.grid import CellSpec, Table
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, resolve_run
from ncmc.results import records, tables

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def smoke() -> Table:
    return grid.table(here(), "smoke")


@pytest.fixture
def cal(smoke: Table) -> CellSpec:
    return fakes.spec_of(smoke, "CAL")


def test_mean_and_deviation_are_over_seeds(tmp_path, smoke, cal):
    values = [84.0, 83.1, 85.5, 84.2, 83.9]
    fakes.fill(tmp_path, cal, values)
    cell = tables.cell(here(), cal, smoke.seeds, tmp_path)
    assert cell.values_last == tuple(values)
    assert cell.last.mean == pytest.approx(np.mean(values))
    assert cell.last.std == pytest.approx(np.std(values, ddof=1))
    assert cell.best.mean == pytest.approx(np.mean(values) + 0.5)
    assert cell.groups["thirds"]["few"] == pytest.approx(np.mean(values) - 15)
    assert cell.groups["shots"]["many"] == pytest.approx(np.mean(values) + 20)
    assert cell.ece == pytest.approx(0.05)
    assert cell.complete


def test_one_seed_has_no_deviation(tmp_path, cal):
    fakes.fill(tmp_path, cal, [84.0])
    cell = tables.cell(here(), cal, 1, tmp_path)
    assert (cell.n, cell.last.std, cell.interval) == (1, None, None)
    assert tables.plus_minus(cell.last) == "84.0"


def test_a_missing_record_is_listed_as_missing(tmp_path, smoke, cal):
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    cell = tables.cell(here(), cal, smoke.seeds, tmp_path)
    assert cell.seeds == (0, 1)
    assert [run.seed for run in cell.missing] == [2, 3, 4]
    assert tables.counted(cell) == "2 of 5 seeds"
    empty = tables.cell(here(), fakes.spec_of(smoke, "CE"), smoke.seeds, tmp_path)
    assert (empty.n, empty.last, empty.best, empty.ece) == (0, None, None, None)
    assert len(empty.missing) == 5


def test_a_group_without_classes_stays_unknown(tmp_path, cal):
    run = cal.runs(1)[0]
    made = fakes.record(run, 50.0)
    made.result["groups"]["shots"]["many"] = None
    fakes.save(tmp_path, made)
    assert tables.cell(here(), cal, 1, tmp_path).groups["shots"]["many"] is None


def test_a_record_of_another_configuration_is_refused_with_the_differing_keys(tmp_path, cal):
    run = cal.runs(1)[0]
    old = records.config_of(here(), run)
    old["recipe"]["epochs"] = 7
    fakes.save(tmp_path, fakes.record(run, 84.0, config=old, config_hash=records.digest(old)))
    with pytest.raises(UserError, match=r"record.json was made with another configuration") as e:
        tables.cell(here(), cal, 1, tmp_path)
    assert f"recipe.epochs: 7 then, {resolve_run(here(), run).recipe.epochs} now" in str(e.value)
    assert f"ncmc train {run.id}" in str(e.value)


def test_a_record_from_other_random_draws_is_still_shown(tmp_path, cal):
    fakes.fill(tmp_path, cal, [84.0], schema=1)
    assert tables.cell(here(), cal, 1, tmp_path).values_last == (84.0,)


def test_the_record_of_another_run_is_refused(tmp_path, cal):
    run, other = cal.runs(2)
    records.save(fakes.record(other, 84.0), records.path_of(here(), run, tmp_path))
    with pytest.raises(UserError, match=r"is the record of .*seed=1, not of .*seed=0"):
        tables.cell(here(), cal, 1, tmp_path)


@pytest.mark.parametrize("spoil", ["cut", "foreign", "changed"])
def test_a_damaged_record_is_refused(tmp_path, cal, spoil):
    run = cal.runs(1)[0]
    fakes.fill(tmp_path, cal, [84.0])
    path = records.path_of(here(), run, tmp_path)
    text = path.read_text()
    path.write_text(
        {"cut": text[:200], "foreign": "[1, 2]", "changed": text.replace("84.0", "94.0")}[spoil]
    )
    with pytest.raises(UserError, match=re.escape(str(path))):
        tables.cell(here(), cal, 1, tmp_path)


# --- layout ------------------------------------------------------------------------------------


def test_layout_has_a_place_for_every_planned_cell():
    for name in table_names(here()):
        table = grid.table(here(), name)
        cells = [tables.Cell(spec, (), ()) for spec in table.cells]
        shown = tables.layout(table, cells)
        placed = [cell for row in shown.rows for cell in row.cells if cell is not None]
        assert sorted(map(id, placed)) == sorted(map(id, cells)), name
        for line in shown.header:
            assert sum(span for _, span in line) == len(shown.columns)


def test_equal_outer_headings_stand_together():
    table = grid.table(here(), "table2")
    shown = tables.layout(table, [tables.Cell(spec, (), ()) for spec in table.cells])
    assert shown.stub == ("backbone", "method")
    assert shown.header[0] == (("cifar10", 3), ("cifar100", 3))
    assert [label for label, _ in shown.header[1]] == ["tau 0.005", "tau 0.01", "tau 0.02"] * 2
    assert [row.labels for row in shown.rows][:3] == [
        ("resnet50", "CE"),
        ("resnet50", "SETF"),
        ("resnet50", "CAL"),
    ]


def test_an_axis_with_one_value_names_no_rows(smoke):
    shown = tables.layout(smoke, [tables.Cell(spec, (), ()) for spec in smoke.cells])
    assert shown.stub == ("method",)


# --- files -------------------------------------------------------------------------------------


def test_files_hold_every_cell(tmp_path, smoke):
    fakes.smoke(tmp_path / "runs", smoke)
    cells = tables.cells(here(), smoke, tmp_path / "runs")
    paths = tables.write(smoke, cells, tmp_path / "out")
    assert [path.name for path in paths] == ["table.csv", "table.json", "table.md"]
    rows = list(csv.DictReader((tmp_path / "out" / "table.csv").open()))
    entries = json.loads((tmp_path / "out" / "table.json").read_text())["cells"]
    for cell, row, entry in zip(cells, rows, entries, strict=True):
        assert float(row["last_mean"]) == pytest.approx(cell.last.mean, abs=1e-4)
        assert entry["values_best"] == list(cell.values_best)
        assert entry["last"] == {"mean": cell.last.mean, "std": cell.last.std}
        assert row["paper_value"] == ""
        assert entry["paper"]["value"] is None
    assert "Reduced scale: digits, resnet8. Not the paper's table." in paths[2].read_text()


def test_a_table_without_records_is_written_and_says_how_to_get_them(tmp_path, smoke):
    cells = tables.cells(here(), smoke, tmp_path)
    text = tables.as_markdown(smoke, cells)
    assert "no record" in text
    assert "`uv run snakemake --cores all smoke`" in text
    assert cells[0].missing[0].id in text
    assert len(list(csv.DictReader(tables.as_csv(smoke, cells).splitlines()))) == len(cells)


def test_the_papers_number_stands_beside_ours():
    table = grid.table(here(), "table3")
    text = tables.as_markdown(table, tables.cells(here(), table, Path("nowhere")))
    assert "80.6 ± 0.5 (App. F.2)" in text
    assert "paper: not known" in text


@pytest.fixture
def golden_table() -> tuple[Table, list[tables.Cell]]:
    """A table of three cells: two seeds, one of two seeds, none. Its records are checked in."""
    run = Run("cifar10", 0.01, "resnet20", "CE")
    specs = [
        CellSpec(
            Run(run.dataset, tau, run.backbone, method),
            (("method", method), ("tau", label)),
            resolve_run(here(), run),
        )
        for method, tau, label in (("CE", 0.01, "0.01"), ("SETF", 0.01, "0.01"), ("CE", 0.1, "0.1"))
    ]
    table = Table(
        name="golden",
        kind="table",
        scale="reduced",
        title="A golden table",
        where="no table of the paper",
        shows="accuracy",
        axes=("method", "tau"),
        columns=("tau",),
        seeds=2,
        tolerance=1.0,
        cells=tuple(specs),
        source="tests",
    )
    read = {r.run: r for r in (records.load(p) for p in sorted(GOLDEN.glob("*.json")))}
    return table, [
        tables.Cell(
            spec,
            tuple(read[run] for run in spec.runs(2) if run in read),
            tuple(run for run in spec.runs(2) if run not in read),
        )
        for spec in specs
    ]


@pytest.mark.parametrize("kind", ["csv", "markdown"])
def test_tables_read_as_the_golden_ones(golden_table, kind):
    made = {"csv": tables.as_csv, "markdown": tables.as_markdown}[kind](*golden_table)
    golden = GOLDEN / {"csv": "table.csv", "markdown": "table.md"}[kind]
    assert made == golden.read_text()
