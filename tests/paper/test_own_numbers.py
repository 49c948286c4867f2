"""A reader's own numbers: entered, checked, overlaid, and never half written."""

import csv
from pathlib import Path

import pytest
from conftest import here
from fakes import read_cells
from typer.testing import CliRunner

from cli.main import app
from ncmc.jobs import config_files
from ncmc.paper.own_numbers import COLUMNS, FILE, own_numbers
from ncmc.paper.printed_numbers import number_for
from ncmc.plan import grid
from ncmc.verdicts.judge import verify

HEADER = ",".join(COLUMNS)
CELL = "resnet50, cifar10, CAL, tau 0.01"
ROW = f'table2,"{CELL}",80.6,0.3,3,8,A. Reader'


def reference(*arguments: str, code: int = 0) -> str:
    """One call of `ncmc reference`; what it printed, or its error."""
    done = CliRunner().invoke(app, ["reference", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    assert not done.exception or isinstance(done.exception, SystemExit)
    return done.stderr if code else done.stdout


def written(root: Path, *rows: str) -> str:
    """A CSV file with these rows; its path."""
    path = root / "mine.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return str(path)


def own_file(root: Path) -> Path:
    return root / "papers" / "ncmc" / FILE


def test_a_cell_that_is_read_is_judged_and_says_who_read_it_where(configured: Path) -> None:
    reference("import", written(configured, ROW))
    (verdict,) = [v for v in verify("table2") if v.kind == "number"]
    assert "80.6 ± 0.3" in verdict.says
    assert "page 8, read by A. Reader" in verdict.where
    cells = read_cells(here(), grid.table(here(), "table2"))
    assert [cell.paper.value for cell in cells if cell.paper] == [80.6]


def test_every_printed_cell_of_a_filled_form_is_compared(configured: Path) -> None:
    path = configured / "all.csv"
    rows = list(csv.DictReader(reference("form", "table2").splitlines()))
    for i, row in enumerate(rows):
        row |= {"value": f"{50 + i}.5", "std": "0.4", "n": "3", "page": "8", "by": "A. Reader"}
    with path.open("w") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    assert "36 new, 0 replaced" in reference("import", str(path))
    numbers = [v for v in verify("table2") if v.kind == "number"]
    assert len(numbers) == len(grid.table(here(), "table2").cells) == 36


def test_a_file_imported_again_changes_nothing(configured: Path) -> None:
    reference("import", written(configured, ROW))
    own = own_file(configured)
    before = own.read_bytes(), own.stat().st_mtime_ns
    assert "0 new, 0 replaced, 1 received" in reference("import", str(own))
    assert (own.read_bytes(), own.stat().st_mtime_ns) == before


def test_the_form_names_every_cell_as_its_table_does(configured: Path) -> None:
    path = configured / "all.csv"
    rows = list(csv.DictReader(reference("form").splitlines()))
    assert {row["table"] for row in rows} == {f"table{i}" for i in range(1, 8)}
    for row in rows:
        row |= {"value": "50.5", "page": "8"}
    with path.open("w") as out:
        csv.DictWriter(out, COLUMNS).writerows([dict(zip(COLUMNS, COLUMNS, strict=True)), *rows])
    assert f"{len(rows)} new" in reference("import", str(path), "--by", "A", "--replace")


def test_one_configuration_can_be_printed_otherwise_in_two_tables(configured: Path) -> None:
    rows = (
        f'{table},"cifar10, resnet50, CAL, tau 0.01",{value},,,8,A. Reader'
        for table, value in (("table3", 81.0), ("table7", 81.5))
    )
    reference("import", written(configured, *rows))
    found = {}
    for name in ("table3", "table7"):
        (spec,) = [
            s
            for s in grid.table(here(), name).cells
            if (s.run.dataset, s.run.tau, s.run.method) == ("cifar10", 0.01, "CAL")
        ]
        number = number_for(here(), spec.plain, name)
        found[name] = number.value if number else None
    assert found == {"table3": 81.0, "table7": 81.5}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("80.6", "100.1"), "'value' is 100.1"),
        (ROW.replace("80.6", "-1"), "'value' is -1"),
        (ROW.replace("80.6", "nan"), "value is 'nan'; allowed: a number such as 80.6"),
        (ROW.replace("80.6", "8_0.6"), "value is '8_0.6'; allowed: a number such as 80.6"),
        (ROW.replace("80.6", "８０.６"), "value is '８０.６'; allowed: a number such as 80.6"),
        (ROW.replace("80.6", "80;6"), "value is '80;6'; allowed: a number"),
        (ROW.replace("0.3,3", "-0.3,3"), "'std' is -0.3"),
        (ROW.replace("0.3,3", "0.3,0"), "'n' is 0"),
        (ROW.replace("0.3,3", "0.3,2.5"), "n is '2.5'"),
        (ROW.replace("CAL", "CLA"), f"Did you mean '{CELL}'?"),
        (ROW.replace("table2", "table9"), "unknown table 'table9'"),
        (ROW.replace("table2", "smoke"), "unknown table 'smoke'"),
        (ROW.replace("0.01", "0.03"), "table2 has no cell 'resnet50, cifar10, CAL, tau 0.03'"),
        (
            ROW.replace("A. Reader", "=cmd()"),
            "'by': '=cmd()' is not allowed; give one line of 1 to 80",
        ),
        (ROW.replace(",8,", ",@8,"), "'page': '@8' is not allowed; give one line"),
        (ROW.replace("A. Reader", ""), "give one line of 1 to 80 characters, or pass --by"),
        (ROW.replace(",8,", ",,"), "'page': is empty; give one line"),
        (ROW.replace("80.6", "80.6 (0.4)"), "value is '80.6 (0.4)'; allowed: a number"),
        (
            ROW.replace("80.6", "80.6 0.4"),
            "allowed: a number such as 80.6; its deviation goes into",
        ),
        (ROW.replace("80.6", "80.6 ± 0.4"), "value is '80.6 ± 0.4'; allowed: a number"),
        (ROW.replace("80.6", ""), "without a value"),
        (ROW.replace(CELL, ""), "table2 has no cell ''. `ncmc reference form table2` prints"),
        (
            f'table2,"{CELL}",80.7,,,8,B',
            "has 80.6 ± 0.3 (n 3; page 8, read by A. Reader) in another line",
        ),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(configured: Path, row: str, said: str) -> None:
    first = ROW if "another line" in said else ROW.replace("0.01", "0.02")
    refused = reference("import", written(configured, first, row), code=2)
    assert said in refused
    assert "mine.csv, line 3" in refused
    assert not own_file(configured).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "has the columns a, b; needed: table, cell, value"),
        (f"{HEADER}\nt\xe4ble2{',' * 6}".encode("latin-1"), "is not a text file in UTF-8"),
        (b"", "mine.csv is empty; its first line must name table, cell"),
        (f"{HEADER},value\n".encode(), "by, value; needed: table"),
        (f"{HEADER}\ntable2,80\n".encode(), "line 2: needed are 7 values"),
        (f"{HEADER}\n{ROW}\n".replace('"', "").encode(), 'Put a name that has "," in it in quotes'),
        (f'{HEADER}\ntable2,a,"8'.encode(), "is not valid CSV"),
        (f"{HEADER}\n".encode(), "mine.csv holds no number: every value is empty or a dash"),
        (f'{HEADER}\ntable2,"{CELL}",\u2014,,,8,A. Reader\n'.encode(), "mine.csv holds no number"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(
    configured: Path, content: bytes, said: str
) -> None:
    (configured / "mine.csv").write_bytes(content)
    assert said in reference("import", str(configured / "mine.csv"), code=2)


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\n{ROW}\n{',' * 6}\n\n",
        f"{HEADER.replace(',', ';')}\ntable2;{CELL};80,6;0,3;3;8;A. Reader\n",
        f"{HEADER}\n{ROW}\n".replace(",", "\t").replace("\t ", ", "),
        f"{HEADER}\n{ROW}\n".replace(" cifar10", "\u00a0cifar10").replace("80.6", " 80.6 "),
        f"{HEADER}\n{ROW}\n".replace("80.6", "80.6 %"),
        f"{HEADER}\n{ROW}\n".replace("80.6,0.3", "80.6 ± 0.3,"),
        f"{HEADER}\n{ROW}\n{ROW.replace('CAL', 'CE').replace('80.6,0.3,3', '–,-,')}\n",
        f"{HEADER}\n{ROW}\n".replace(CELL, f" {CELL.upper()}".replace(" ", "  ")),
    ],
)
def test_a_file_is_read_as_editors_and_spreadsheets_leave_it(configured: Path, text: str) -> None:
    (configured / "mine.csv").write_bytes(text.encode())
    assert "1 new" in reference("import", str(configured / "mine.csv"))
    (number,) = own_numbers(here()).values()
    assert number.model_dump() == {
        "value": 80.6,
        "std": 0.3,
        "n": 3,
        "page": "8",
        "by": "A. Reader",
    }


