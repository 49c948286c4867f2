"""Which records would be made otherwise now, and what becomes of them."""

from pathlib import Path

import fakes
import pytest
import yaml
from conftest import here

from ncmc.errors import UsageError
from ncmc.plan import grid
from ncmc.plan.code_digest import Code, code_of
from ncmc.plan.run import Run, make_run
from ncmc.results import code_versions
from ncmc.results.cells import read_cell
from ncmc.results.problems import delete, outdated_records
from ncmc.results.provenance import Made
from ncmc.results.record import ModelOf, path_of, save_record
from ncmc.results.table_data import TableData
from ncmc.results.table_files import as_markdown
from ncmc.training import launch
from ncmc.training.run_inputs import RunInputs


def run_of(seed: int = 0, method: str = "CAL") -> Run:
    options = {"f": 20, "theta": 0.2} if method == "CAL" else {}
    return make_run("digits", 0.02, "resnet8", method, options, seed)


def code(run: Run | None = None, **changes: str) -> Code:
    """The present code of a run, by default one of CAL, with other digests in some of its parts."""
    now = code_of(here(), run or run_of())
    assert now
    return now.model_copy(update=changes)


def made_by(code: Code, *sessions: Code) -> Made:
    """How a record was made: by which code, and in which sessions (one of that code)."""
    of_session = [
        fakes.SESSION.model_copy(update={"code": entry, "epoch": epoch})
        for epoch, entry in enumerate(sessions or (code,), start=1)
    ]
    made: Made = fakes.MADE.model_copy(update={"code": code, "sessions": tuple(of_session)})
    return made


def reasons(results: Path | None = None) -> dict[str, str]:
    return {entry.run: entry.why for entry in outdated_records(here(), results)}


def test_a_record_of_now_is_not_outdated(tmp_path: Path) -> None:
    fakes.save(
        tmp_path,
        fakes.record(run_of(0), 80.0),  # made before its code was recorded
        fakes.record(run_of(1), 80.0, made=made_by(code(), code())),
    )
    assert reasons(tmp_path) == {}


def test_each_kind_of_outdated_record_is_told_with_why(tmp_path: Path) -> None:
    mixed = made_by(code(), code(torch="2.12.0"), code())
    fakes.save(
        tmp_path,
        fakes.record(run_of(0), 80.0),
        fakes.record(run_of(2), 80.0, made=made_by(code(loop="b", method="c"))),
        fakes.record(run_of(3), 80.0, made=mixed),
    )
    save_record(fakes.record(run_of(0), 80.0), path_of(here(), run_of(4), tmp_path))
    damaged = path_of(here(), run_of(5), tmp_path)
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    old = path_of(here(), run_of(1), tmp_path)
    old.parent.mkdir(parents=True)
    old.write_text('{"schema": 2, "digest": ""}')
    elsewhere = tmp_path / "no/such/run/record.json"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("{}")
    found = reasons(tmp_path)
    told = {
        run_of(1).id: "has record schema 2",
        run_of(2).id: "made with other code: the training loop changed, the code of CAL changed",
        run_of(3).id: "made with other code: torch 2.12.0 then, 2.13.0 now",
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
    fakes.save(tmp_path, fakes.record(run_of(), 80.0, made=made_by(code(method="b"))))
    with pytest.raises(UsageError, match=r"the code of CAL changed.*--force"):
        launch.finished(RunInputs(here(), run_of(), results=tmp_path))


def test_a_cell_that_mixes_two_codes_says_so(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    spec = fakes.spec_of(smoke, "CAL")
    first, second, third = spec.runs(3)
    fakes.save(
        tmp_path,
        fakes.record(first, 80.0),
        fakes.record(second, 80.0, made=made_by(code())),
    )
    assert read_cell(here(), spec, 3, tmp_path).notes == ()
    fakes.save(tmp_path, fakes.record(third, 80.0, made=made_by(code(method="b"))))
    cell = read_cell(here(), spec, 3, tmp_path)
    words = "made with 2 versions of the code of CAL;"
    assert words in cell.notes[0]
    assert words in as_markdown(TableData(smoke, [cell]))


def test_a_decision_rule_and_its_model_have_each_their_own_code(tmp_path: Path) -> None:
    rule, model = run_of(method="NCM"), run_of(method="CE")
    of = [ModelOf(run=model.with_seed(seed).id, digest="d" * 64) for seed in range(2)]
    made = made_by(code(rule), code(model))
    records = [
        fakes.record(rule.with_seed(seed), 80.0, made=made, model_of=of[seed]) for seed in range(2)
    ]
    fakes.save(tmp_path, *records)
    assert reasons(tmp_path) == {}
    assert code_versions.differences(records) == []
    strange = fakes.record(rule, 80.0, made=made, model_of=ModelOf(run="x", digest="d" * 64))
    assert code_versions.differences([strange, *records]) != []
    later = made_by(code(rule, method="b"), code(model, method="c"))
    fakes.save(tmp_path, fakes.record(rule, 80.0, made=later, model_of=of[0]))
    words = "made with other code: the code of NCM changed, the code of CE changed"
    assert words in reasons(tmp_path)[rule.id]
