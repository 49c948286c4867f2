"""Methods can be told apart: by colour, with red or green cones missing, in grey, and by marker."""

import itertools
from functools import cache

import numpy as np
import pytest
from colours import contrast, lab
from conftest import here

from ncmc.figures.styles import DASHES, STYLES, Style, shades, style_of, styles_of
from ncmc.plan import catalog, grid
from ncmc.plan.grid_file import LAB, TIERS, table_names, table_names_in

PAGES = ("#fdfcfa", "#16181b")  # light and dark


@cache
def methods_of() -> dict[str, list[str]]:
    """The methods of each table and figure of the project, without a lab's own."""
    project = here()
    own = table_names_in(project, LAB)
    tables = [grid.table(project, name) for name in table_names(project) if name not in own]
    return {table.name: sorted({spec.run.method for spec in table.cells}) for table in tables}


def together(ours: bool = True) -> set[tuple[str, str]]:
    """The pairs of methods that stand in one table or figure; without `ours`, of the paper."""
    mixed = {name for file in TIERS for name in table_names_in(here(), file)}
    chosen = [methods for name, methods in methods_of().items() if ours or name not in mixed]
    return {pair for methods in chosen for pair in itertools.combinations(methods, 2)}


def test_every_method_of_our_tables_has_a_style_and_every_style_a_method() -> None:
    used = {method for methods in methods_of().values() for method in methods}
    assert used <= set(STYLES) <= set(catalog.names("method"))


@pytest.mark.parametrize(
    ("ours", "sight", "least"),
    [
        (False, "common", 25), (False, "deuteranopia", 18), (False, "protanopia", 18),
        (True, "common", 23), (True, "deuteranopia", 16), (True, "protanopia", 14),
    ],
)  # fmt: skip
def test_methods_of_one_table_have_colours_far_apart(ours: bool, sight: str, least: float) -> None:
    pairs = together(ours)
    assert len(pairs) > (80 if ours else 25)
    for first, second in pairs:
        a, b = (lab(STYLES[method].colour, sight) for method in (first, second))
        assert np.linalg.norm(a - b) >= least, (first, second)


def test_methods_of_one_table_differ_by_their_marker_and_the_papers_in_grey() -> None:
    for first, second in together():
        assert STYLES[first].marker != STYLES[second].marker, (first, second)
    for first, second in together(ours=False):
        a, b = STYLES[first], STYLES[second]
        assert abs(lab(a.colour)[0] - lab(b.colour)[0]) >= 3, (first, second)


def test_no_two_methods_look_alike() -> None:
    colours = [style.colour for style in STYLES.values()]
    assert len(set(colours)) == len(colours)
    for (first, a), (second, b) in itertools.combinations(STYLES.items(), 2):
        assert np.linalg.norm(lab(a.colour) - lab(b.colour)) >= 15, (first, second)
        assert (a.marker, a.dash) != (b.marker, b.dash), (first, second)


def test_colours_can_be_seen_on_light_and_on_dark_pages() -> None:
    own = [style_of(f"OWN-{i}").colour for i in range(300)]
    for colour in [*(style.colour for style in STYLES.values()), *own, *shades(6)]:
        for page in PAGES:
            assert contrast(colour, page) > 2.4, (colour, page)


def test_a_method_of_ones_own_looks_the_same_whatever_stands_beside_it() -> None:
    (alone,) = styles_of(["MY-LOSS"])
    assert alone == styles_of(["CE", "OTHER", "MY-LOSS"])[2] == style_of("MY-LOSS")
    assert style_of("MY-LOSS") == Style("#e233e2", "v", 2)
    assert len({style_of(f"OWN-{i}").colour for i in range(300)}) == 12


def test_variants_of_one_method_differ_by_dash_and_by_filling() -> None:
    first, second, other = styles_of(["CAL", "CAL", "CE"])
    assert first.colour == second.colour == STYLES["CAL"].colour
    assert (first.dash, second.dash) == (0, 1)
    assert (first.filled, second.filled, other.filled) == (True, False, True)
    assert second.marker_keys["markerfacecolor"] == "none"


def test_values_of_an_option_have_colours_from_dark_to_light() -> None:
    styles = styles_of(["CAL"] * 3)
    lightness = [lab(style.colour)[0] for style in styles]
    assert lightness[1] - lightness[0] > 5
    assert lightness[2] - lightness[1] > 5
    assert [style.dash for style in styles] == [0, 1, 2]
    assert all(style.dash < len(DASHES) for style in styles)
