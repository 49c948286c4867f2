"""The figures of a table: which there are, what stands in them, and that what is drawn can be read."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import fakes
import matplotlib.figure
import pytest
from conftest import here
from fakes import read_cells

from ncmc.figures import cosines, epoch_curves, marks
from ncmc.figures.class_sizes import class_size_panels
from ncmc.figures.figure import Figure, Panel
from ncmc.figures.grouping import Group, Page, groups
from ncmc.figures.of_table import table_figures
from ncmc.figures.painting import page_svg
from ncmc.figures.styles import STYLES
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, smoke: Table) -> list[Cell]:
    results = tmp_path_factory.mktemp("runs")
    fakes.smoke(results, smoke)
    return read_cells(here(), smoke, results)


@pytest.fixture(scope="module")
def group(smoke: Table, cells: list[Cell]) -> Group:
    (found,) = groups(smoke, cells)
    return found


@pytest.fixture(scope="module")
def figures(smoke: Table, cells: list[Cell]) -> list[Figure]:
    return table_figures(here(), smoke, cells)


def planned(name: str, seeds: int = 1, last: Sequence[float] = (50.0,)) -> tuple[Table, list[Cell]]:
    """Cells of a table with records that are not written anywhere; `last`: accuracies in turn."""
    table, project = grid.table(here(), name), here()
    return table, [
        Cell(
            spec,
            tuple(
                fakes.record(run, last[place % len(last)] + run.seed, project=project)
                for run in spec.runs(seeds)
            ),
            (),
        )
        for place, spec in enumerate(table.cells)
    ]


def drawn(panel: Panel) -> Any:
    axes = matplotlib.figure.Figure().add_subplot()
    panel.draw(axes, panel.rows)
    return axes


def labels(panel: Panel) -> list[str]:
    """What is written at the left of a panel."""
    return [label.get_text() for label in drawn(panel).get_yticklabels()]


def test_every_picture_is_well_formed_and_stands_alone_in_a_page(figures: list[Figure]) -> None:
    drawn = [figure for figure in figures if figure.name in ("accuracy", "differences", "curves")]
    pictures = [page_svg(figure) for figure in drawn]
    for text in pictures:
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg")
        assert root.get("viewBox")
        assert "<style" not in text  # it would reach the whole page
        assert "<script" not in text
        assert "currentColor" in text  # dark pages have light ink
        assert not re.search(r'(href|src)="https?:', text)
    together = "".join(pictures)
    ids = re.findall(r'\bid="([^"]+)"', together)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', together)) <= {
        pair for i in ids for pair in ((i, ""), ("", i))
    }


def test_a_method_looks_the_same_in_every_picture() -> None:
    for name in ("smoke", "table2"):
        for group in groups(*planned(name)):
            for line in group.lines:
                style = STYLES[line.cell.spec.run.method]
                assert (line.style.colour, line.style.marker) == (style.colour, style.marker)


def test_groups_hold_cells_that_can_be_compared() -> None:
    found = groups(*planned("table2"))
    assert len(found) == 12
    for group in found:
        runs = [line.cell.spec.run for line in group.lines]
        assert len({(run.dataset, run.tau, run.backbone) for run in runs}) == 1
        assert [line.label for line in group.lines] == ["CE", "SETF", "CAL"]


def test_cells_without_records_are_in_no_picture(smoke: Table) -> None:
    cells = [Cell(spec, (), ()) for spec in smoke.cells]
    assert groups(smoke, cells) == []
    assert table_figures(here(), smoke, cells) == []


# --- accuracies ------------------------------------------------------------------------------


def test_accuracies_stand_at_their_names_the_best_first_and_no_row_is_empty(
    smoke: Table, cells: list[Cell]
) -> None:
    without = [
        replace(cell, records=()) if cell.spec.run.method == "AL" else cell for cell in cells
    ]
    (group,) = groups(smoke, without)
    panel = marks.accuracy_panel(group, "")
    means = [row.mean for row in panel.rows]
    assert means == sorted(means, reverse=True)
    assert labels(panel) == [row.row for row in panel.rows]
    assert "AL" not in labels(panel)
    assert len(means) == 4


def test_differences_say_above_below_or_not_told_apart_by_the_interval() -> None:
    table, cells = planned("smoke", seeds=3, last=(50.0, 70.0, 60.3, 60.0, 10.0))
    (group,) = groups(table, cells)
    panel = marks.difference_panel(Page((group,)), "CAL")
    assert panel
    words = {row.row: row.word for row in panel.rows}
    assert words == {
        "CE": "above", "SETF": "below", "AL": "not told apart", "CAL, theta = 0": "above",
    }  # fmt: skip
    for row in panel.rows:
        assert row.low is not None
        assert row.high is not None
        outside = {"above": row.low > 0, "below": row.high < 0}
        assert outside.get(row.word, row.low < 0 < row.high)
    assert [text.get_text() for text in drawn(panel).texts] == list(words.values())


def test_a_difference_is_seen_against_0_however_far_it_is() -> None:
    (group,) = groups(*planned("smoke", seeds=3, last=(50.0, 50.0, 50.0, 90.0, 50.0)))
    panel = marks.difference_panel(Page((group,)), "CAL")
    assert panel
    low, high = drawn(panel).get_xlim()
    assert low < 0 < 40 < high


def test_what_all_marks_have_in_common_is_said_once_below_them() -> None:
    (group,) = groups(*planned("smoke", seeds=3))
    panel = marks.differences_drawn("CAL", marks.differences(group, "CAL", "60 epochs"))
    assert labels(panel)[:3] == ["CE", "SETF", "AL"]
    assert drawn(panel).get_xlabel() == "points of accuracy, 60 epochs\nright of 0: CAL is better"


def test_the_lines_of_one_row_stand_below_each_other_and_its_name_once() -> None:
    table, cells = planned("laptop_budget", seeds=3)
    panel = marks.difference_panel(Page(tuple(groups(table, cells))), "CAL")
    assert panel
    assert labels(panel)[:4] == ["CE, epochs 12", "epochs 40", "epochs 120", "SETF, epochs 12"]


def test_one_seed_has_no_interval_and_says_so() -> None:
    (group,) = groups(*planned("smoke"))
    panel = marks.difference_panel(Page((group,)), "CAL")
    assert panel
    assert {(row.low, row.high, row.word) for row in panel.rows} == {(None, None, "1 seed")}


def test_at_most_five_methods_have_a_panel_against_the_size_of_classes() -> None:
    table, cells = planned("laptop_methods", last=tuple(range(30, 60)))
    group = groups(table, cells)[0]
    panels = class_size_panels(group, Page((group,)))
    means = {line.label: line.mean for line in group.lines}
    shown = [panel.title for panel in panels]
    assert len(shown) == 5
    assert shown[0] == group.lines[0].label  # what the others are compared with
    assert {*shown[1:]} == {*sorted(means, key=lambda label: -means[label])[:4]}
    assert len(drawn(panels[0]).lines) == 5 + 1  # the others behind it, and chance


# --- curves and cosines ----------------------------------------------------------------------


def test_a_measure_of_no_or_one_epoch_has_no_curve(group: Group) -> None:
    line = group.lines[0]
    record = line.cell.records[0]
    history = record.result.history
    none = tuple(e.model_copy(update={"collapse": None}) for e in history)
    for kept in (none, (*none[:-1], history[-1])):
        cell = replace(line.cell, records=(fakes.with_result(record, history=kept),))
        alone = replace(group, lines=(replace(line, cell=cell),))
        assert epoch_curves.curve_panel(alone, epoch_curves.NC_MEAN, "") is None
    assert epoch_curves.curve_panel(group, epoch_curves.NC_MEAN, "")


def test_cosines_are_of_the_first_a_middle_and_the_last_epoch(group: Group) -> None:
    panels = cosines.cosine_panels(group.lines[0].cell.records[0], "class_cosines")
    assert [panel.title for panel in panels] == ["Epoch 1", "Epoch 31", "Epoch 60"]
