"""What a table, a claim or `all` can decide, by which runs, at what cost."""

from pathlib import Path

import fakes
import pytest
from conftest import here

from ncmc import jobs
from ncmc.errors import UsageError
from ncmc.forecast.cost import estimate, missing_trainings, without_record
from ncmc.forecast.questions import decides, runs_of
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.plan.run import Run, make_run


def runs_of_claim(name: str) -> list[Run]:
    return runs_of(decides(here(), name))


def test_a_claim_is_decided_by_the_runs_of_all_its_checks_in_any_table() -> None:
    runs = runs_of_claim("C13")  # theta = pi/2 in table6 against SETF in table1
    assert {run.method for run in runs} == {"CAL", "SETF"}
    assert {run.seed for run in runs} == {0, 1, 2}
    assert len(runs) == len(set(runs))
    assert set(runs) <= {
        run for name in table_names(here()) for run in grid.table(here(), name).runs
    }


def test_a_check_is_decided_by_fewer_runs_than_its_table_has() -> None:
    assert {run.method for run in runs_of_claim("S1")} == {"CAL", "CE"}
    assert len(runs_of_claim("S1")) == 2 * grid.table(here(), "smoke").seeds


def test_a_printed_number_is_decided_by_its_cell_alone() -> None:
    (run, *more) = runs_of_claim("N1")
    assert run == make_run("cifar10", 0.005, "resnet50", "CAL", {"f": 20, "theta": 0.2})
    assert [r.seed for r in more] == [1, 2]


@pytest.mark.parametrize("table", ["table3", "table6", "smoke", "figure1"])
def test_the_questions_of_a_table_need_no_run_that_its_verdicts_do_not_read(table: str) -> None:
    job = jobs.Jobs(here())

    class Wildcards:
        pass

    wildcards = Wildcards()
    wildcards.table = table  # type: ignore[attr-defined]
    read = {*job.records_of(wildcards), *job.evidence_of(wildcards)}
    assert set(jobs.records_of(runs_of(decides(here(), table)))) <= read


def test_all_asks_each_printed_number_once_and_every_claim_of_the_paper() -> None:
    questions = decides(here(), "all")
    assert len({q.id for q in questions}) == len(questions)
    assert {"N1", "C1", "C17", "F1", "F7"} <= {q.subject for q in questions}
    assert all(q.table.scale == "paper" for q in questions)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="Did you mean 'table2'"):
        decides(here(), "tabel2")
    with pytest.raises(UsageError, match="unknown table, claim or check 'C99'"):
        runs_of_claim("C99")


def test_a_decision_rule_costs_the_training_that_it_shares_with_its_model() -> None:
    ce = make_run("cifar10", 0.01, "resnet32", "CE")
    rule = make_run("cifar10", 0.01, "resnet32", "NCM")
    assert estimate(here(), [ce, rule]) == estimate(here(), [ce])
    assert estimate(here(), [ce, rule]).hours > 0


def test_a_decision_rule_whose_model_is_there_costs_no_training(tmp_path: Path) -> None:
    ce, rule = (make_run("cifar10", 0.01, "resnet32", method) for method in ("CE", "NCM"))
    assert missing_trainings(here(), [rule], tmp_path) == [ce]
    fakes.save(tmp_path, fakes.record(ce, 70.0, project=here()))
    assert missing_trainings(here(), [rule], tmp_path) == []


def test_what_has_a_record_is_not_missing(tmp_path: Path) -> None:
    spec = grid.table(here(), "smoke").cells[0]
    fakes.fill(tmp_path, spec, [70.0, 71.0])
    left = without_record(here(), [*spec.runs(3), *spec.runs(3)], tmp_path)
    assert [run.seed for run in left] == [2]