@pytest.mark.parametrize("empty", ["", "N/A", "n/a", "-"])
def test_an_empty_value_keeps_a_number_and_says_how_to_take_it_back(
    configured: Path, empty: str
) -> None:
    reference("import", written(configured, ROW))
    row = ROW.replace("80.6,0.3,3", f"{empty},,")
    refused = reference("import", written(configured, row), code=2)
    assert "holds no number" in refused
    assert "delete its row in" in refused
    (number,) = own_numbers(here()).values()
    assert number.value == 80.6


def test_error_rates_in_place_of_accuracies_are_doubted(configured: Path) -> None:
    """Accuracy rises with tau, and from 100 classes to 10; an error rate falls."""
    accuracies = {("cifar10", 0.02): 84.1, ("cifar10", 0.01): 80.6, ("cifar100", 0.01): 50.4}
    for what, doubted in (("accuracies", False), ("error rates", True)):
        rows = [
            f'table2,"resnet50, {dataset}, CAL, tau {tau}",'
            f"{100 - value if doubted else value:.1f},,,8,A. Reader"
            for (dataset, tau), value in accuracies.items()
        ]
        for arguments in (("import", written(configured, *rows), "--replace"), ("status",)):
            done = CliRunner().invoke(app, ["reference", *arguments])
            assert done.exit_code == 0
            assert ("Are they error rates?" in done.stderr) == doubted, what
    few = written(configured, *(row.replace(row.split(",")[-5], "9.1") for row in rows))
    assert "below 1 % or chance (10 %). Is it a fraction or an error rate?" in (
        CliRunner().invoke(app, ["reference", "import", few, "--replace"]).stderr
    )


