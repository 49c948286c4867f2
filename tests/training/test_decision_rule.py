"""One training, several records: runs that apply another decision rule to a trained model."""

import shutil
from pathlib import Path

import pytest
from conftest import here
from watching import Watch, inputs_of

from ncmc import paths
from ncmc.errors import UsageError, UserError
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run, make_run, trained_run
from ncmc.results.problems import outdated_records
from ncmc.results.record import Record, load_record, path_of, save_record
from ncmc.training.decision_rule import evaluate_model
from ncmc.training.launch import launch


def run_of(method: str, **options: Value) -> Run:
    chosen = {"epochs": 2, "width": 4, **options}
    return make_run("digits", 0.02, "resnet8", method, chosen, project=here())


def launched(run: Run, force: bool = False) -> tuple[Record, str]:
    return launch(inputs_of(run), Watch, force=force)


def model(run: Run) -> Path:
    return path_of(here(), run).with_name(paths.MODEL)


def test_the_run_of_a_rule_has_the_options_of_its_model_and_its_own() -> None:
    run = run_of("TAU-NORM", power=0.5, mixup=False, split_seed=3)
    assert trained_run(here(), run) == run_of("CE", mixup=False, split_seed=3)
    assert trained_run(here(), run_of("CE")) == run_of("CE")


def test_a_rule_is_evaluated_on_the_model_that_is_trained_for_it(workspace: Path) -> None:
    ce, rules = run_of("CE"), [run_of("NCM"), run_of("TAU-NORM", power=0.5), run_of("CE-LA")]
    record, how = launched(rules[0])
    assert how == "evaluated"
    trained = load_record(path_of(here(), ce))
    written = model(ce).stat().st_mtime_ns
    for rule in rules[1:]:
        assert launched(rule)[1] == "evaluated"
        assert not model(rule).exists()
    assert model(ce).stat().st_mtime_ns == written
    assert record.model_of is not None
    assert (record.model_of.run, record.model_of.digest) == (ce.id, trained.digest)
    assert record.split == trained.split
    assert load_record(path_of(here(), rules[0])) == record


def test_its_history_is_the_trainings_with_its_own_measures_at_the_end(workspace: Path) -> None:
    record, _ = launched(run_of("TAU-NORM", power=0))  # CE without its bias
    trained = load_record(path_of(here(), run_of("CE")))
    history = record.result.history
    assert [e.loss for e in history] == [e.loss for e in trained.result.history]
    assert history[0].test_accuracy is None
    assert history[0].collapse is None
    assert history[-1].collapse == trained.result.history[-1].collapse
    assert record.result.accuracy.best == record.result.accuracy.last
    assert record.result.accuracy.best_epoch == 2


def test_the_same_rule_gives_the_same_record_and_is_not_applied_twice(workspace: Path) -> None:
    first, _ = launched(run_of("NCM"))
    assert launched(run_of("NCM"))[1] == "already trained"
    assert launched(run_of("NCM"), force=True)[0].digest == first.digest
    assert evaluate_model(inputs_of(run_of("NCM"))).digest == first.digest


def test_a_rules_record_is_outdated_once_its_model_is_trained_again(workspace: Path) -> None:
    launched(run_of("NCM"))
    place = path_of(here(), run_of("CE"))
    record = load_record(place)
    save_record(record.model_copy(update={"notes": ("trained elsewhere",)}), place)
    with pytest.raises(UsageError, match="was made from another model of .*/CE/.*trained again"):
        launched(run_of("NCM"))
    assert any("another model" in entry.why for entry in outdated_records(here()))


def test_a_record_that_came_without_its_model_is_trained_again_for_a_rule(workspace: Path) -> None:
    trained, _ = launched(run_of("CE"))
    model(run_of("CE")).unlink()
    with pytest.raises(UserError, match="no model at .*Train the run first: ncmc train .*--force"):
        evaluate_model(inputs_of(run_of("CE")))
    assert launched(run_of("CE"))[1] == "already trained"  # without a rule nobody needs its model
    record, how = launched(run_of("NCM"))
    assert how == "evaluated"
    assert record.model_of is not None
    assert (
        record.model_of.digest
        == trained.digest
        == load_record(path_of(here(), run_of("CE"))).digest
    )


def test_a_model_of_another_run_is_refused(workspace: Path) -> None:
    launched(run_of("CE"))
    launched(run_of("CE", lr=0.05))
    shutil.copy(model(run_of("CE", lr=0.05)), model(run_of("CE")))
    with pytest.raises(UserError, match=r"model\.pt"):
        launched(run_of("NCM"))
