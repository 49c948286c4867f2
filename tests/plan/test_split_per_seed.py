"""`splits: per_seed`: each seed of a table's cells draws a training set of its own."""

from pathlib import Path

import fakes
import pytest
from conftest import copy_project, here
from fakes import read_cells

from ncmc import jobs
from ncmc.errors import UsageError
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.run import parse_run_id, trained_run
from ncmc.results.table_data import TableData
from ncmc.results.table_files import as_markdown
from ncmc.targets import batches
from ncmc.verdicts.settings import split_words

ENTRY = """
  ours:
    title: "Ours"
    where: "no table of the paper"
    seeds: 3
    splits: {splits}
    axes:
      dataset: [{dataset}]
      backbone: [resnet8]
      method: [CE, {{CAL: {{f: 20}}}}, TAU-NORM]
      tau: [0.02]
      {axis}
    columns: [tau]
    source: "a test"
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose config/lab.yaml a test writes."""
    copy_project(tmp_path)
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path))
    return tmp_path / "config" / "lab.yaml"


def declare(lab: Path, splits: str, axis: str = "", dataset: str = "digits") -> None:
    text = lab.read_text().replace("tables: {}", "tables:")
    lab.write_text(text + ENTRY.format(splits=splits, axis=axis, dataset=dataset))


def test_seeds_share_a_split_unless_the_table_says_otherwise(lab: Path) -> None:
    declare(lab, "one")
    ours = grid.table(here(), "ours")
    assert {run.split_folder for run in ours.runs} == {"data/splits/digits/tau=0.02/default"}
    assert not any(cell.split_per_seed for cell in ours.cells)


def test_each_seed_has_the_split_of_its_own_number(lab: Path) -> None:
    declare(lab, "per_seed")
    ours = grid.table(here(), "ours")
    assert [run.id for run in ours.cells[1].runs(3)] == [
        "digits/tau=0.02/resnet8/CAL/f=20/seed=0",
        "digits/tau=0.02/resnet8/CAL/f=20+split_seed=1/seed=1",
        "digits/tau=0.02/resnet8/CAL/f=20+split_seed=2/seed=2",
    ]
    assert {run.split_folder for run in ours.runs} == {
        f"data/splits/digits/tau=0.02/{name}"
        for name in ("default", "split_seed=1", "split_seed=2")
    }


def test_runs_with_a_split_of_their_own_read_back_from_their_ids(lab: Path) -> None:
    declare(lab, "per_seed")
    for run in grid.table(here(), "ours").runs:
        assert parse_run_id(here(), run.id) == run
        assert trained_run(here(), run).split_folder == run.split_folder


def test_the_recipe_s_own_split_seed_is_no_option_of_a_run(lab: Path) -> None:
    catalog = lab.parent / "datasets.yaml"
    before = catalog.read_text()
    title = before.index("title:", before.index("\n  digits:"))
    catalog.write_text(f"{before[:title]}split: {{split_seed: 1}}\n    {before[title:]}")
    declare(lab, "per_seed")
    ends = [run.id.split("/")[4:] for run in grid.table(here(), "ours").cells[0].runs(2)]
    assert ends == [["split_seed=0", "seed=0"], ["default", "seed=1"]]


def test_the_workflow_plans_a_split_for_each_seed_and_trains_on_it(lab: Path) -> None:
    declare(lab, "per_seed")
    job = jobs.Jobs(here())
    run = grid.table(here(), "ours").cells[0].runs(3)[2]
    assert "data/splits/digits/tau=0.02/split_seed=2/manifest.json" in job.data_of([run])
    runs = grid.table(here(), "ours").runs
    batched = {run for batch in batches(here(), {"ours": runs}).values() for run in batch}
    assert set(runs) == batched


def test_a_split_seed_of_its_own_beside_a_split_a_seed_is_refused(lab: Path) -> None:
    declare(lab, "per_seed", axis="split_seed: [0, 1]")
    with pytest.raises(UsageError, match=r"ours: 'splits: per_seed' gives each seed its own"):
        grid.table(here(), "ours")


def test_another_word_for_splits_is_refused_with_those_allowed(lab: Path) -> None:
    declare(lab, "many")
    with pytest.raises(UsageError, match=r"splits' is 'many'.*'one' or 'per_seed'"):
        grid.table(here(), "ours")


def test_a_set_that_comes_long_tailed_has_one_split(lab: Path) -> None:
    declare(lab, "per_seed", dataset="imagenet_lt")
    ours = grid.table(here(), "ours")
    assert not any(cell.split_per_seed for cell in ours.cells)
    assert {run.split_folder for run in ours.runs} == {"data/splits/imagenet_lt/tau=0.02/default"}


def test_another_draw_is_no_alternative_where_every_seed_has_its_own(lab: Path) -> None:
    declare(lab, "per_seed")
    switched = switches.table(here(), "ours+A2=split_seed=1")
    with pytest.raises(UsageError, match="A2=split_seed=1 changes no run of ours"):
        switches.require_effect(here(), switched)


def test_cells_read_the_records_of_their_own_splits_and_say_so(lab: Path, tmp_path: Path) -> None:
    declare(lab, "per_seed")
    ours = grid.table(here(), "ours")
    spec, results = ours.cells[0], tmp_path / "runs"
    one = grid.CellSpec(spec.run, spec.coords, spec.plain, spec.resolved)
    fakes.fill(results, one, [1.0, 2.0, 3.0])  # on one split: of another cell
    assert split_words([*read_cells(here(), ours, results)]) == "one split per seed"
    made = [
        fakes.record(run, 50.0, split=fakes.SPLIT.model_copy(update={"sha256": f"{run.seed:064d}"}))
        for run in spec.runs(2)
    ]
    fakes.save(results, *made)
    cell = read_cells(here(), ours, results)[0]
    assert cell.values_last == (50.0, 50.0)
    assert [run.id for run in cell.missing] == [spec.runs(3)[2].id]
    assert split_words([cell]) == "one split per seed (2 splits)"
    assert f"`{spec.runs(3)[2].id}`" in as_markdown(TableData(ours, [cell]))