@pytest.mark.parametrize("theta", ["θ", "pi/2", "π/2"])
def test_an_angle_is_read_in_letters_of_either_kind(configured: Path, theta: str) -> None:
    cell = f"cifar100, resnet50, CAL, tau 0.005, f 20, theta {theta}"
    row = f'table6,"{cell}",44.1,,,9,A'
    if theta == "θ":
        assert "table6 has no cell" in reference("import", written(configured, row), code=2)
    else:
        reference("import", written(configured, row))
        assert len(own_numbers(here())) == 1


def test_a_clash_is_refused_as_a_whole_unless_it_is_wanted(configured: Path) -> None:
    reference("import", written(configured, ROW))
    before = own_file(configured).read_bytes()
    other, more = ROW.replace("80.6", "81.6"), ROW.replace("0.01", "0.02")
    refused = reference("import", written(configured, more, other), code=1)
    assert "80.6 is known; received: 81.6 ± 0.3" in refused
    assert own_file(configured).read_bytes() == before
    said = reference("import", written(configured, more, other), "--replace")
    assert "1 new, 1 replaced" in said


def test_a_number_against_one_of_ours_is_a_clash_too(configured: Path) -> None:
    row = 'table3,"cifar10, resnet50, CAL, tau 0.005",{},0.5,3,9,A. Reader'
    refused = reference("import", written(configured, row.format(70.0)), code=1)
    assert "80.6 is known; received: 70" in refused
    assert "1 new" in reference("import", written(configured, row.format(80.6)))


def test_status_says_who_read_what_and_what_is_empty(configured: Path) -> None:
    reference("import", written(configured, ROW))
    shown = reference("status", "table2")
    assert "A. Reader" in shown
    assert "N1" in reference("status", "table3")
    assert "unknown table 'smoke'" in reference("status", "smoke", code=2)


@pytest.mark.parametrize(
    ("dataset", "value", "std", "doubt"),
    [
        ("cifar10", "0.806", "", "Is it a fraction or an error rate?"),
        ("cifar100", "0.506", "", "Is it a fraction or an error rate?"),
        ("cifar10", "9.5", "", "Is it a fraction or an error rate?"),
        ("cifar10", "100", "", "would be a test without a mistake"),
        ("cifar100", "44.1", "19", "has a deviation that seeds do not have"),
        ("cifar100", "4.1", "4.2", "has a deviation that seeds do not have"),
        ("cifar100", "44.1", "2", ""),
        ("cifar100", "1.02", "", ""),
    ],
)
def test_what_is_probably_misread_is_doubted(
    configured: Path, dataset: str, value: str, std: str, doubt: str
) -> None:
    row = f'table2,"resnet50, {dataset}, CAL, tau 0.01",{value},{std},,8,A. Reader'
    for arguments in (("import", written(configured, row)), ("status",)):
        done = CliRunner().invoke(app, ["reference", *arguments])
        assert done.exit_code == 0
        assert doubt in done.stderr
        assert bool(doubt) == bool(done.stderr)
        assert bool(doubt) == ("entered and compared all the same" in done.stderr)
    printed = CliRunner().invoke(app, ["verify", "table2", "--printed"]).stdout
    assert bool(doubt) == ("Probably misread: " in printed)


def test_every_fault_of_a_file_is_told_up_to_ten(configured: Path) -> None:
    rows = [ROW.replace("80.6", f"x{i}") for i in range(12)]
    seven = reference("import", written(configured, *rows[:7]), code=2)
    assert all(f"line {i + 2}: value is 'x{i}'" in seven for i in range(7))
    twelve = reference("import", written(configured, *rows), code=2)
    assert "'x9'" in twelve
    assert "'x10'" not in twelve
    assert "and 2 more" in twelve


def test_a_number_without_a_deviation_is_listed_without_one(configured: Path) -> None:
    reference("import", written(configured, ROW.replace("80.6,0.3", "77.03,")))
    listed = CliRunner().invoke(app, ["list", "claims", "--json"]).stdout
    assert "cifar10, tau 0.01, resnet50, CAL, f 10, theta 0.2: 77.03 %" in listed
    assert "None" not in listed


def test_the_workflow_takes_the_file_as_an_input_where_it_exists(configured: Path) -> None:
    assert f"papers/ncmc/{FILE}" not in config_files(here())
    reference("import", written(configured, ROW))
    assert f"papers/ncmc/{FILE}" in config_files(here())
