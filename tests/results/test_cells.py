"""Records -> cells: statistics over seeds, and which records make a cell."""

from pathlib import Path

import fakes
import numpy as np
import pytest
from conftest import here

from ncmc.errors import UsageError
from ncmc.plan.grid import CellSpec, Table
from ncmc.results.cells import read_cell
from ncmc.results.class_groups import group_accuracy
from ncmc.results.record import Groups, SplitMade
from ncmc.results.wording import counted, plus_minus


@pytest.fixture
def cal(smoke: Table) -> CellSpec:
    spec: CellSpec = fakes.spec_of(smoke, "CAL")
    return spec


def test_mean_and_deviation_are_over_seeds(tmp_path: Path, smoke: Table, cal: CellSpec) -> None:
    values = [84.0, 83.1, 85.5, 84.2, 83.9]
    fakes.fill(tmp_path, cal, values)
    cell = read_cell(here(), cal, smoke.seeds, tmp_path)
    assert cell.values_last == tuple(values)
    assert cell.last is not None
    assert cell.last.mean == pytest.approx(np.mean(values))
    assert cell.last.std == pytest.approx(np.std(values, ddof=1))
    assert cell.best is not None
    assert cell.best.mean == pytest.approx(np.mean(values) + 0.5)
    per_class = np.array([record.result.per_class for record in cell.records], float).mean(0)
    assert cell.groups.thirds.few == pytest.approx(per_class[7:].mean())
    assert cell.groups.shots.few == pytest.approx(per_class[5:].mean())  # 14, 9, 6, 4, 2 images
    assert cell.groups.released is not None
    assert cell.groups.released.few == pytest.approx(per_class[7:].mean())
    assert cell.ece == pytest.approx(0.05)
    assert cell.complete


def test_one_seed_has_no_deviation(tmp_path: Path, cal: CellSpec) -> None:
    fakes.fill(tmp_path, cal, [84.0])
    cell = read_cell(here(), cal, 1, tmp_path)
    assert cell.last is not None
    assert (cell.n, cell.last.std, cell.interval) == (1, None, None)
    assert plus_minus(cell.last) == "84.0"


def test_a_missing_record_is_listed_as_missing(tmp_path: Path, smoke: Table, cal: CellSpec) -> None:
    fakes.fill(tmp_path, cal, [84.0, 83.0])
    cell = read_cell(here(), cal, smoke.seeds, tmp_path)
    assert cell.seeds == (0, 1)
    assert [run.seed for run in cell.missing] == [2, 3, 4]
    assert counted(cell.n, smoke.seeds) == "2 of 5 seeds"
    empty = read_cell(here(), fakes.spec_of(smoke, "CE"), smoke.seeds, tmp_path)
    assert (empty.n, empty.last, empty.best, empty.ece) == (0, None, None, None)
    assert len(empty.missing) == 5


def test_a_group_without_classes_stays_unknown(tmp_path: Path, cal: CellSpec) -> None:
    run = cal.runs(1)[0]
    small = SplitMade(sha256="ab" * 32, counts=(100,) * 10, n_train=1000)
    made = fakes.record(run, 50.0, split=small)
    groups = {
        rule: group_accuracy(made.result.per_class, small.counts, rule)
        for rule in Groups.model_fields
    }
    fakes.save(tmp_path, fakes.with_result(made, groups=Groups.model_validate(groups)))
    assert read_cell(here(), cal, 1, tmp_path).groups.shots.many is None


def test_a_folder_of_results_that_is_not_there_is_a_usage_error(
    tmp_path: Path, cal: CellSpec
) -> None:
    with pytest.raises(UsageError, match="typo does not exist"):
        read_cell(here(), cal, 1, tmp_path / "typo")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is a file"):
        read_cell(here(), cal, 1, tmp_path / "file")
