"""The page of the whole project."""

import re
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
from ncmc.verdicts.judge import CellCache


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
    return project_page.render(here(), CellCache(here(), results))


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_what_is_known_is_counted_at_each_scale(page: Page) -> None:
    start = page.text[: page.text.index("runs recorded")]
    assert "claims of the paper: " in start
    assert "3 printed numbers: " in start
    assert re.search(r"checks of ours: .*\d+ judged at a smaller scale alone", start)


def test_every_claim_has_one_row_with_its_scales_side_by_side(page: Page, results: Path) -> None:
    rows = [line["id"] for line in page.all("li") if line.get("data-row") == "claim"]
    entries = board(here(), results=results).entries
    assert len(rows) == len(set(rows)) == len(entries)
    untold = ("incomplete", "not testable")
    known = {e.id for e in entries if any(v.status not in untold for v in e.verdicts)}
    claims = {e.id for e in entries if e.subject == "claim"}
    assert {row.removeprefix("v-") for row in rows[: len(known & claims)] if row} == known & claims


def test_every_cell_with_records_has_a_line_and_tables_without_are_folded(page: Page) -> None:
    lines = [line for line in page.all("tr") if line.get("data-row") == "cell"]
    cards = {card["id"] for card in page.all("details") if card.get("class") == "card"}
    links = [link["data-opens"] for link in page.all("a") if "data-opens" in link]
    assert set(links) == cards
    assert len(links) > len(lines) > len(cards)  # ranked too, and cells of two tables
    folded = page.text[page.text.index("and figures without a record") :]
    empty = [name for name in ("table5", "figure1", "laptop_methods") if f" {name}, " in folded]
    assert empty == ["table5", "figure1", "laptop_methods"]


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
    rows = [line for line in page.all("tr") if line.get("data-row") == "cell"]
    words = [line["data-verdict"] or "" for line in rows if line["data-method"] == "CE"]
    assert any("holds" in verdicts.split() for verdicts in words)
    assert page.text.count("S1 holds") >= 2  # CAL and CE


def test_what_is_missing_is_said_table_by_table(page: Page) -> None:
    assert re.search(r"table5, .{0,20}: 108 runs, uv run snakemake --cores all table5", page.text)


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes(text: str, results: Path) -> None:
    assert project_page.render(here(), CellCache(here(), results)) == text


@pytest.mark.slow
def test_the_page_opens_with_the_picture_of_a_tier_that_has_its_records(tmp_path: Path) -> None:
    budget = grid.table(here(), "laptop_budget")
    for spec in budget.cells:
        seeds = {"CAL": [61.0, 62.3, 62.7], "CE": [50.0, 51.0, 52.0]}
        fakes.fill(tmp_path, spec, seeds.get(spec.run.method, [60.5, 61.4, 62.6]))
    text = Page(project_page.render(here(), CellCache(here(), tmp_path), "laptop")).text
    start = text[: text.index("runs recorded")]
    assert "✓ above cross-entropy (CE): +11.0 points" in start
    assert start.index("cross-entropy (CE)") < start.index("CAL minus each other method")
    assert "ResNet-20, 120 epochs" in start
    assert "What the re-run finds: laptop tier" in start
    assert "None of these runs is at the paper's own scale" in start


def test_a_cell_names_the_claims_that_are_decided_and_no_empty_column(tmp_path: Path) -> None:
    smoke = grid.table(here(), "smoke")
    fakes.fill(tmp_path, fakes.spec_of(smoke, "CAL"), [80.0])
    one = Page(project_page.render(here(), CellCache(here(), tmp_path), "smoke"))
    assert "checks that use it" not in one.text
    assert "cell seeds last, % best, % CAL" in one.text
    for label in ("AL", "CAL"):
        fakes.fill(tmp_path, fakes.spec_of(smoke, label), [80.0, 80.4, 80.1, 79.9, 80.2])
    more = Page(project_page.render(here(), CellCache(here(), tmp_path), "smoke"))
    assert "cell seeds last, % 95 % interval best, % checks that use it" in more.text


def test_without_records_nothing_empty_is_unfolded(tmp_path: Path) -> None:
    empty = Page(project_page.render(here(), CellCache(here(), tmp_path)))
    assert "0 of " in empty.text
    assert not [link for link in empty.all("a") if "data-opens" in link]
    assert not empty.all("figure")
    assert not [line for line in empty.all("tr") if "data-row" in line]


@pytest.mark.slow
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


def test_a_tier_has_a_page_as_it_is_published(tmp_path: Path) -> None:
    published = here().root / "results/published/laptop/results"
    run = CliRunner().invoke(
        app, ["report", "laptop", "--results", str(published / "runs"), "--out", str(tmp_path)]
    )
    assert run.exit_code == 0, run.output
    assert (tmp_path / "report.html").read_bytes() == (published / "report.html").read_bytes()
