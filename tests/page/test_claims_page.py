"""The page of the claims, made of the checks and of the paper's words."""

from conftest import CHECKOUT, here

from ncmc.page.claims_page import as_markdown
from ncmc.paper.claims import claims
from ncmc.plan.grid_file import table_names
from ncmc.verdicts.checks_file import all_checks


def test_the_docs_page_is_made_of_the_checks() -> None:
    """To make it again: python -m ncmc.page.claims_page > docs/claims.md."""
    assert (CHECKOUT / "docs" / "claims.md").read_text() == as_markdown(
        claims(here()), all_checks(here())
    )


def test_every_claim_and_clause_stands_on_it_and_why_one_is_not_testable() -> None:
    page = as_markdown(claims(here()), all_checks(here()))
    for claim in claims(here()).values():
        assert (f"**{claim.id}** (" in page) == (claim.shown_in is not None)
    for check in all_checks(here()):
        papers = check.claim is not None and check.table in table_names(here(), "paper")
        assert (f"| {check.id}: " in page) == papers
    (row,) = [line for line in page.splitlines() if "| C13b: " in line]
    assert "not testable: no measurement can tell" in row


def test_a_bar_in_a_reading_does_not_break_the_table() -> None:
    odd = [c.model_copy(update={"source": "a | b"}) for c in all_checks(here())]
    (row,) = [x for x in as_markdown(claims(here()), odd).splitlines() if "| C4: " in x]
    assert row.endswith("| a \\| b |")
