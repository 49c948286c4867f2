"""Which records would be made otherwise now, and what becomes of them."""

from pathlib import Path

import fakes
import pytest
import yaml
from conftest import here

from ncmc.errors import UsageError
from ncmc.plan import grid
from ncmc.plan.code_digest import code_digest
from ncmc.plan.run import Run, make_run
from ncmc.results.cells import read_cell
from ncmc.results.outdated import delete, outdated_records
from ncmc.results.provenance import Made
from ncmc.results.record import path_of, save_record
from ncmc.results.table_data import table_data
from ncmc.results.table_files import as_markdown
from ncmc.training import launch


def run_of(seed: int = 0, method: str = "CAL") -> Run:
    options = {"f": 20, "theta": 0.2} if method == "CAL" else {}
    return make_run("digits", 0.02, "resnet8", method, options, seed)


def made_by(code: str | None) -> Made:
    """How a record was made, by a version of the code; None: the present one."""
    code = code or code_digest(here(), "resnet8", "CAL")
    made: Made = fakes.MADE.model_copy(update={"code": code})
    return made


def reasons(results: Path | None = None) -> dict[str, str]:
    return {entry.run: entry.why for entry in outdated_records(here(), results)}


def test_a_record_of_now_is_not_outdated(tmp_path: Path) -> None:
    fakes.save(
        tmp_path,
        fakes.record(run_of(0), 80.0),  # made before its code was recorded
        fakes.record(run_of(1), 80.0, made=made_by(None)),
    )
    assert reasons(tmp_path) == {}


def test_each_kind_of_outdated_record_is_told_with_why(tmp_path: Path) -> None:
    resumed = fakes.SESSION.model_copy(update={"code": "c" * 64})
    mixed = made_by(None).model_copy(update={"sessions": (resumed,)})
    fakes.save(
        tmp_path,
        fakes.record(run_of(0), 80.0),
        fakes.record(run_of(1), 80.0, schema=1),
        fakes.record(run_of(2), 80.0, made=made_by("b" * 64)),
        fakes.record(run_of(3), 80.0, made=mixed),
    )
    save_record(fakes.record(run_of(0), 80.0), path_of(here(), run_of(4), tmp_path))
    damaged = path_of(here(), run_of(5), tmp_path)
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    elsewhere = tmp_path / "no/such/run/record.json"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("{}")
    found = reasons(tmp_path)
    told = {
        run_of(1).id: "made before version 0.2",
        run_of(2).id: "the code of CAL or of resnet8, or what they import, changed since",
        run_of(3).id: "made with other code",
        run_of(4).id: f"is the record of {run_of(0).id}",
        run_of(5).id: "not valid JSON",
        "no/such/run": "is not a run id",
    }
    assert found.keys() == told.keys()
    for run_id, words in told.items():
        assert words in found[run_id]


def test_a_changed_recipe_makes_its_records_outdated_and_only_they_are_deleted(
    workspace: Path,
) -> None:
    runs = workspace / "results" / "runs"
    fakes.save(runs, fakes.record(run_of(0), 80.0), fakes.record(run_of(1), 80.0))
    path = workspace / "config" / "train.yaml"
    document = yaml.safe_load(path.read_text())
    document["recipes"]["digits"]["batch_size"]["value"] = 32
    path.write_text(yaml.safe_dump(document))
    fakes.save(runs, fakes.record(run_of(2), 80.0))
    found = outdated_records(here())
    assert [entry.run for entry in found] == [run_of(0).id, run_of(1).id]
    assert "recipe.batch_size: 64 then, 32 now" in found[0].why
    delete(found)
    left = [path_of(here(), run_of(seed)).exists() for seed in range(3)]
    assert left == [False, False, True]


def test_a_broken_configuration_makes_no_record_outdated(workspace: Path) -> None:
    fakes.save(workspace / "results" / "runs", fakes.record(run_of(), 80.0))
    (workspace / "config" / "datasets.yaml").write_text("datasets: {}\n")
    with pytest.raises(UsageError):
        outdated_records(here())


def test_without_records_nothing_is_outdated(workspace: Path) -> None:
    assert outdated_records(here()) == []
    with pytest.raises(UsageError, match="does not exist"):
        outdated_records(here(), workspace / "typo")


def test_a_run_made_with_other_code_is_not_called_trained(tmp_path: Path) -> None:
    fakes.save(tmp_path, fakes.record(run_of(), 80.0, made=made_by("b" * 64)))
    with pytest.raises(UsageError, match=r"the code of CAL or of resnet8.* changed since.*--force"):
        launch.finished(here(), run_of(), tmp_path)


def test_a_cell_that_mixes_two_codes_says_so(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    spec = fakes.spec_of(smoke, "CAL")
    first, second, third = spec.runs(3)
    fakes.save(
        tmp_path,
        fakes.record(first, 80.0),
        fakes.record(second, 80.0, made=made_by(None)),
    )
    assert read_cell(here(), spec, 3, tmp_path).notes == ()
    fakes.save(tmp_path, fakes.record(third, 80.0, made=made_by("b" * 64)))
    cell = read_cell(here(), spec, 3, tmp_path)
    words = "made with 2 versions of the code of CAL and resnet8"
    assert words in cell.notes[0]
    assert words in as_markdown(table_data(here(), smoke, [cell]))
