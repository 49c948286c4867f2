"""config/checks.yaml against the claims and the grid."""

import shutil

import pytest
from conftest import here

from ncmc.errors import UsageError
from ncmc.paper import checks
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.claims import claims
from ncmc.plan import grid
from ncmc.system import documents


@pytest.fixture
def spoilt(tmp_path, monkeypatch):
    """A project root whose checks.yaml holds one given check."""
    shutil.copytree(here().config("."), tmp_path / "config")
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path))

    def write(text: str) -> None:
        (tmp_path / "config" / checks.FILE).write_text(f"checks:\n  - {text}\n")

    yield write


def test_every_claim_about_results_has_a_check():
    checked = {check.claim for check in checks.all_checks(here())}
    assert {c.id for c in claims(here()).values() if c.shown_in} <= checked


def test_every_check_belongs_to_the_table_of_its_claim():
    for check in checks.all_checks(here()):
        if check.claim:
            assert check.table == claim_named(here(), check.claim).shown_in


def test_every_check_finds_its_cells():
    for check in checks.all_checks(here()):
        if isinstance(check, checks.Pairs):
            assert checks.pairs(here(), check), check.id
        elif isinstance(check, checks.Cells):
            assert checks.select(here(), check, check.cells), check.id


def test_a_reading_that_is_ours_says_so():
    """A margin, a bound, or an exception is nothing that the paper states."""
    for check in checks.all_checks(here()):
        bounds = {"margin", "allow", "most", "ratio", "above", "first"} & check.model_fields_set
        if bounds:
            assert check.source.startswith("ours"), check.id


def test_the_two_sides_agree_on_all_that_neither_names():
    check = next(c for c in checks.checks_of(here(), "table2") if c.id == "C4")
    pairs = checks.pairs(here(), check)
    assert len(pairs) == 12
    for better, than in pairs:
        assert (better.run.method, than.run.method) == ("CAL", "CE")
        for axis in ("dataset", "tau", "backbone"):
            assert better.coord(axis) == than.coord(axis)


def test_recipe_values_choose_cells_too():
    check = next(c for c in checks.checks_of(here(), "table1") if c.id == "C2b")
    assert all(("mixup", False) in better.run.options for better, _ in checks.pairs(here(), check))
    check = next(c for c in checks.checks_of(here(), "table1") if c.id == "C2a")
    assert all("mixup" not in dict(better.run.options) for better, _ in checks.pairs(here(), check))


def test_a_side_may_lie_in_another_table():
    check = next(c for c in checks.checks_of(here(), "table6") if c.id == "C15b")
    ((better, than),) = checks.pairs(here(), check)
    assert better in grid.table(here(), "table3").cells
    assert than in grid.table(here(), "table2").cells


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{id: X, table: smoke, kind: greatest}",
            r"unknown kind 'greatest'. Did you mean 'greater'",
        ),
        (
            "{id: X, table: smok, kind: text, reason: r}",
            r"unknown table 'smok'. Did you mean 'smoke'",
        ),
        ("{id: X, table: smoke, kind: text, reason: r, claim: C99}", r"unknown claim 'C99'"),
        (
            "{id: X, table: smoke, kind: chance, cell: {}}",
            r"X: 'cells' is missing; X: unknown key 'cell'. Did you mean 'cells'",
        ),
        ("{id: X, table: smoke, kind: collapse, cells: {}, ratio: 2}", r"'ratio' is 2"),
    ],
)
def test_a_wrong_check_is_refused_with_what_is_allowed(spoilt, text, said):
    spoilt(text)
    with pytest.raises(UsageError, match=said):
        checks.all_checks(here())


def test_a_check_about_no_cell_is_refused(spoilt):
    spoilt("{id: X, table: smoke, kind: chance, cells: {method: CAL, theta: 0.3}}")
    (check,) = checks.all_checks(here())
    with pytest.raises(UsageError, match=r"no cell of smoke has .*method=CAL, theta=0.3"):
        checks.select(here(), check, check.cells)


def test_checks_are_the_claims_file_and_no_more():
    ids = [entry["id"] for entry in documents.load_yaml(here().config(checks.FILE))["checks"]]
    assert len(ids) == len(set(ids)) == len(checks.all_checks(here()))
