"""Assumptions as switches: on a run, and on a whole table, whose folder and cells stay its own."""

from pathlib import Path

import fakes
import pytest
from conftest import here
from fakes import read_cells

from ncmc.errors import UsageError
from ncmc.paper import switches
from ncmc.plan import grid
from ncmc.plan.option_text import Value
from ncmc.plan.run import Run, make_run
from ncmc.results.wording import make_command
from ncmc.verdicts import cell_selection, judge
from ncmc.verdicts.checks_file import checks_of


def switched(run: Run, *texts: str) -> Run:
    return switches.switched(here(), run, switches.parse_switches(here(), texts))


def test_a_switch_is_the_option_that_it_stands_for() -> None:
    run = make_run("digits", 0.02, "resnet8", "CAL", {"f": 3}, seed=4)
    options: dict[str, Value] = {"f": 3, "prediction_bn": "affine"}
    assert switched(run, "A14=affine") == make_run("digits", 0.02, "resnet8", "CAL", options, 4)
    assert dict(switched(run, "A7=0", "A14=none").options) == {
        "f": 3,
        "prediction_bn": "none",
        "warmup_epochs": 0,
    }
    assert dict(switched(run, "A2=split_seed=1").options)["split_seed"] == 1


def test_a_switch_can_change_the_method_or_the_backbone() -> None:
    run = make_run("cifar10", 0.01, "resnet50", "CE")
    assert switched(run, "A9=CE-FROZEN").method == "CE-FROZEN"
    assert switched(run, "A11=resnet32").backbone == "resnet32"
    assert dict(switched(run, "A11=stem=imagenet").options) == {"stem": "imagenet"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A99=1", "unknown assumption 'A99'"),
        ("A14", "'A14' is not ID=VALUE, such as A14=affine"),
        ("A14=", "'A14=' is not ID=VALUE"),
        ("A14=afine", "A14: unknown alternative 'afine'. Did you mean 'affine'? Allowed: affine, none"),
        ("A14=frozen", "A14=frozen is the choice already; leave it out. Allowed: affine, none"),
        ("A1=x", "A1: unknown alternative 'x'"),
        ("A17=1", "-o lam=VALUE sets another value"),
        ("A6=own mean and std", "cannot be switched by --assume, but by hand: mean and std"),
        ("A29=float32", "A29=float32 cannot be switched by --assume, but by hand: precision=float32"),
        ("A23=mean center", "by hand: shown beside it by `ncmc theory`"),
    ],
)  # fmt: skip
def test_a_switch_that_there_is_not_is_refused_with_those_that_there_are(
    text: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        switches.parse_switches(here(), [text])
    assert said in str(caught.value)


def test_an_assumption_has_one_value() -> None:
    with pytest.raises(UsageError, match="assumption A14 is switched twice"):
        switches.parse_switches(here(), ["A14=affine", "A14=none"])


def test_a_point_that_does_not_arise_in_a_run_is_no_switch_of_it() -> None:
    with pytest.raises(UsageError, match=r"A14 does not arise in digits.*only with AL, AL-PULL"):
        switched(make_run("digits", 0.02, "resnet8", "CE"), "A14=affine")


def test_every_switch_of_the_register_makes_another_run_somewhere() -> None:
    project = here()
    tables = [
        grid.table(project, name)
        for name in ("table1", "table3", "table4", "table5", "table7", "figure1", "smoke")
    ]
    runs = {spec.run for table in tables for spec in table.cells}
    runs |= {make_run("svhn", 0.01, "resnet32", "SETF")}
    runs |= {make_run("cifar100", 0.01, "resnet50", "CAL", {"f_counts": "printed"})}
    for switch in switches.switches(project):
        assert any(switch.set_in(project, run) != run for run in runs), str(switch)


def test_a_point_that_arises_under_another_choice_alone_is_switched_after_it() -> None:
    run = make_run("cifar100", 0.01, "resnet50", "CAL", {"f": 20})
    assert dict(switched(run, "A13=f=19", "A25=printed").options) == {
        "f": 19,
        "f_counts": "printed",
    }
    with pytest.raises(UsageError, match="A13 does not arise"):
        switched(run, "A13=f=19")


def test_a_switched_table_has_the_same_cells_and_other_runs_where_the_point_arises() -> None:
    plain = grid.table(here(), "smoke")
    table = switches.table(here(), "smoke+A14=affine")
    assert [spec.coords for spec in table.cells] == [spec.coords for spec in plain.cells]
    assert [spec.attributes for spec in table.cells] == [spec.attributes for spec in plain.cells]
    for before, after in zip(plain.cells, table.cells, strict=True):
        own = {"prediction_bn": "affine"} if before.run.method in ("AL", "CAL") else {}
        assert dict(after.run.options) == dict(before.run.options) | own
    assert table.title == f"{plain.title}, with A14=affine"
    assert make_command(table.name).endswith(" results/smoke+A14=affine/report.html")
    assert switches.table(here(), "smoke") == plain


def test_a_table_that_compares_the_alternatives_cannot_be_switched() -> None:
    with pytest.raises(UsageError, match=r"table1\+A19=off: two cells become the same run"):
        switches.table(here(), "table1+A19=off")


def test_a_switch_that_changes_nothing_is_refused() -> None:
    table = switches.table(here(), "smoke+A4=as_released")
    with pytest.raises(
        UsageError, match=r"A4=as_released changes no run of smoke \(only with svhn"
    ):
        switches.require_effect(here(), table)
    switches.require_effect(here(), switches.table(here(), "smoke+A14=none"))


def test_checks_and_printed_numbers_are_those_of_the_plain_table(tmp_path: Path) -> None:
    """So `numbers` under another assumption asks whether the printed numbers come from it."""
    name = "numbers+A14=affine"
    table = switches.table(here(), name)
    for spec in table.cells:
        fakes.fill(tmp_path, spec, [70.0, 71.0, 72.0])
    known = {cell.paper.id for cell in read_cells(here(), table, tmp_path) if cell.paper}
    assert known == {"N1", "N2", "N3"}
    assert [v.id for v in judge.verify(name, tmp_path)] == ["N1", "N2", "N3"]


def test_a_check_looks_at_other_tables_under_the_same_assumption() -> None:
    (check,) = [c for c in checks_of(here(), "table6+A7=0") if c.id == "C13a"]
    assert check.table == "table6+A7=0"
    assert cell_selection.table_of(here(), check, "than").name == "table1+A7=0"
    for side in check.sides:
        for spec in cell_selection.select(here(), check, side):
            assert dict(spec.run.options)["warmup_epochs"] == 0


def test_a_method_that_is_switched_is_still_found_by_its_place() -> None:
    names = {check.id for check in checks_of(here(), "smoke")}
    table = switches.table(here(), "smoke+A9=CE-FROZEN")
    assert {spec.run.method for spec in table.cells} == {"CE-FROZEN", "SETF", "AL", "CAL"}
    assert {check.id for check in checks_of(here(), table.name)} == names
