"""The documents and the section of errata that are made of files of data."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest
from conftest import CHECKOUT, here
from fakes import read_cells
from parsed_page import Page

from ncmc.errors import UsageError
from ncmc.page import table_page
from ncmc.paper.claims import claims
from ncmc.paper.errata import errata
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names
from ncmc.verdicts.checks_file import all_checks


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(CHECKOUT / "tools")
    return importlib.import_module("claims_and_errata")


def test_the_documents_are_made_of_the_data(tool: ModuleType) -> None:
    """To make them again: python tools/claims_and_errata.py."""
    docs, project = CHECKOUT / "docs", here()
    stated, checks = claims(project), all_checks(project)
    assert (docs / "claims.md").read_text() == tool.claims_document(stated, checks)
    assert (docs / "errata.md").read_text() == tool.errata_document(errata(project))


def test_every_claim_and_clause_has_its_row_and_why_one_is_not_testable(tool: ModuleType) -> None:
    text = tool.claims_document(claims(here()), all_checks(here()))
    for claim in claims(here()).values():
        assert (f"**{claim.id}** (" in text) == (claim.shown_in is not None)
    papers = table_names(here(), "paper")
    for check in all_checks(here()):
        own = check.claim is None or check.table not in papers
        assert (f"| {check.id}: " in text) != own
    (row,) = [line for line in text.splitlines() if "| C13b: " in line]
    assert "not testable: no measurement can tell" in row


def test_a_bar_in_a_reading_does_not_break_the_table(tool: ModuleType) -> None:
    odd = [c.model_copy(update={"source": "a | b"}) for c in all_checks(here())]
    text = tool.claims_document(claims(here()), odd)
    (row,) = [line for line in text.splitlines() if "| C4: " in line]
    assert row.endswith("| a \\| b |")


def test_a_page_has_every_erratum(tmp_path: Path) -> None:
    planned = grid.table(here(), "table6")
    cells = read_cells(here(), planned, tmp_path)
    page = Page(table_page.render(here(), planned, cells, []))
    for entry in errata(here()):
        assert entry.printed in page.text
        assert entry.found in page.text
        for number in entry.evidence:
            assert f"{number.measure}: {number.value:g}" in page.text
    assert "ncmc theory T8 --json" in page.text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: E2", "id: E1", "E1: two entries have this id"),
        ("assumption: A24", "assumption: A240", "E1: unknown assumption 'A240'"),
        ("check: T8", "check: C8", "E1: unknown check 'C8'"),
        ("kind: error", "kind: slip", "E1: 'kind' is 'slip'"),
    ],
)
def test_a_senseless_erratum_is_refused(configured: Path, old: str, new: str, said: str) -> None:
    path = configured / "papers" / "ncmc" / "errata.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=rf"errata\.yaml: {said}"):
        errata(here())
