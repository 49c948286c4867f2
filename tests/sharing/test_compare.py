"""Two sets of results told apart: by run, by cell, by where they come from."""

import json
import shutil
from pathlib import Path

import fakes
import pytest
from calls import ncmc
from made_results import fill, smoke_runs, unpacked
from scipy import stats

from ncmc.project import Project
from ncmc.sharing.compare import compare
from ncmc.sharing.export import export


def test_the_same_results_are_the_same_in_every_form(
    here: Project, other: Project, tmp_path: Path
) -> None:
    runs = smoke_runs(here)[:5]
    fill(here, runs)
    fill(other, runs)
    export(other, ["smoke"], tmp_path / "out.zip")
    unpacked(tmp_path / "out.zip", tmp_path / "out")
    published = other.root / "results/published/laptop/results/runs"
    fakes.save(published, fakes.record(runs[0], 12.3))  # beside the runs, and another record
    checkout = (other.root / part for part in ("results/runs", "results", ""))
    for source in (tmp_path / "out.zip", tmp_path / "out", *checkout):
        done = ncmc("compare", source)
        assert done.exit_code == 0, done.output
        assert "5 runs with equal digests, 0 with other ones, 0 in A alone" in done.stdout


def test_a_cell_that_differs_has_its_difference_over_seeds_with_an_interval(
    here: Project, other: Project
) -> None:
    runs = smoke_runs(here)[:5]
    assert len({run.cell for run in runs}) == 1
    ours, theirs = [70.0, 71.0, 72.0, 70.5, 70.0], [71.0, 71.5, 74.0, 70.5, 71.0]
    for project, values in ((here, ours), (other, theirs)):
        records = [fakes.record(r, v) for r, v in zip(runs, values, strict=True)]
        fakes.save(project.root / "results/runs", *records)
    found = compare(here.root / "results/runs", other.root / "results/runs")
    (cell,) = found.cells
    assert cell.differing == (0, 1, 2, 4)
    assert found.equal == (runs[3].id,)
    steps = [b - a for a, b in zip(ours, theirs, strict=True)]
    wanted = stats.ttest_1samp(steps, 0.0).confidence_interval(0.95)
    assert cell.difference == pytest.approx(0.9)
    assert cell.interval == pytest.approx((wanted.low, wanted.high))
    done = ncmc("compare", other.root / "results/runs")
    assert done.exit_code == 1
    assert "+0.90" in done.stdout


def test_runs_of_one_side_alone_and_reasons_are_named(here: Project, other: Project) -> None:
    first, second, third = smoke_runs(here)[:3]
    made = fakes.made_on("a GPU node")
    fill(here, [first, second])
    fill(other, [third])
    fakes.save(other.root / "results/runs", fakes.record(second, 12.0, made=made))
    source = other.root / "results/runs"
    assert (
        ncmc("compare", source, here.root / "results/runs").exit_code == 1
    )  # `first` is in B alone
    done = ncmc("compare", here.root / "results/runs", source)
    assert done.exit_code == 1
    assert f"in A alone: {first.id}" in done.stdout
    assert f"in B alone: {third.id}" in done.stdout
    assert "machine a test here, a GPU node there (1 cell)" in done.stdout
    body = json.loads(ncmc("compare", source, "--json").stdout)
    assert (body["same"], body["equal"]) == (False, [])


def test_runs_of_ours_beyond_theirs_are_no_difference(here: Project, other: Project) -> None:
    runs = smoke_runs(here)[:5]
    fill(here, runs)
    fill(other, runs[:3])
    done = ncmc("compare", other.root / "results/runs")
    assert done.exit_code == 0
    assert "3 runs with equal digests, 0 with other ones, 2 in A alone" in done.stdout


def test_a_folder_with_two_records_of_a_run_is_refused_unless_they_are_the_same(
    here: Project, tmp_path: Path
) -> None:
    (run,) = smoke_runs(here)[:1]
    fill(here, [run])
    sets = tmp_path / "sets"
    for tier, accuracy in (("a", 50.0), ("b", 50.0), ("c", 51.0)):
        fakes.save(sets / tier, fakes.record(run, accuracy))
    done = ncmc("compare", sets)
    assert (done.exit_code, "holds two records of" in done.stderr) == (3, True)
    shutil.rmtree(sets / "c")
    assert compare(here.root / "results/runs", sets).cells[0].b == 50.0


def test_a_set_that_is_none_is_refused(here: Project, tmp_path: Path) -> None:
    fill(here, smoke_runs(here)[:1])
    assert ncmc("compare").exit_code == 2
    empty, damaged = tmp_path / "empty", tmp_path / "damaged"
    empty.mkdir()
    for source in (tmp_path / "none", empty):
        done = ncmc("compare", source)
        assert done.exit_code == 2
        assert "there is no record in" in done.stderr
    damaged.mkdir()
    (damaged / "record.json").write_text("{}")
    done = ncmc("compare", damaged)
    assert done.exit_code == 3  # not 1, which says that they differ
    assert "is not a record of ncmc" in done.stderr
