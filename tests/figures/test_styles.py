"""Methods can be told apart: by colour, with red or green cones missing, in grey, and by marker."""

import itertools

import numpy as np
import pytest
from colours import contrast, lab
from conftest import here

from ncmc.figures.styles import DASHES, STYLES, Style, looks_of, shades, style_of
from ncmc.plan import catalog, grid
from ncmc.plan.grid_file import LAB, TIERS, table_names, table_names_in

PAGES = ("#fdfcfa", "#16181b")  # light and dark


def names() -> list[str]:
    """The tables and figures of the project, without a lab's own."""
    own = table_names_in(here(), LAB)
    return [name for name in table_names(here()) if name not in own]


def together(ours: bool = False) -> set[tuple[str, str]]:
    """The pairs of methods that stand in one table or figure.

    Our tiers have tables of methods that no other table has together: more than colours can
    tell apart. Their figures tell them by marker, dash and label too.
    """
    mixed = {name for file in TIERS for name in table_names_in(here(), file)}
    chosen = [name for name in names() if (name in mixed) == ours]
    tables = [grid.table(here(), name) for name in chosen if not name.endswith("_methods")]
    used = [sorted({spec.run.method for spec in table.cells}) for table in tables]
    return {pair for methods in used for pair in itertools.combinations(methods, 2)}


def test_every_method_of_our_tables_has_a_style_and_every_style_a_method() -> None:
    used = {spec.run.method for name in names() for spec in grid.table(here(), name).cells}
    assert used <= set(STYLES) <= set(catalog.names("method"))


@pytest.mark.parametrize(
    ("sight", "least"), [("common", 25), ("deuteranopia", 18), ("protanopia", 18)]
)
def test_methods_of_one_table_have_colours_far_apart(sight: str, least: float) -> None:
    pairs = together()
    assert len(pairs) > 50
    for first, second in pairs:
        a, b = (lab(STYLES[method].colour, sight) for method in (first, second))
        assert np.linalg.norm(a - b) >= least, (first, second)


def test_methods_of_one_table_differ_in_grey_and_by_their_marker() -> None:
    for first, second in together():
        a, b = STYLES[first], STYLES[second]
        assert abs(lab(a.colour)[0] - lab(b.colour)[0]) >= 3, (first, second)
        assert a.marker != b.marker, (first, second)


def test_methods_of_one_table_of_our_tiers_differ_by_their_marker() -> None:
    for first, second in together(ours=True):
        assert STYLES[first].marker != STYLES[second].marker, (first, second)


def test_no_two_methods_look_alike() -> None:
    colours = [style.colour for style in STYLES.values()]
    assert len(set(colours)) == len(colours)
    for (first, a), (second, b) in itertools.combinations(STYLES.items(), 2):
        assert np.linalg.norm(lab(a.colour) - lab(b.colour)) >= 15, (first, second)
        assert (a.marker, a.dash) != (b.marker, b.dash), (first, second)


def test_a_family_has_one_dash() -> None:
    by_family = {(style.family, style.dash) for style in STYLES.values()}
    assert len(by_family) == len({family for family, _ in by_family})


def test_colours_can_be_seen_on_light_and_on_dark_pages() -> None:
    own = [style_of(f"OWN-{i}").colour for i in range(300)]
    ramps = [shade for style in STYLES.values() for shade in shades(style.colour, 6)]
    for colour in [*(style.colour for style in STYLES.values()), *own, *ramps]:
        for page in PAGES:
            assert contrast(colour, page) > 2.4, (colour, page)


def test_a_method_of_ones_own_looks_the_same_whatever_stands_beside_it() -> None:
    alone = looks_of([("MY-LOSS", "MY-LOSS")])[0]
    beside = looks_of([("CE", "CE"), ("OTHER", "OTHER"), ("MY-LOSS", "MY-LOSS")])[2]
    assert alone == beside
    assert style_of("MY-LOSS") == Style("own", "#169a58", "v", 2)
    assert len({style_of(f"OWN-{i}").colour for i in range(300)}) == 24


def test_variants_of_one_method_differ_by_dash_and_by_filling() -> None:
    first, second, other = looks_of([("CAL", "CAL"), ("CAL, theta = 0", "CAL"), ("CE", "CE")])
    assert first.colour == second.colour == STYLES["CAL"].colour
    assert (first.dash, second.dash) == (0, 1)
    assert (first.filled, second.filled, other.filled) == (True, False, True)
    assert second.marker_keys["markerfacecolor"] == "none"


def test_values_of_an_option_are_shades_of_the_methods_colour_from_dark_to_light() -> None:
    looks = looks_of([("f 5", "CAL"), ("f 10", "CAL"), ("f 20", "CAL")])
    lightness = [lab(look.colour)[0] for look in looks]
    assert lightness[1] - lightness[0] > 5
    assert lightness[2] - lightness[1] > 5
    assert [look.dash for look in looks] == [0, 1, 2]
    assert all(look.dash < len(DASHES) for look in looks)
