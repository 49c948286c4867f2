"""The picture that README and page open with."""

from pathlib import Path
from xml.etree import ElementTree

import fakes
import pytest
from conftest import CHECKOUT, here

from ncmc.board.answers import leads
from ncmc.figures.figure import Figure
from ncmc.figures.opening import OTHERS, opening_figure, opening_images
from ncmc.plan import grid
from ncmc.project import Project
from ncmc.sharing.publish import answer_figure, answer_pictures
from ncmc.verdicts.judge import CellCache

MEANS = {"CAL": 61.0, "CE": 50.0, "SETF": 62.0, "AL": 60.9, "BALANCED-SOFTMAX": 64.0, "NCM": 58.0}


def fill_budget(runs: Path) -> None:
    for spec in grid.table(here(), "laptop_budget").cells:
        mean = MEANS[spec.run.method]
        fakes.fill(runs, spec, [mean, mean + 0.2, mean + 0.4])


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Figure:
    runs = tmp_path_factory.mktemp("runs")
    fill_budget(runs)
    table = grid.table(here(), "laptop_budget")
    made = opening_figure({table.name: (table, CellCache(here(), runs).of(table))})
    assert made
    return made


def test_each_method_has_its_marks_by_budget_with_interval_and_word(figure: Figure) -> None:
    alone = ("ARB", "CE-LA")  # in the table of methods alone
    budgeted = [name for name in OTHERS if name not in alone]
    assert list(dict.fromkeys(row.row for row in figure.rows)) == budgeted
    budgets = [row.series for row in figure.rows if row.row == "CE"]
    assert budgets == [f"ResNet-20, {epochs} epochs" for epochs in (12, 40, 120)]
    ce = [row for row in figure.rows if row.row == "CE"]
    assert {row.word for row in ce} == {"above"}
    assert [row.mean for row in ce] == pytest.approx([11.0] * 3, abs=0.01)
    assert {row.word for row in figure.rows if row.row == "BALANCED-SOFTMAX"} == {"below"}
    assert "SETF unscaled (a what-if)" not in {row.row for row in figure.rows}


def test_the_images_are_for_light_and_dark_pages_without_background(figure: Figure) -> None:
    images = opening_images(figure)
    assert set(images) == {"light", "dark"}
    for name, ink in (("light", b"#1b1b1b"), ("dark", b"#e4e2dd")):
        ElementTree.fromstring(images[name])
        assert ink in images[name]
        assert b"#ffffff" not in images[name]
    assert images == opening_images(figure)


def test_without_calibrated_pairs_there_is_no_picture(tmp_path: Path) -> None:
    table = grid.table(here(), "laptop_budget")
    assert opening_figure({table.name: (table, CellCache(here(), tmp_path).of(table))}) is None
    assert opening_figure({}) is None


def test_the_published_pictures_are_of_the_published_records(configured: Path) -> None:
    assert answer_pictures(here()) == {}
    fill_budget(configured / "results" / "published" / "laptop" / "results" / "runs")
    names = [name.rpartition("/")[2] for name in answer_pictures(here())]
    assert names == ["answer-light.svg", "answer-dark.svg"]


def test_the_picture_has_the_intervals_of_readmes_answers() -> None:
    project = Project(CHECKOUT)
    figure = answer_figure(project)
    assert figure
    drawn = {(row.row, row.mean): row for row in figure.rows}
    answers = [lead for lead in leads(project) if lead.other in OTHERS]
    assert answers
    for lead in answers:
        row = drawn[lead.other, lead.contrast.difference.mean]
        assert (row.low, row.high) == (lead.contrast.interval or (None, None))
