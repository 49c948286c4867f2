"""Axes -> runs: the paper's tables as the specification counts them."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from conftest import CHECKOUT, copy_project, here
from hypothesis import given, settings
from hypothesis import strategies as st

from ncmc.errors import UsageError
from ncmc.plan import grid, grid_file
from ncmc.plan.grid_file import grid_entries, table_names
from ncmc.plan.option_text import axis_label, format_options, parse_options
from ncmc.plan.run import make_run, parse_run_id, resolve_run

checkout = cache(here)  # its files read once


def values(table: str, field: str) -> set[object]:
    return {getattr(cell.run, field) for cell in grid.table(here(), table).cells}


def test_table2_is_two_backbones_two_datasets_three_taus_three_methods() -> None:
    table = grid.table(here(), "table2")
    assert len(table.cells) == 2 * 2 * 3 * 3
    assert len(table.runs) == len(set(table.runs)) == 108
    assert values("table2", "backbone") == {"resnet50", "densenet150"}
    assert values("table2", "dataset") == {"cifar10", "cifar100"}
    assert values("table2", "tau") == {0.005, 0.01, 0.02}
    assert values("table2", "method") == {"CE", "SETF", "CAL"}
    cal = [cell.run for cell in table.cells if cell.run.method == "CAL"]
    assert {dict(run.options)["f"] for run in cal} == {10}  # A18


@pytest.mark.parametrize(
    ("name", "cells"),
    [("table1", 24), ("table3", 42), ("table4", 9), ("table5", 36), ("table7", 18), ("smoke", 5)],
)
def test_every_table_has_the_cells_of_the_specification(name: str, cells: int) -> None:
    assert len(grid.table(here(), name).cells) == cells


def test_imagenet_is_one_fixed_list() -> None:
    imagenet = [c.run for c in grid.table(here(), "table3").cells if c.run.dataset == "imagenet_lt"]
    assert len(imagenet) == 6
    assert {run.tau for run in imagenet} == {5 / 1280}


def test_tables_share_the_runs_that_they_have_in_common() -> None:
    table1, table2 = set(grid.table(here(), "table1").runs), set(grid.table(here(), "table2").runs)
    shared = {run.cell.id for run in table1 & table2}
    assert "cifar100/tau=0.01/resnet50/CE/default/seed=0" in shared


def test_every_cell_of_every_table_resolves_and_has_a_place_of_its_own() -> None:
    project = here()
    for name in table_names(project):
        table = grid.table(project, name)
        assert len({cell.coords for cell in table.cells}) == len(table.cells), name
        assert len({cell.run for cell in table.cells}) == len(table.cells), name
        for cell in table.cells:
            resolve_run(project, cell.run)
            assert parse_run_id(project, cell.run.id) == cell.run


def test_an_option_that_repeats_the_recipe_is_no_option() -> None:
    plain = make_run("cifar10", 0.01, "resnet50", "CE")
    assert make_run("cifar10", 0.01, "resnet50", "CE", {"mixup": True, "epochs": 200}) == plain
    assert (
        make_run("cifar10", 0.01, "resnet50", "CE", {"mixup": False}).id.split("/")[4]
        == "mixup=off"
    )


def test_how_a_run_is_computed_is_no_part_of_it() -> None:
    run = make_run("digits", 0.02, "resnet8", "CE", {"threads": 2, "precision": "float32"})
    assert format_options(run.options) == "default"


@settings(deadline=None, max_examples=60)
@given(
    tau=st.floats(min_value=1e-4, max_value=1),
    f=st.integers(2, 50),
    theta=st.floats(0, 1.5),
    mixup=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_an_id_reads_back_as_its_run(
    tau: float, f: int, theta: float, mixup: bool, seed: int
) -> None:
    options = {"f": f, "theta": theta, "mixup": mixup}
    run = make_run("cifar10", tau, "resnet32", "CAL", options, seed, project=checkout())
    assert parse_run_id(checkout(), run.id) == run


@pytest.mark.parametrize("tau", [0, -0.1, 1.01, float("nan"), float("inf")])
def test_tau_outside_its_range_is_refused(tau: float) -> None:
    with pytest.raises(UsageError, match=r"tau is .* allowed: a number in \(0, 1\]"):
        make_run("digits", tau, "resnet8", "CE")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("digits", "is not a run id; allowed: DATASET/tau=T"),
        ("digit/tau=0.1/resnet8/CE/default/seed=0", "unknown dataset 'digit'. Did you mean"),
        ("digits/tau=0.1/resnet9/CE/default/seed=0", "unknown backbone 'resnet9'"),
        ("digits/tau=0.1/resnet8/CEE/default/seed=0", "unknown method 'CEE'"),
        ("digits/tau=x/resnet8/CE/default/seed=0", "tau is x"),
        ("digits/tau=0.1/resnet8/CE/f/seed=0", "'f' is not KEY=VALUE"),
        ("digits/tau=0.1/resnet8/CE/f=1,f=2/seed=0", "'f' is given twice"),
        ("digits/tau=0.1/resnet8/CE/f=a;b/seed=0", "cannot stand in a path"),
        ("digits/tau=0.1/resnet8/CE/default/seed=99999999999", "seed is 99999999999"),
        ("digits/tau=0.1/resnet8/CE/default/seed=-1", "seed is -1; allowed: an integer from 0"),
        ("digits/tau=0.1/resnet8/CE/default/seed=one", "seed is one; allowed: an integer"),
    ],
)
def test_a_bad_id_says_what_is_allowed(text: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_run_id(here(), text)
    assert what in str(caught.value)


def test_an_unknown_table_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown table 'tabel2'. Did you mean 'table2'"):
        grid.table(here(), "tabel2")


def test_options_in_an_id_are_joined_without_commas_and_read_with_them() -> None:
    """Snakemake splits a wildcard at commas when it hands a job to a cluster."""
    run = make_run("digits", 0.02, "resnet8", "CAL", {"f": 20, "theta": 0.2, "lr": 1e-20})
    assert format_options(run.options) == "f=20+lr=1e-20+theta=0.2"
    assert parse_run_id(here(), run.id) == parse_run_id(here(), run.id.replace("+", ",")) == run
    assert parse_options("a=1e+20+b=2") == {"a": 1e20, "b": 2}


def test_pi_halves_is_a_number_wherever_a_value_is_written() -> None:
    half = 1.5707963267948966
    assert parse_options("theta=pi/2") == parse_options("theta=π/2") == {"theta": half}
    assert grid_file.split_axis_value("theta", "pi/2") == (half, {})
    assert grid_file.split_axis_value("method", {"CAL": {"theta": "π/2"}}) == (
        "CAL",
        {"theta": half},
    )
    run = make_run("digits", 0.02, "resnet8", "CAL", parse_options("theta=pi/2"))
    assert parse_run_id(here(), run.id) == run


def test_pi_halves_is_shown_as_such_on_an_axis() -> None:
    labels = {cell.coord("theta") for cell in grid.table(here(), "table6").cells}
    assert labels == {"0", "0.2", "0.5", "1", "π/2"}
    assert axis_label(1.5707963267948966) == "π/2"
    assert axis_label(3.141592653589793) == "π"
    assert [axis_label(v) for v in (0.0, 1.5707963, 3, "CAL", True)] == [
        *("0", "1.5707963", "3", "CAL", "on")
    ]


def rename_smoke(root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A project whose smoke.yaml calls its table by another name."""
    copy_project(root)
    path = root / "papers" / "ncmc" / "smoke.yaml"
    path.write_text(path.read_text().replace("  smoke:", f"  {json.dumps(name)}:"))
    monkeypatch.setenv("NCMC_ROOT", str(root))


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "x;touch PWNED", "$(touch PWNED)", "`touch PWNED`", "", "-x", ".hidden", "(", "[/b]",
        "a b", "a/b", "a\n", "é", "1st", "x" * 41, "all", "All", "train", "fetch", "split", "table",
        "verify", "report", "preflight", "theory", "runs", "published", "data", "results", "logs",
    ],
)  # fmt: skip
def test_a_table_name_that_stands_for_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rename_smoke(tmp_path, monkeypatch, name)
    with pytest.raises(UsageError) as caught:
        grid_entries(here())
    monkeypatch.undo()
    told = str(caught.value)
    assert "smoke.yaml" in told
    assert repr(name) in told
    assert "allowed: a letter, then up to 39 letters, digits, _ or -" in told


@pytest.mark.parametrize("name", ["table2b", "Smoke-2", "x" * 40, "my_table", "runs2"])
def test_other_words_are_names_of_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rename_smoke(tmp_path, monkeypatch, name)
    try:
        assert name in table_names(here(), "reduced")
    finally:
        monkeypatch.undo()


def test_every_rule_of_the_workflow_is_a_reserved_name() -> None:
    files = [CHECKOUT / "Snakefile", *(CHECKOUT / "rules").glob("*.smk")]
    rules = {r for f in files for r in re.findall(r"^rule (\w+):", f.read_text(), re.MULTILINE)}
    assert {"all", "split", "train", "theory"} <= rules
    assert rules <= grid_file.RESERVED
