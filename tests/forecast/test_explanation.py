"""One claim in full: its reading, its runs, its findings by setting."""

from pathlib import Path

import fakes
import pytest
from conftest import here

from ncmc.errors import UsageError
from ncmc.forecast.explanation import explain
from ncmc.plan import grid
from ncmc.verdicts.checks_file import all_checks


def test_a_claim_of_several_tables_names_the_runs_of_all_and_what_they_cost(tmp_path: Path) -> None:
    told = explain(here(), "C13", tmp_path)
    assert {run.split("/")[3] for run in told.runs} == {"CAL", "SETF"}
    assert told.missing == told.runs
    assert told.cost_of_missing.hours > 0
    clause = told.clauses[0]
    assert clause.reading["margin"] == 2.0
    assert "within 2 points" in clause.verdict.source
    tables = ("full_methods", "laptop_f_theta", "table6")
    assert sorted(told.commands) == [f"uv run snakemake --cores all {name}" for name in tables]


def test_a_claim_that_is_asked_at_two_scales_is_told_at_both(tmp_path: Path) -> None:
    told = explain(here(), "C13", tmp_path).sentence
    assert told.startswith("Incomplete at tau 0.01 alone after 120 epochs of resnet20: ")
    assert "Incomplete at tau 0.01 alone after 200 epochs of resnet32: " in told


def test_a_claim_has_every_clause_and_a_clause_itself_alone(tmp_path: Path) -> None:
    clauses = [clause.verdict.id for clause in explain(here(), "C1", tmp_path).clauses]
    assert clauses[:3] == ["C1a", "C1b", "C1c"]
    told = explain(here(), "C1c", tmp_path)
    assert [clause.verdict.id for clause in told.clauses] == ["C1c"]
    assert "CAL > SETF" in told.says


def test_what_was_found_is_told_setting_by_setting(tmp_path: Path) -> None:
    fakes.smoke(tmp_path, grid.table(here(), "smoke"))
    told = explain(here(), "S2", tmp_path)
    assert told.status == "holds"
    assert told.missing == told.commands == ()
    finding = told.clauses[0].verdict.findings[0]
    assert isinstance(estimate := finding.numbers["estimate"], float)
    assert 7 < estimate < 10
    assert [cell.split("/")[3] for cell in finding.cells] == ["CAL", "SETF"]


def test_a_printed_number_is_made_by_the_smallest_table_that_has_it(tmp_path: Path) -> None:
    told = explain(here(), "N3", tmp_path)
    assert len(told.runs) == 3
    assert told.commands == ("uv run snakemake --cores all numbers",)


def one_of_each() -> list[str]:
    """A claim, a printed number, and a check of each kind."""
    kinds = {check.kind: check.id for check in reversed(all_checks(here()))}
    return ["C17", "N2", *kinds.values()]


@pytest.mark.slow
@pytest.mark.parametrize("name", one_of_each())
def test_every_kind_of_entry_can_be_explained(name: str, tmp_path: Path) -> None:
    told = explain(here(), name, tmp_path)
    assert told.clauses
    assert told.sentence


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("C99", "unknown table, claim or check 'C99'"),
        ("T1", "`ncmc theory` checks it"),
        ("table2", "`ncmc verify table2` lists"),
        ("all", "`ncmc verify all` lists"),
        ("", "unknown table, claim or check"),
    ],
)
def test_what_is_no_entry_is_refused_with_what_to_do(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        explain(here(), name)
