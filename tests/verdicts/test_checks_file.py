"""papers/ncmc/checks.yaml against the claims and the grid."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import copy_project, here

from ncmc.errors import UsageError
from ncmc.paper.claims import claim as claim_named
from ncmc.paper.claims import claims
from ncmc.plan import grid
from ncmc.plan.grid_file import FILES, table_names
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Pairs
from ncmc.verdicts.checks_file import FILE, all_checks, checks_of

CHANCE = "{id: X, table: smoke, kind: chance, cells: {method: CAL}}"
GREATER = "{id: X, table: smoke, kind: greater, better: {method: CAL}, than: {method: CE}}"
LARGEST = (
    "{id: X, table: table3, kind: largest, better: {method: CAL}, than: {method: KCL}, "
    "axis: tau, at: 0.005, where: {dataset: cifar10}}"
)
PEAK = "{id: X, table: table6, kind: peak, cells: {method: CAL}, axis: theta}"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the checks.yaml of a project of its own, whose files of tables have no checks."""
    copy_project(tmp_path)
    monkeypatch.setenv("NCMC_ROOT", str(tmp_path))
    for file in FILES:
        path = here().config(file)
        path.write_text(path.read_text().partition("\nchecks:")[0])

    def write(*checks: str) -> None:
        lines = "".join(f"  - {check}\n" for check in checks)
        here().config(FILE).write_text(f"checks:\n{lines}")

    return write


def test_every_claim_about_results_has_a_check() -> None:
    project = here()
    checked = {check.claim for check in all_checks(project)}
    assert {c.id for c in claims(project).values() if c.shown_in} <= checked


def test_every_check_at_the_papers_scale_belongs_to_the_table_of_its_claim() -> None:
    project = here()
    papers = table_names(project, "paper")
    for check in all_checks(project):
        if check.claim and check.table in papers:
            assert check.table == claim_named(project, check.claim).shown_in


def test_every_check_finds_its_cells() -> None:
    project = here()
    checked = [check for name in table_names(project) for check in checks_of(project, name)]
    assert len(checked) == len(all_checks(project)) > 40


def test_a_reading_that_is_ours_says_so() -> None:
    """A margin, a bound, or an exception is nothing that the paper states."""
    for check in all_checks(here()):
        bounds = {"margin", "allow", "most", "ratio", "terms"} & check.model_fields_set
        if bounds:
            assert check.source.startswith("ours"), check.id


def test_the_two_sides_agree_on_all_that_neither_names() -> None:
    check = next(c for c in checks_of(here(), "table2") if c.id == "C4")
    assert isinstance(check, Pairs)
    pairs = cell_selection.pairs(here(), check)
    assert len(pairs) == 12
    for better, than in pairs:
        assert (better.run.method, than.run.method) == ("CAL", "CE")
        for axis in ("dataset", "tau", "backbone"):
            assert better.coord(axis) == than.coord(axis)


def test_recipe_values_choose_cells_too() -> None:
    check = next(c for c in checks_of(here(), "table1") if c.id == "C2b")
    assert isinstance(check, Pairs)
    assert all(
        ("mixup", False) in better.run.options for better, _ in cell_selection.pairs(here(), check)
    )
    check = next(c for c in checks_of(here(), "table1") if c.id == "C2a")
    assert isinstance(check, Pairs)
    assert all(
        "mixup" not in dict(better.run.options) for better, _ in cell_selection.pairs(here(), check)
    )


def test_a_side_may_lie_in_another_table() -> None:
    check = next(c for c in checks_of(here(), "table6") if c.id == "C15b")
    assert isinstance(check, Pairs)
    ((better, than),) = cell_selection.pairs(here(), check)
    assert better in grid.table(here(), "table3").cells
    assert than in grid.table(here(), "table2").cells


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (
            "{id: X, table: smoke, kind: greatest}",
            "unknown kind 'greatest'. Did you mean 'greater'",
        ),
        ("{id: X, table: smoke}", "'kind' is missing"),
        (CHANCE.replace("smoke", "smok"), "unknown table 'smok'. Did you mean 'smoke'"),
        (CHANCE.replace("id: X", "id: X, claim: C99"), "unknown claim 'C99'"),
        (CHANCE.replace("cells:", "cell:"), "unknown key 'cell'. Did you mean 'cells'"),
        (CHANCE.replace("{method: CAL}", "CAL"), "'cells' is 'CAL': a mapping is needed"),
        (CHANCE.replace("CAL}", "[]}"), r"'cells.method' is \[\]: .*tuple should have at least 1"),
        (
            CHANCE.replace("CAL}", "{a: 1}}"),
            "method' is {'a': 1}: .*boolean, or .*a list",
        ),
        (CHANCE.replace("CAL}", ".nan}"), "'cells.method' is nan: .*finite number"),
        (
            CHANCE.replace("kind: chance", "kind: curve, terms: []"),
            r"'terms' is \[\]: .*at least 1",
        ),
        (
            CHANCE.replace(
                "kind: chance", "kind: curve, terms: [{measure: nc, at: end, below: 1}]"
            ),
            "'terms.0.measure' is 'nc': ",
        ),
        (GREATER.replace("kind: greater", "kind: greater, margin: '1'"), "'margin' is '1'"),
        (GREATER.replace("kind: greater", "kind: greater, allow: true"), "'allow' is True"),
        (GREATER.replace("kind: greater", "kind: greater, rule: means"), "unknown key 'rule'"),
        (GREATER.replace("kind: greater", "kind: greater, delta: -1"), "'delta' is -1"),
    ],
)
def test_a_check_that_is_badly_written_is_refused_with_what_is_allowed(
    written: Callable[..., None], check: str, said: str
) -> None:
    written(check)
    with pytest.raises(UsageError, match=rf"checks\.yaml: X: .*{said}"):
        all_checks(here())


