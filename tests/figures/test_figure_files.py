"""Figures as files: what is drawn is what the records say, and stands in the CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fakes
import pytest
from conftest import here
from fakes import read_cells
from PIL import Image

from ncmc.errors import UsageError
from ncmc.figures import marks
from ncmc.figures.figure import Figure, slug
from ncmc.figures.figure_files import FORMATS, as_csv, parse_formats, write_figures
from ncmc.figures.of_table import figures_of_board, figures_of_table
from ncmc.figures.painting import images, page_svg
from ncmc.figures.styles import style_of
from ncmc.plan import grid
from ncmc.results.cells import Cell
from ncmc.verdicts.judge import CellCache

NAMES = [
    "accuracy", "differences", "class_sizes", "curves", "claims",
]  # fmt: skip
BANNER = "Reduced scale: digits, resnet8. Not the paper's table."


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of a smoke run."""
    folder = tmp_path_factory.mktemp("runs")
    fakes.smoke(folder, grid.table(here(), "smoke"))
    return folder


@pytest.fixture(scope="module")
def cells(runs: Path) -> dict[str, Cell]:
    """Its cells by method."""
    found = read_cells(here(), grid.table(here(), "smoke"), runs)
    return {cell.spec.coord("method"): cell for cell in found}


@pytest.fixture(scope="module")
def smoke(runs: Path) -> dict[str, Figure]:
    """Its figures by name."""
    project = here()
    made = figures_of_table(project, grid.table(project, "smoke"), CellCache(project, runs))
    return {figure.name: figure for figure in made}


def lines(figure: Figure) -> list[dict[str, str]]:
    """The lines of a figure's CSV."""
    return list(csv.DictReader(io.StringIO(as_csv(figure))))


def of(figure: Figure, **wanted: str) -> list[dict[str, str]]:
    """The lines with given values."""
    return [row for row in lines(figure) if all(row[k] == v for k, v in wanted.items())]


def close(rows: Sequence[dict[str, str]], key: str, values: Sequence[float | None]) -> None:
    assert [float(row[key]) for row in rows] == pytest.approx(values)


def test_a_table_has_its_figures(smoke: dict[str, Figure]) -> None:
    assert list(smoke) == NAMES
    assert {name: len(figure.panels) for name, figure in smoke.items()} == {
        name: {"class_sizes": 5, "curves": 4}.get(name, 1) for name in NAMES
    }


def test_the_csv_of_accuracies_is_what_the_cells_say(
    smoke: dict[str, Figure], cells: dict[str, Cell]
) -> None:
    assert len(lines(smoke["accuracy"])) == 5
    for row in lines(smoke["accuracy"]):
        cell = cells[row["row"]]
        assert cell.last
        assert float(row["mean"]) == cell.last.mean
        assert (float(row["low"]), float(row["high"])) == cell.interval
        assert (row["seeds"], row["level"]) == ("5", "0.95")


def test_the_csv_of_class_sizes_has_each_class_with_its_images(
    smoke: dict[str, Figure], cells: dict[str, Cell]
) -> None:
    rows, records = of(smoke["class_sizes"], line="CAL"), cells["CAL"].records
    close(rows, "images", records[0].split.counts)
    for k, row in enumerate(rows):
        values = [r.result.per_class[k] for r in records]
        known = [v for v in values if v is not None]
        assert float(row["mean"]) == pytest.approx(sum(known) / 5)
        assert (float(row["low"]), float(row["high"])) == (min(known), max(known))


def test_the_csv_of_curves_has_every_epoch_with_its_band_and_floor(
    smoke: dict[str, Figure], cells: dict[str, Cell]
) -> None:
    rows = of(smoke["curves"], line="CAL", measure="nc_mean")
    by_seed = [
        [e.collapse.nc_mean for e in record.result.history if e.collapse]
        for record in cells["CAL"].records
    ]
    close(rows, "low", [min(column) for column in zip(*by_seed, strict=True)])
    close(rows, "high", [max(column) for column in zip(*by_seed, strict=True)])
    close(rows, "mean", [sum(column) / 5 for column in zip(*by_seed, strict=True)])
    floors = {row["floor"] for row in of(smoke["curves"], line="CAL", measure="variability")}
    assert floors == {"0.62"}
    assert {row["floor"] for row in of(smoke["curves"], measure="test_accuracy")} == {"10.0"}
    assert {row["floor"] for row in of(smoke["curves"], line="CE", measure="variability")} == {""}


def test_every_csv_has_a_line_for_each_row_and_no_other(smoke: dict[str, Figure]) -> None:
    counts = {name: len(lines(figure)) for name, figure in smoke.items()}
    assert counts["class_sizes"] == 5 * 10
    assert counts["curves"] == 5 * 4 * 60
    assert counts["differences"] == 4


def texts(svg: bytes) -> list[str]:
    """What is written in an SVG."""
    root = ElementTree.fromstring(svg.decode())
    return ["".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("}text")]


def test_an_image_names_what_it_shows_its_methods_and_its_scale(smoke: dict[str, Figure]) -> None:
    words = texts(images(smoke["class_sizes"], ("svg",))["svg"])
    assert "Accuracy against the size of the class (digits, resnet8, tau 0.02)" in words
    assert BANNER in words
    for label in ("CE", "SETF", "AL", "CAL", "CAL, theta = 0"):
        assert words.count(label) == 1
    assert words.count("training images of the class (log)") == 5


