"""A network that gives every image the same features: told, and no evidence."""

import dataclasses
from pathlib import Path

import fakes
import pytest
from conftest import here
from made_cells import AB, OURS, cell_of

from cli.training import print_trained
from ncmc.paper.printed_numbers import Number
from ncmc.plan import grid
from ncmc.plan.run import Run
from ncmc.results.cells import Cell
from ncmc.results.class_groups import group_accuracy
from ncmc.results.curves import sample_of
from ncmc.results.dead_runs import is_dead
from ncmc.results.problems import problems_in
from ncmc.results.record import Accuracy, Groups, Record
from ncmc.results.shared_spread import prior_of
from ncmc.results.table_cells import TableCells
from ncmc.verdicts import judge
from ncmc.verdicts.against_paper import compare
from ncmc.verdicts.kinds.chance import Chance
from ncmc.verdicts.kinds.curve import Curve, Term
from ncmc.verdicts.kinds.greater import Greater

NUMBER = Number(
    id="N1", table=None, run=Run("cifar10", 0.005, "resnet50", "CAL"),
    value=80.6, std=0.3, n=3, where="App. F.2", source="text", note="",
)  # fmt: skip
COLLAPSE = Curve(
    kind="curve", terms=(Term(measure="nc_mean", at="end", over="start", below=0.5),), **OURS
)
GUESSED = tuple(
    (fakes.IMAGES, *[0] * 9) for _ in range(10)
)  # every image is taken for the first class


def killed(record: Record, accuracy: float = 10.0, **measures: float) -> Record:
    """The record as of a run with constant features, with other collapse measures at its end."""
    chance = {"test_accuracy": accuracy, "test_accuracy_raw": accuracy}
    *before, end = [
        e if e.test_accuracy is None else e.model_copy(update=chance) for e in record.result.history
    ]
    assert end.collapse
    measures = {"class_cosine": 0.9999, **measures}
    pairs = (measures["class_cosine"],) * 45
    last = end.collapse.model_copy(update={**measures, "class_cosines": pairs})
    first = next(e.epoch for e in (*before, end) if e.test_accuracy is not None)
    per_class = (100.0, *[0.0] * 9)
    groups = {
        rule: group_accuracy(per_class, record.split.counts, rule) for rule in Groups.model_fields
    }
    result = record.result.model_copy(
        update={
            "accuracy": Accuracy(last=accuracy, last_raw=accuracy, best=accuracy, best_epoch=first),
            "per_class": per_class,
            "groups": Groups.model_validate(groups),
            "confusion": GUESSED,
            "history": (*before, end.model_copy(update={"collapse": last})),
        }
    )
    return record.model_copy(update={"result": result})


def with_a_dead_seed(cell: Cell, seed: int = 1) -> Cell:
    records = list(cell.records)
    records[seed] = killed(records[seed])
    return dataclasses.replace(cell, records=tuple(records))


@pytest.fixture
def cal() -> Cell:
    return cell_of([80.0, 81.0, 82.0])


def test_constant_features_at_chance_are_a_dead_run(cal: Cell) -> None:
    record = cal.records[0]
    assert is_dead(killed(record))
    assert is_dead(killed(record, class_cosine=0.0, variability=1.0, nc_std=0.0))  # all 0


def test_chance_with_different_features_and_alike_ones_that_are_told_apart_are_alive(
    cal: Cell,
) -> None:
    """CAL at theta = 0 is at chance by its decision rule; its classes' features differ."""
    record = cal.records[0]
    assert not is_dead(record)
    assert not is_dead(killed(record, class_cosine=0.78))
    assert not is_dead(killed(record, accuracy=40.0))


def test_the_largest_class_of_an_unequal_test_set_is_what_a_constant_gets(cal: Cell) -> None:
    record = killed(cal.records[0], accuracy=19.6)
    assert not is_dead(record)
    rows = ((490, *[0] * 9), *((200, *[0] * 9) for _ in range(9)))
    assert is_dead(fakes.with_result(record, confusion=rows))


def test_no_verdict_rests_on_a_cell_with_a_dead_run(cal: Cell) -> None:
    dead, ce = with_a_dead_seed(cal), cell_of([70.0, 71.0, 72.0], "CE")
    said = "seed 1 is dead: its network gives every image the same features, and is right in 10.0 %"
    findings = [
        *Greater(**OURS, **AB, kind="greater").judge([(dead, ce)]),
        *Chance(**OURS, kind="chance", cells={}).judge([dead]),
        *COLLAPSE.judge([dead]),
        compare(NUMBER, dead, 1.0),
    ]
    assert [f.status for f in findings] == ["inconclusive"] * 4
    assert all(said in f.why for f in findings)
    alive = [
        *Greater(**OURS, **AB, kind="greater").judge([(cal, ce)]),
        *COLLAPSE.judge([cal]),
    ]
    assert "inconclusive" not in {f.status for f in alive}


def test_a_verdict_over_several_settings_says_which_run_is_dead(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    fakes.smoke(tmp_path, smoke)
    run = fakes.spec_of(smoke, "CAL").run.with_seed(2)
    fakes.save(tmp_path, killed(fakes.record(run, 80.0)))
    verdicts = {v.id: v for v in judge.verify("smoke", tmp_path)}
    touched = [v for v in verdicts.values() if any("seed 2 is dead" in p for p in v.problems)]
    assert touched
    assert {v.status for v in touched} == {"inconclusive"}
    assert any(v.status == "holds" for v in verdicts.values())


def test_a_table_names_it_and_other_cells_do_not_take_over_its_spread(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    fakes.smoke(tmp_path, smoke)
    spec = fakes.spec_of(smoke, "CAL")
    fakes.save(tmp_path, killed(fakes.record(spec.run.with_seed(2), 80.0)))
    cells = TableCells(here(), tmp_path)
    assert any("seed 2 is dead" in note for note in cells.cell(spec, smoke).notes)
    alive = [cell for cell in cells.of(smoke) if cell.spec != spec]
    samples = [found for cell in alive if (found := sample_of(cell, "last"))]
    assert cells.prior(smoke, "digits", "last") == prior_of(samples)


def test_train_says_that_a_run_is_dead(cal: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    print_trained(killed(cal.records[1]), Path("record.json"), "trained")
    told = capsys.readouterr()
    assert "seed 1 is dead" in told.err
    assert "warmup_epochs=10" in told.err
    assert "accuracy 10.00 %" in told.out
    print_trained(cal.records[1], Path("record.json"), "trained")
    assert capsys.readouterr().err == ""


def test_its_problem_is_named_once(cal: Cell) -> None:
    (said,) = problems_in([with_a_dead_seed(cal)])
    assert said.endswith("as guessing is; no verdict rests on this cell.")