def test_a_check_needs_an_id_of_its_own(written: Callable[..., None]) -> None:
    written(CHANCE, GREATER)
    with pytest.raises(UsageError, match=r"checks\.yaml: X: two checks have this id"):
        all_checks(here())
    written(CHANCE.replace("id: X", "id: 1"))
    with pytest.raises(UsageError, match=r"checks\.yaml: 'checks.0.id' is 1"):
        all_checks(here())


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (CHANCE.replace("method", "methd"), "'cells': unknown key 'methd'. Did you mean 'method'"),
        (
            CHANCE.replace("CAL", "[CAL, CAM]"),
            "'cells': .*unknown method 'CAM'. Did you mean 'CAL'",
        ),
        (
            CHANCE.replace("CAL", "CAL, theta: 0.3"),
            "no cell of smoke has theta=0.3: .*Allowed: 0, 0.2",
        ),
        (
            CHANCE.replace("CAL", "CE, f: 20"),
            "'cells': no cell of smoke has method=CE, f=20. Cells: d",
        ),
        (CHANCE.replace("CAL", "CAL, table: tabel1"), "'cells': unknown table 'tabel1'. Did you"),
        (
            CHANCE.replace("id: X", "id: X, where: {tau: 5}"),
            "'where': .*unknown tau '5'. Allowed: 0.02",
        ),
        (CHANCE.replace("id: X", "id: X, where: {table: table1}"), "'where': unknown key 'table'"),
        (
            GREATER.replace("than: {method: CE}", "than: {method: CE, table: table1}"),
            "no cell of 'bet",
        ),
        (
            GREATER.replace("CE", "SETF").replace("CAL", "SETF"),
            "no cell of 'better' has the same ",
        ),
        (
            LARGEST.replace("axis: tau", "axis: tua"),
            "'axis': unknown axis 'tua'. Did you mean 'tau'",
        ),
        (LARGEST.replace("axis: tau", "axis: lr"), "'axis': unknown axis 'lr'. Allowed: backbone"),
        (
            LARGEST.replace("at: 0.005", "at: 0.5"),
            "'at' in cifar10, .*tau '0.5'.* Allowed: 0.005, ",
        ),
        (LARGEST.replace("cifar10", "imagenet_lt"), "'at' in imagenet_lt.*Allowed: 0.00390625"),
        (LARGEST.replace("where: {", "where: {tau: 0.005, "), "tau has the value 0.005 alone"),
        (
            LARGEST.replace("KCL", "[KCL, ARB]"),
            "'than' in cifar10.* two cells .*ARB.* name one method",
        ),
        (
            PEAK.replace("axis: theta", "axis: thetta"),
            "unknown axis 'thetta'. Did you mean 'theta'",
        ),
        (
            PEAK.replace("axis: theta", "axis: theta, where: {theta: [0, 0.2]}"),
            "'axis' in cifar100.*: theta is 0, 0.2; needed: three values",
        ),
        (
            PEAK.replace("axis: theta", "axis: dataset"),
            "'axis': dataset has the value cifar100, no num",
        ),
    ],
)
def test_a_check_that_does_not_fit_its_cells_is_refused(
    written: Callable[..., None], check: str, said: str
) -> None:
    written(check)
    (table,) = (c.table for c in all_checks(here()))
    with pytest.raises(UsageError, match=rf"checks\.yaml: X: .*{said}"):
        checks_of(here(), table)


def test_pi_is_a_number_in_selectors(written: Callable[..., None]) -> None:
    written(PEAK.replace("{method: CAL}", "{theta: [0, 0.2, pi/2]}"))
    (check,) = checks_of(here(), "table6")
    places = {spec.coord("theta") for spec in cell_selection.select(here(), check, "cells")}
    assert places == {"0", "0.2", "π/2"}
    assert cell_selection.as_in_cells("pi/2") == "1.5707963267948966"
    assert cell_selection.as_in_cells("pi") == "3.141592653589793"
    assert cell_selection.as_in_cells("1e-2") == "0.01"
    assert cell_selection.as_in_cells(True) == "on"
    assert cell_selection.as_in_cells("pi/0") == "pi/0"


def test_checks_of_accuracies_have_the_delta_of_the_file_or_their_own() -> None:
    found = {check.id: getattr(check, "delta", None) for check in all_checks(here())}
    assert (found["C4"], found["C6a"], found["S1"]) == (0.5, 0.5, 0.5)
    assert found["F4b"] is None  # of another measure


def test_a_check_may_name_a_delta_of_its_own(written: Callable[..., None], tmp_path: Path) -> None:
    written(GREATER, GREATER.replace("id: X", "id: Y, delta: 1.5"))
    path = here().config(FILE)
    path.write_text('delta: {value: 0.2, source: "a test"}\n' + path.read_text())
    assert [getattr(check, "delta", None) for check in all_checks(here())] == [0.2, 1.5]


def test_a_check_of_ours_without_words_is_called_by_its_id(written: Callable[..., None]) -> None:
    written(GREATER)
    assert [check.says for check in all_checks(here())] == ["X"]


def test_a_claim_of_the_paper_speaks_for_its_check(written: Callable[..., None]) -> None:
    written(GREATER.replace("id: X", "id: X, claim: C10"))
    assert [check.says for check in all_checks(here())] == [claim_named(here(), "C10").says]