def test_an_image_for_latex_leaves_title_and_scale_to_the_caption(smoke: dict[str, Figure]) -> None:
    words = texts(images(smoke["accuracy"], ("svg",), titled=False)["svg"])
    assert BANNER not in words
    assert not any(smoke["accuracy"].title.startswith(word) for word in words)
    assert BANNER in smoke["accuracy"].words


def test_a_long_label_is_not_cut_at_the_edge(smoke: dict[str, Figure]) -> None:
    rows = tuple(
        replace(r, row=f"{r.row} a label of very many letters") for r in smoke["accuracy"].rows
    )
    panel = smoke["accuracy"].panels[0]
    styles = {(row.row, ""): style_of("CE") for row in rows}
    draw = partial(marks.draw_marks, styles=styles, words="")
    figure = replace(smoke["accuracy"], panels=(replace(panel, rows=rows, draw=draw),))
    drawn = Image.open(io.BytesIO(images(figure, ("png",), titled=False)["png"])).convert("L")
    assert drawn.crop((0, 0, 6, drawn.height)).getextrema() == (255, 255)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_records_give_the_same_bytes_whatever_else_is_drawn(
    smoke: dict[str, Figure], format: str
) -> None:
    alone = images(smoke["accuracy"], (format,))
    assert alone == {format: images(smoke["accuracy"], FORMATS)[format]}


def test_files_are_images_numbers_and_words(smoke: dict[str, Figure], tmp_path: Path) -> None:
    written = write_figures([smoke["accuracy"]], tmp_path / "figures")
    assert [path.name for path in written] == [
        f"accuracy.{end}" for end in ("svg", "png", "pdf", "csv", "txt")
    ]
    with Image.open(tmp_path / "figures/accuracy.png") as png:
        assert png.width > 800
    assert (tmp_path / "figures/accuracy.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figures/accuracy.csv").read_text() == as_csv(smoke["accuracy"])


def test_a_caption_says_seeds_intervals_and_scale(smoke: dict[str, Figure]) -> None:
    caption = smoke["accuracy"].words
    assert "Lines are 95 % intervals of the mean over seeds." in caption
    assert "5 seeds per line." in caption
    assert BANNER in caption
    assert "bands reach from the lowest seed to the highest" in smoke["curves"].caption


def test_a_caption_says_what_is_missing(runs: Path, tmp_path: Path) -> None:
    table = grid.table(here(), "smoke")
    fakes.fill(tmp_path, fakes.spec_of(table, "CE"), [70.0, 71.0])
    made = figures_of_table(here(), table, CellCache(here(), tmp_path))
    assert "2 seeds per line; 23 of 25 runs have no record." in made[0].words
    assert "accuracy" not in {figure.name for figure in made}  # of one method


def test_a_figure_in_a_page_takes_the_colours_of_the_page(smoke: dict[str, Figure]) -> None:
    svg = page_svg(smoke["claims"])
    assert "currentColor" in svg
    assert "<style" not in svg
    assert "#1b1b1b" not in svg


@pytest.mark.parametrize(
    ("name", "panels"), [("figure1", 6), ("figure4", 12), ("figure5", 12), ("figure6", 3)]
)
def test_the_papers_figures_are_drawn_from_records(name: str, panels: int, tmp_path: Path) -> None:
    table = grid.table(here(), name)
    for spec in table.cells:
        fakes.fill(tmp_path, spec, [70.0] * table.seeds)
    first: Any = figures_of_table(here(), table, CellCache(here(), tmp_path))[0]
    assert len(first.panels) == panels
    assert first.banner is None
    assert table.title in first.title


def test_names_are_parts_of_paths() -> None:
    assert slug("cifar10, tau 0.005, theta π/2") == "cifar10_tau_0.005_theta_pi-2"
    assert slug("../x;y") == "x_y"


def test_formats_are_names_with_commas() -> None:
    assert parse_formats("SVG, png,svg") == ("svg", "png")
    with pytest.raises(UsageError, match="unknown format 'gif' of figures; allowed: svg, png, pdf"):
        parse_formats("svg,gif")


def test_the_board_has_no_figure_without_records(tmp_path: Path) -> None:
    assert figures_of_board(here(), CellCache(here(), tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "of"), [("figure6", "class"), ("figure7", "image of the smallest class")]
)
def test_cosines_say_what_they_are_of_beside_one_scale(name: str, of: str, tmp_path: Path) -> None:
    table = grid.table(here(), name)
    fakes.fill(tmp_path, table.cells[0], [70.0] * table.seeds)
    first = figures_of_table(here(), table, CellCache(here(), tmp_path))[0]
    words = [
        element.text for element in ElementTree.fromstring(images(first, ("svg",))["svg"]).iter()
    ]
    assert words.count(of) == len(first.panels) == 3
    assert words.count("cosine") == 1
    drawn = Image.open(io.BytesIO(images(first, ("png",))["png"])).convert("L")
    width, height = drawn.size
    for edge in ((0, 0, width, 4), (0, height - 4, width, height), (0, 0, 4, height)):
        assert drawn.crop(edge).getextrema() == (255, 255), "something is cut off"
