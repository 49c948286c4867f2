"""What reads takes published records where this checkout has none, and says so; what makes does not."""

import json
from pathlib import Path

import fakes
import pytest
from calls import ncmc
from made_results import fill, smoke_runs

from ncmc import jobs, paths
from ncmc.forecast.cost import without_record
from ncmc.plan import grid
from ncmc.project import Project
from ncmc.results.record import path_of
from ncmc.results.table_cells import TableCells

SAID = "records are published ones, not made here, nor for Snakemake"


@pytest.fixture
def clone(configured: Path) -> Project:
    """A checkout without results, in which the smoke table is published."""
    project = Project(configured)
    runs = configured / paths.PUBLISHED.format(tier="smoke") / paths.RUNS
    values = {r: 70.0 + len(r.method) + r.seed for r in smoke_runs(project)}
    fakes.save(runs, *(fakes.record(r, value, project=project) for r, value in values.items()))
    return project


def test_a_fresh_clone_answers_from_what_is_published(clone: Project) -> None:
    (smoke,) = json.loads(ncmc("verify", "smoke", "--json", "--no-exit-code").stdout)["verdicts"][
        :1
    ]
    assert smoke["status"] != "incomplete"
    for arguments in (
        ("verify", "claims"),
        ("explain", "S1"),
        ("table", "smoke"),
        ("report", "smoke"),
    ):
        done = ncmc(*arguments)
        assert done.stderr.count(SAID) == 1, (arguments, done.output)
    assert "no record" not in ncmc("explain", "S1").stdout
    written = json.loads((clone.root / "results/smoke/table.json").read_text())
    assert all(len(cell["seeds"]) == 5 for cell in written["cells"])
    assert not (clone.root / paths.RUNS).exists()


def test_a_record_of_ones_own_wins_and_alone_says_nothing(clone: Project) -> None:
    run = smoke_runs(clone)[0]
    fakes.save(clone.root / paths.RUNS, fakes.record(run, 12.0))
    reading = Project(clone.root, reads_published=True)
    assert path_of(reading, run).is_relative_to(clone.root / paths.RUNS)
    (clone.root / paths.RUNS / run.id / paths.RECORD).write_text("{}")  # ours, though damaged
    assert path_of(reading, run).is_relative_to(clone.root / paths.RUNS)
    fill(clone, smoke_runs(clone)[:9])
    assert ncmc("table", "smoke").stderr.splitlines() == [
        "ncmc: 16 of 25 records are published ones, not made here, nor for Snakemake.",
        "      Yours alone: --results results/runs",
    ]
    fill(clone, smoke_runs(clone))
    assert SAID not in ncmc("table", "smoke").stderr


def test_a_table_reads_the_tier_that_it_stands_in(clone: Project) -> None:
    """Two tiers publish the same runs with other numbers: each table shows those of its own."""
    run, *_ = shared = [
        r for r in grid.table(clone, "study_controls").runs if r in smoke_runs(clone)
    ]
    runs = clone.published("paper") / paths.RUNS  # the first by name
    fakes.save(runs, *(fakes.record(r, 11.0) for r in shared))
    fakes.save(clone.published("studies") / paths.RUNS, *(fakes.record(r, 22.0) for r in shared))
    for table, accuracy in (("smoke", 70.0 + len(run.method) + run.seed), ("study_controls", 22.0)):
        reading = Project(clone.root, reads_published=True)
        cells = TableCells(reading).of(grid.table(reading, table))
        (cell,) = (cell for cell in cells if run in {record.run for record in cell.records})
        (record,) = (record for record in cell.records if record.run == run)
        assert record.result.accuracy.last == accuracy


def test_what_trains_plans_and_shares_knows_this_checkout_alone(clone: Project) -> None:
    runs = smoke_runs(clone)
    assert without_record(clone, runs) == runs
    assert all(not (clone.root / path).exists() for path in jobs.records_of(runs))
    assert "25 runs: 25 waiting" in ncmc("status", "smoke").stdout
    assert ncmc("export", "smoke", "--to", str(clone.root / "out.zip")).exit_code == 1


def test_a_published_record_of_another_configuration_is_none(clone: Project) -> None:
    recipes = clone.config("train.yaml")
    text = recipes.read_text()
    assert "momentum: {value: 0.9" in text
    recipes.write_text(text.replace("momentum: {value: 0.9", "momentum: {value: 0.8"))
    done = ncmc("table", "smoke")
    assert done.exit_code == 0, done.output
    assert "another configuration" not in done.output


def test_results_that_are_named_are_the_only_ones(clone: Project, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = ncmc("verify", "smoke", "--results", str(tmp_path / "none"))
    assert (done.exit_code, SAID in done.stderr) == (3, False)


@pytest.mark.parametrize("command", ["table", "verify"])
def test_of_records_elsewhere_nothing_is_written_among_ones_own(
    here: Project, other: Project, tmp_path: Path, command: str
) -> None:
    fill(other, smoke_runs(other)[:2])
    elsewhere = str(other.root / "results/runs")
    done = ncmc(command, "smoke", "--results", elsewhere)
    assert "no file is written of the records in" in " ".join(done.stderr.split())
    assert not (here.root / "results/smoke").exists()
    ncmc(command, "smoke", "--results", elsewhere, "--out", str(tmp_path / "theirs"))
    assert list((tmp_path / "theirs").iterdir())


@pytest.mark.parametrize("command", ["report", "figures"])
def test_files_of_records_elsewhere_want_a_folder(
    here: Project, other: Project, command: str
) -> None:
    fill(other, smoke_runs(other)[:2])
    done = ncmc(command, "smoke", "--results", str(other.root / "results/runs"))
    assert done.exit_code == 2
    assert "Give a folder with --out" in " ".join(done.stderr.split())
    assert not (here.root / "results/smoke").exists()
