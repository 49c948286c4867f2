"""The page of the whole project."""

from pathlib import Path

import fakes
import pytest
from conftest import here
from parsed_page import Page
from typer.testing import CliRunner

from cli.main import app
from ncmc.board.entries import board
from ncmc.page import project_page
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of the smoke run, and of CAL in table 6."""
    runs = tmp_path_factory.mktemp("project") / "runs"
    fakes.smoke(runs, grid.table(here(), "smoke"))
    table = grid.table(here(), "table6")
    for place, spec in enumerate(table.cells):
        fakes.fill(runs, spec, [50.0 + place, 51.0, 52.0])
    return runs


@pytest.fixture(scope="module")
def text(results: Path) -> str:
    return project_page.render(here(), results)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_answer_says_at_each_scale_what_was_checked_and_what_was_found(page: Page) -> None:
    start = page.text[: page.text.index("runs recorded")]
    assert "claims, 3 printed numbers and 1 own check at the paper's scale," in start
    assert "own checks at reduced scale, ✓" in start
    assert "own checks of the calibration, … 3 are incomplete" in start


def test_the_board_has_a_line_for_every_entry_with_its_tables(page: Page, results: Path) -> None:
    lines = [line for line in page.all("li") if line.get("data-row") == "check"]
    entries = board(here(), results=results).entries
    assert len(lines) == len(entries)
    assert [line["data-table"] for line in lines] == [" ".join(e.tables) for e in entries]


def test_every_cell_of_every_table_has_a_line(page: Page) -> None:
    lines = [line for line in page.all("tr") if line.get("data-row") == "cell"]
    tables = [grid.table(here(), name) for name in table_names(here())]
    assert len(lines) == sum(len(table.cells) for table in tables)
    for table in tables:
        assert any(line["data-table"] == table.name for line in lines)


def test_a_cell_that_stands_in_two_tables_has_one_card(page: Page) -> None:
    cards = [card["id"] for card in page.all("details") if card.get("class") == "card"]
    assert len(cards) == len(set(cards)) == 5 + 15
    opened = [link["data-opens"] for link in page.all("a") if "data-opens" in link]
    assert set(opened) == set(cards)
    assert len(opened) > len(cards)  # the reading of table 6 that other tables have too


def test_every_link_leads_somewhere_and_no_id_stands_twice(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(link["href"] or "").removeprefix("#") for link in page.all("a")} <= set(ids)


def test_a_cell_says_which_claims_look_at_it(page: Page) -> None:
    (line,) = [
        line
        for line in page.all("tr")
        if line.get("data-row") == "cell"
        and (line["data-table"], line["data-method"]) == ("smoke", "CE")
    ]
    assert "holds" in line["data-verdict"].split()
    assert page.text.count("S1 holds") >= 2  # CAL and CE


def test_what_is_missing_is_said_table_by_table(page: Page) -> None:
    said = "108 of 108 runs have no record; this makes them: uv run snakemake --cores all table5"
    assert said in page.text


def test_the_same_records_give_the_same_bytes(text: str, results: Path) -> None:
    assert project_page.render(here(), results) == text


def test_without_records_the_page_shows_the_plan(tmp_path: Path) -> None:
    empty = Page(project_page.render(here(), tmp_path))
    assert "0 of " in empty.text
    assert not [link for link in empty.all("a") if "data-opens" in link]


def test_the_command_without_a_name_writes_the_page_of_the_project(
    results: Path, tmp_path: Path, text: str
) -> None:
    for name in ([], ["all"]):
        out = tmp_path / "-".join(["out", *name])
        done = CliRunner().invoke(
            app, ["report", *name, "--results", str(results), "--out", str(out)]
        )
        assert done.exit_code == 0, done.output
        assert (out / "report.html").read_text() == text


def test_another_reading_is_of_one_table(results: Path) -> None:
    done = CliRunner().invoke(app, ["report", "all", "--assume", "A14=affine"])
    assert done.exit_code == 2
    assert "--assume is of one table" in done.output
