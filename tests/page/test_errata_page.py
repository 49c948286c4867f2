"""The errata: one file of data, from which the docs page and a section of every page come."""

from pathlib import Path

import pytest
from conftest import CHECKOUT, here
from parsed_page import Page

from ncmc.errors import UsageError
from ncmc.page import table_page as report_page
from ncmc.page.errata_page import as_markdown
from ncmc.paper.errata import errata
from ncmc.plan import grid
from ncmc.results.table_cells import read_cells


def test_the_docs_page_is_made_of_the_data() -> None:
    """To make it again: python -m ncmc.page.errata_page > docs/errata.md."""
    assert (CHECKOUT / "docs" / "errata.md").read_text() == as_markdown(errata(here()))


@pytest.mark.parametrize("table", ["smoke", "table6", "figure5"])
def test_every_page_has_every_erratum(tmp_path: Path, table: str) -> None:
    planned = grid.table(here(), table)
    cells = read_cells(here(), planned, tmp_path)
    page = Page(report_page.render(here(), planned, cells, []))
    assert {"href": "#errata"} in page.all("a")
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
    path = configured / "config" / "paper" / "errata.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=rf"errata\.yaml: {said}"):
        errata(here())
