"""Sweeps as entries of papers/ncmc/studies.yaml, and the studies that come with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import here

from ncmc.errors import UsageError, UserError
from ncmc.paper.assumptions import assumptions
from ncmc.plan import grid, studies
from ncmc.plan.grid_file import STUDIES, grid_entries, table_names
from ncmc.plan.option_text import format_value
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.checks_file import checks_of

AXES: dict[str, list[Any]] = {
    "dataset": ["digits"],
    "backbone": ["resnet8"],
    "method": ["CAL"],
    "tau": [0.02],
    "f": [5, 10],
    "theta": [0, 0.2, "pi/2"],
}
ENTRY = studies.entry_of(AXES, 2)
OLD = studies.as_yaml("old", studies.entry_of(AXES | {"f": [2]}, None))
SHIPPED = [n for n, placed in grid_entries(here()).items() if placed.file.name == STUDIES]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5,10,20", [5, 10, 20]),
        ("0,0.2,pi/2", [0, 0.2, "pi/2"]),
        ("on,off", [True, False]),
        ("frozen", ["frozen"]),
        ("π/2,1e-3", ["π/2", 0.001]),
    ],
)
def test_values_are_read_as_a_file_has_them(text: str, values: list[Any]) -> None:
    assert studies.axis_values(text) == values
    assert [type(v) for v in studies.axis_values(text)] == [type(v) for v in values]


@pytest.mark.parametrize("text", ["", ",", "5,,10", "5,"])
def test_an_empty_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has an empty value; needed: VALUE,VALUE"):
        studies.axis_values(text)


def test_the_last_option_that_is_swept_stands_across() -> None:
    assert ENTRY["columns"] == ["theta"]
    assert studies.name_of(AXES) == "sweep_f_theta"
    plain = {axis: values[:1] for axis, values in AXES.items()} | {"tau": [0.01, 0.02]}
    assert studies.entry_of(plain, None)["columns"] == ["tau"]
    assert "seeds" not in studies.entry_of(plain, None)


def test_the_text_of_an_entry_reads_back_as_the_entry() -> None:
    odd = AXES | {"mixup": [True, False], "prediction_bn": ["none", "frozen"], "lr": [1e-20, 0.1]}
    for entry in (ENTRY, studies.entry_of(odd, None)):
        text = studies.as_yaml("a", entry)
        assert yaml.safe_load(f"tables:\n{text}") == {"tables": {"a": entry}}
    assert "      theta: [0, 0.2, pi/2]\n" in studies.as_yaml("a", ENTRY)


def test_a_sweep_is_the_table_that_its_entry_means_saved_or_not(configured: Path) -> None:
    before = studies.table_of(here(), "mine", ENTRY)
    assert len(before.cells) == 6
    assert (before.seeds, before.columns, before.scale) == (2, ("theta",), "reduced")
    assert {cell.coord("theta") for cell in before.cells} == {"0", "0.2", "π/2"}
    studies.save(here(), "mine", ENTRY)
    assert grid.table(here(), "mine") == before
    assert studies.table_of(here(), "mine", ENTRY) == before
    assert "mine" not in table_names(here(), "paper")


def test_saving_keeps_all_that_the_file_had(configured: Path) -> None:
    path = configured / "papers" / "ncmc" / STUDIES
    before = path.read_text()
    studies.save(here(), "mine", ENTRY)
    studies.save(here(), "other", studies.entry_of(AXES | {"f": [3]}, None))
    assert set(before.splitlines()) <= set(path.read_text().splitlines())
    assert list(yaml.safe_load(path.read_text())["tables"]) == ["other", "mine", *SHIPPED]


@pytest.mark.parametrize(
    "rest",
    [
        "tables: {}\n",
        "tables: {} # none yet\n",
        "",
        "tables: {}\n# the end\nfigures: {}\n",
        f"figures: {{}}\ntables:\n  # a comment\n\n{OLD}",
    ],
)
def test_an_entry_can_be_added_to_a_file_of_any_usual_form(configured: Path, rest: str) -> None:
    path = configured / "papers" / "ncmc" / STUDIES
    head = 'scale: reduced\nseeds: {value: 3, source: "ours"}\ntolerance: {value: 1.0, source: "ours"}\n'
    path.write_text(head + rest)
    studies.save(here(), "mine", ENTRY)
    text = path.read_text()
    assert yaml.safe_load(text)["tables"]["mine"] == ENTRY
    assert all(line in text for line in rest.splitlines() if "#" in line and "tables" not in line)
    assert grid.table(here(), "mine").cells


def test_a_file_that_cannot_be_added_to_is_left_as_it_is(configured: Path) -> None:
    path = configured / "papers" / "ncmc" / STUDIES
    whole = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(whole, default_flow_style=True))
    before = path.read_text()
    with pytest.raises(UserError, match="Put the entry below its `tables:` by hand"):
        studies.save(here(), "mine", ENTRY)
    assert path.read_text() == before


@pytest.mark.parametrize("name", ["smoke", "table6", "study_order"])
def test_a_name_that_another_table_has_is_refused(configured: Path, name: str) -> None:
    with pytest.raises(UsageError, match=rf"'{name}' is in .*yaml already.*choose another --name"):
        studies.save(here(), name, ENTRY)


def test_the_same_sweep_again_is_no_clash_but_another_is(configured: Path) -> None:
    studies.save(here(), "mine", ENTRY)
    assert studies.is_saved(here(), "mine", ENTRY)
    edited = {**ENTRY, "title": "my own words", "columns": ["f"]}
    assert studies.is_saved(here(), "mine", edited)
    with pytest.raises(UsageError, match="choose another --name"):
        studies.table_of(here(), "mine", studies.entry_of(AXES, 3))


@pytest.mark.parametrize(
    "name", ["all", "train", "../evil", "a b", "", "1st", "x" * 41, "a+A14=none"]
)
def test_a_name_that_is_no_target_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="a table is called"):
        studies.table_of(here(), name, ENTRY)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"thetta": [0.1]}, "ncmc sweep, mine: unknown option of resnet8 with CAL 'thetta'"),
        ({"method": ["CLA"]}, "unknown method 'CLA'. Did you mean 'CAL'?"),
        ({"tau": [2]}, "tau is 2; allowed"),
        ({"threads": [1, 2]}, "says how a run is computed"),
        ({"f": [5, 5]}, "two cells are the same run"),
        ({"epochs": [*range(1, 3000)]}, "cells; allowed: 5,000"),
    ],
)
def test_a_senseless_axis_of_a_sweep_is_refused(axes: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        studies.table_of(here(), "mine", studies.entry_of(AXES | axes, None))
    assert said in str(caught.value)


# --- the studies that come with ncmc -----------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_study_is_small_and_has_checks(name: str) -> None:
    table = grid.table(here(), name)
    if not name.startswith("study_jpeg"):  # of images that have to be brought
        assert {cell.run.dataset for cell in table.cells} == {"digits"}
    if table.seeds > 1:  # one seed is shown, and judged by nothing
        assert 12 <= len(table.runs) <= 75
        assert checks_of(here(), name)


@pytest.mark.parametrize(
    ("name", "assumption"),
    [
        ("study_f_counts", "A25"),
        ("study_order", "A16"),
        ("study_linear", "A12"),
        ("study_prediction_bn", "A14"),
    ],
)
def test_a_study_of_an_assumption_has_its_choice_and_all_its_alternatives(
    name: str, assumption: str
) -> None:
    (entry,) = [entry for entry in assumptions(here()) if entry.id == assumption]
    axis = grid_entries(here())[name].entry.axes[str(entry.option)]
    assert [format_value(v) for v in axis] == [entry.choice, *(a.value for a in entry.alternatives)]


def test_a_study_compares_within_a_method() -> None:
    """Neither side names a method: AL stands against AL, CAL against CAL."""
    for name in ("study_linear", "study_prediction_bn", "study_f_counts"):
        for check in checks_of(here(), name):
            assert isinstance(check, Pairs)
            for better, than in cell_selection.pairs(here(), check):
                assert better.run.method == than.run.method
