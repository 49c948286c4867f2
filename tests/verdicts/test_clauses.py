"""Every check of a claim holds where its clause is true, and fails where that clause is false."""

import pytest
from conftest import here
from false_worlds import FALSITIES, OF_REDUCED, SCALES, Falsity
from worlds import MadeCells, World

from ncmc.paper.claims import claims
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.verdicts import judge
from ncmc.verdicts.check import Check
from ncmc.verdicts.checks_file import all_checks, checks_of
from ncmc.verdicts.verdict import Status

OF_CLAIMS = [check for check in all_checks(here()) if check.claim]
CLAUSES = [check for check in OF_CLAIMS if check.table in table_names(here(), "paper")]
REDUCED = [check for check in OF_CLAIMS if check not in CLAUSES]  # of the laptop tier
TESTABLE = [check for check in CLAUSES if check.kind != "untestable"]
REDUCED_IDS = {check.id for check in REDUCED}
FALSE_REDUCED = [false for false in OF_REDUCED if false.clause in REDUCED_IDS]


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.find()


@pytest.fixture(scope="module")
def true_world(project: Project) -> MadeCells:
    return MadeCells(project, World())


def status_of(check: Check, cells: MadeCells) -> Status:
    (same,) = [c for c in checks_of(cells.project, check.table) if c.id == check.id]
    return judge.judge(same, cells).status


@pytest.mark.parametrize("check", CLAUSES, ids=lambda check: check.id)
def test_a_clause_holds_where_it_is_true(check: Check, true_world: MadeCells) -> None:
    expected = "not testable" if check.kind == "untestable" else "holds"
    assert status_of(check, true_world) == expected


@pytest.mark.parametrize("check", REDUCED, ids=lambda check: check.id)
def test_a_clause_at_reduced_scale_holds_where_it_is_true(
    check: Check, true_world: MadeCells
) -> None:
    assert status_of(check, true_world) == "holds"


@pytest.mark.parametrize("false", [*FALSITIES, *FALSE_REDUCED], ids=lambda false: false.name)
def test_a_clause_that_alone_is_false_differs_and_the_others_hold(
    false: Falsity, project: Project
) -> None:
    cells = MadeCells(project, World(false.changes))
    (clause,) = [check for check in OF_CLAIMS if check.id == false.clause]
    assert status_of(clause, cells) == "differs"
    for other in _beside(clause):
        if other.id not in false.implied:
            assert status_of(other, cells) == "holds", other.id


def _beside(clause: Check) -> list[Check]:
    """The other clauses of its claim at its scale."""
    scale = next((scale for scale in SCALES if clause.id.startswith(scale)), None)
    every = [c for c in REDUCED if c.id.startswith(scale)] if scale else TESTABLE
    return [other for other in every if other.claim == clause.claim and other.id != clause.id]


def test_every_clause_is_made_false_at_every_scale() -> None:
    assert {false.clause for false in FALSITIES} == {check.id for check in TESTABLE}
    assert {false.clause for false in FALSE_REDUCED} == REDUCED_IDS


def test_every_claim_has_clauses() -> None:
    shown = {claim.id for claim in claims(here()).values() if claim.shown_in}
    assert {check.claim for check in CLAUSES} == shown
