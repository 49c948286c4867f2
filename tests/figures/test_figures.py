"""Curves, bars and heat maps."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import fakes
import pytest
from colours import contrast
from conftest import here

from ncmc.figures.accuracy_maps import COLOURS, accuracy_maps, ink_on
from ncmc.figures.bars import group_bars
from ncmc.figures.curves import (
    NC_MEAN,
    accuracy_curves,
    collapse_curves,
    curve_picture,
)
from ncmc.figures.heat_maps import heat_maps
from ncmc.figures.lines import Group, groups
from ncmc.figures.styles import STYLES
from ncmc.figures.svg import Picture
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.table_cells import read_cells


@pytest.fixture(scope="module")
def smoke() -> Table:
    return grid.table(here(), "smoke")


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory, smoke: Table) -> Group:
    results = tmp_path_factory.mktemp("runs")
    fakes.smoke(results, smoke)
    (found,) = groups(smoke, read_cells(here(), smoke, results))
    return found


@pytest.fixture(scope="module")
def pictures(group: Group) -> list[Picture]:
    record = group.lines[0].cell.records[0]
    accuracies = accuracy_curves(group)
    assert accuracies is not None
    return [
        *collapse_curves(group),
        accuracies,
        group_bars(group),
        *heat_maps(record, "class_cosines"),
        *heat_maps(record, "tail_cosines"),
    ]


def planned(name: str, seeds: int = 1) -> tuple[Table, list[Cell]]:
    """Cells of a table with records that are not written anywhere."""
    table = grid.table(here(), name)
    return table, [
        Cell(spec, tuple(fakes.record(r, 50.0) for r in spec.runs(seeds)), ())
        for spec in table.cells
    ]


def test_every_picture_is_well_formed_and_stands_alone_in_a_page(pictures: list[Picture]) -> None:
    for picture in pictures:
        text = picture.svg.decode()
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg")
        assert root.get("viewBox")
        assert "<style" not in text  # it would reach the whole page
        assert "<script" not in text
        assert "currentColor" in text  # dark pages have light ink
        assert not re.search(r'(href|src)="https?:', text)


def test_ids_are_unique_over_the_page_and_every_reference_is_met(pictures: list[Picture]) -> None:
    text = "".join(picture.svg.decode() for picture in pictures)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {
        pair for i in ids for pair in ((i, ""), ("", i))
    }


def test_the_same_records_give_the_same_bytes(group: Group) -> None:
    record = group.lines[0].cell.records[0]
    first, second = (
        [*collapse_curves(group), *heat_maps(record, "class_cosines", most=2)] for _ in range(2)
    )
    assert [picture.svg for picture in first] == [picture.svg for picture in second]


def test_a_picture_says_in_words_what_it_shows(pictures: list[Picture]) -> None:
    assert pictures[0].title == "Mean of NC"
    assert re.search(r"CAL: 1\.\d+ at epoch 1, 0\.02\d* at epoch 60", pictures[0].alt)
    assert re.search(r"; CAL: many 9\d\.\d %, medium 8\d\.\d %, few 7\d\.\d %", pictures[4].alt)
    assert pictures[5].alt.startswith("Cosines between class means at epoch 1: mean 0.95")


def test_a_method_looks_the_same_in_every_picture(group: Group) -> None:
    looks = {line.label: (line.colour, line.marker) for line in group.lines}
    assert looks["CAL"] == (STYLES["CAL"].colour, STYLES["CAL"].marker)
    table, cells = planned("table2")
    for other in groups(table, cells):
        for line in other.lines:
            style = STYLES[line.cell.spec.run.method]
            assert (line.colour, line.marker) == (style.colour, style.marker)


def test_cells_of_one_method_differ_by_their_dash(group: Group) -> None:
    dashes = {line.label: line.dash for line in group.lines}
    assert dashes["CAL"] == 0
    assert dashes["CAL, theta = 0"] == 1


def test_groups_hold_cells_that_can_be_compared() -> None:
    table, cells = planned("table2")
    found = groups(table, cells)
    assert len(found) == 12
    for group in found:
        runs = [line.cell.spec.run for line in group.lines]
        assert len({(run.dataset, run.tau, run.backbone) for run in runs}) == 1
        assert [line.label for line in group.lines] == ["CE", "SETF", "CAL"]


def test_cells_without_records_are_in_no_picture(smoke: Table) -> None:
    cells = [Cell(spec, (), ()) for spec in smoke.cells]
    assert groups(smoke, cells) == []


def test_heat_maps_show_the_first_and_the_last_epoch(group: Group) -> None:
    titles = [p.title for p in heat_maps(group.lines[0].cell.records[0], "class_cosines")]
    assert titles == ["Epoch 1", "Epoch 21", "Epoch 40", "Epoch 60"]


def test_a_measure_that_nobody_took_has_no_picture(group: Group) -> None:
    line = group.lines[0]
    record = line.cell.records[0]
    bare = tuple(e.model_copy(update={"collapse": None}) for e in record.result.history)
    cell = replace(line.cell, records=(fakes.with_result(record, history=bare),))
    alone = replace(group, lines=(replace(line, cell=cell),))
    assert curve_picture(alone, NC_MEAN) is None


def mapped(name: str = "table6", **left_out: str) -> list[Picture]:
    """The maps of a table whose cells have records, but for those at a place."""
    table, cells = planned(name, seeds=2)
    kept = [
        replace(cell, records=())
        if left_out and all(cell.spec.coord(a) == v for a, v in left_out.items())
        else cell
        for cell in cells
    ]
    return accuracy_maps(table, kept)


def test_a_table_over_two_options_has_a_map_with_its_numbers_and_its_axes() -> None:
    (picture,) = mapped()
    assert picture.title == "Accuracy over f and theta, %"
    assert "f 10, theta π/2: 50.0 ± 0.0;" in picture.alt
    assert picture.alt.endswith("Chance is 10.0.")
    words = re.findall(r"<text[^>]*>([^<]+)</text>", picture.svg.decode())
    assert words.count("50.0") == words.count("± 0.0") == 15
    assert {"f", "theta", "π/2", "chance 10"} <= set(words)


def test_a_cell_without_a_record_is_a_dash_on_the_map() -> None:
    (picture,) = mapped(f="5", theta="0")
    assert "f 5, theta 0: –" in picture.alt
    assert re.findall(r"<text[^>]*>([^<]+)</text>", picture.svg.decode()).count("–") == 1


@pytest.mark.parametrize("name", ["smoke", "table1", "table2"])
def test_a_table_without_two_axes_of_options_has_no_map(name: str) -> None:
    assert mapped(name) == []


def test_a_table_without_records_has_no_map() -> None:
    table, cells = planned("table6", seeds=0)
    assert accuracy_maps(table, cells) == []


def test_the_colours_of_a_map_keep_their_order_in_grey_and_their_numbers_can_be_read() -> None:
    from matplotlib import colormaps

    shades = [colormaps[COLOURS](i / 50)[:3] for i in range(51)]
    greys = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in shades]
    assert greys == sorted(greys)
    for red, green, blue in shades:
        fill = f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
        assert contrast(ink_on((red, green, blue)), fill) > 4.5, fill
