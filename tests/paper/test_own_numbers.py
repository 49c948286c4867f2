"""A reader's own numbers: entered, checked, overlaid, and never half written."""

import csv
from pathlib import Path

import pytest
from conftest import here
from typer.testing import CliRunner

from cli.main import app
from ncmc.jobs import config_files
from ncmc.paper.own_numbers import FILE
from ncmc.paper.own_rows import COLUMNS
from ncmc.paper.printed_numbers import number_for
from ncmc.plan import grid
from ncmc.results.table_cells import read_cells
from ncmc.verdicts.judge import verify

CELL = ("--dataset", "cifar10", "--backbone", "resnet50", "--method", "CAL", "--tau", "0.01")
WHO = ("--by", "A. Reader", "--page", "8")
HEADER = ",".join(COLUMNS)
ROW = "table2,cifar10,resnet50,CAL,0.01,,80.6,0.3,3,8,A. Reader"


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
    return root / "config" / FILE


def test_a_cell_that_is_set_is_judged_and_says_who_read_it_where(configured: Path) -> None:
    reference("set", "table2", *CELL, "80.6", "--std", "0.3", "--n", "3", *WHO)
    (verdict,) = [v for v in verify("table2") if v.kind == "number"]
    assert "80.6 ± 0.3" in verdict.says
    assert "page 8, read by A. Reader" in verdict.where
    cells = read_cells(here(), grid.table(here(), "table2"))
    assert [cell.paper.value for cell in cells if cell.paper] == [80.6]


def test_every_printed_cell_of_a_filled_template_is_compared(configured: Path) -> None:
    path = configured / "all.csv"
    reference("export", str(path), "--table", "table2")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for i, row in enumerate(rows):
        row |= {"value": f"{50 + i}.5", "std": "0.4", "n": "3", "page": "8", "by": "A. Reader"}
    with path.open("w") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    assert "36 new, 0 replaced" in reference("import", str(path))
    numbers = [v for v in verify("table2") if v.kind == "number"]
    assert len(numbers) == len(grid.table(here(), "table2").cells) == 36


def test_an_export_imported_again_changes_nothing(configured: Path) -> None:
    reference("import", written(configured, ROW))
    before = own_file(configured).read_bytes()
    path = configured / "all.csv"
    reference("export", str(path))
    assert "0 new, 0 replaced" in reference("import", str(path))
    assert own_file(configured).read_bytes() == before


def test_one_configuration_can_be_printed_otherwise_in_two_tables(configured: Path) -> None:
    tail = ",cifar10,resnet50,CAL,0.01,,{},,,8,A. Reader"
    rows = (f"table3{tail.format(81.0)}", f"table7{tail.format(81.5)}")
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
        (ROW.replace("80.6", "nan"), "line 3"),
        (ROW.replace("80.6", "80;6"), "value is '80;6'; allowed: a number"),
        (ROW.replace("0.3,3", "-0.3,3"), "'std' is -0.3"),
        (ROW.replace("0.3,3", "0.3,0"), "'n' is 0"),
        (ROW.replace("0.3,3", "0.3,2.5"), "n is '2.5'"),
        (ROW.replace("CAL", "CLA"), "Did you mean 'CAL'?"),
        (ROW.replace("cifar10", "cifar11"), "unknown dataset 'cifar11'"),
        (ROW.replace("table2", "table9"), "unknown table 'table9'"),
        (ROW.replace("table2", "smoke"), "unknown table 'smoke'"),
        (ROW.replace("0.01", "0.03"), "unknown tau '0.03'"),
        (
            ROW.replace("A. Reader", "=cmd()"),
            "'by': '=cmd()' is not allowed; give one line of up to 80",
        ),
        (ROW.replace(",8,", ",@8,"), "'page': '@8' is not allowed; give one line"),
        (ROW.replace("A. Reader", ""), "'by' is missing"),
        (ROW.replace(",8,", ",,"), "'page' is missing"),
        (ROW.replace("80.6", ""), "without a value"),
        (ROW.replace(",0.01,,", ",0.01,mixup=on,"), "unknown axis 'mixup'"),
        (ROW.replace("resnet50", ""), "2 cells fit. Say which, by backbone"),
        ("table2,cifar10,resnet50,CAL,0.01,,80.7,,,8,B", "stands in line 2 too"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(configured: Path, row: str, said: str) -> None:
    first = ROW if "stands in" in said else ROW.replace("0.01", "0.02")
    refused = reference("import", written(configured, first, row), code=2)
    assert said in refused
    assert "mine.csv, line 3" in refused
    assert not own_file(configured).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "needed: table, dataset"),
        (f"{HEADER}\nt\xe4ble2".encode("latin-1"), "not a text file in UTF-8"),
        (b"", "mine.csv is empty; its first line must name table, dataset"),
        (b"\n\n", "is empty"),
        (f"{HEADER}\ntable2,cifar10\n".encode(), "line 2: needed are 11 values"),
        (HEADER.replace(",", ";").encode(), "needed: table, dataset"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(
    configured: Path, content: bytes, said: str
) -> None:
    (configured / "mine.csv").write_bytes(content)
    assert said in reference("import", str(configured / "mine.csv"), code=2)


def test_a_file_that_a_spreadsheet_wrote_is_read(configured: Path) -> None:
    path = configured / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\n".encode())
    assert "1 new" in reference("import", str(path))


def test_a_clash_is_refused_as_a_whole_unless_it_is_wanted(configured: Path) -> None:
    reference("import", written(configured, ROW))
    before = own_file(configured).read_bytes()
    other, more = ROW.replace("80.6", "81.6"), ROW.replace("0.01", "0.02")
    refused = reference("import", written(configured, more, other), code=1)
    assert "80.6 ± 0.3" in refused
    assert "81.6 ± 0.3" in refused
    assert own_file(configured).read_bytes() == before
    said = reference("import", written(configured, more, other), "--replace")
    assert "1 new, 1 replaced" in said


def test_a_number_against_one_of_ours_is_a_clash_too(configured: Path) -> None:
    row = "table3,cifar10,resnet50,CAL,0.005,,{},0.5,3,9,A. Reader"
    assert "N1" in reference("import", written(configured, row.format(70.0)), code=1)
    assert "1 new" in reference("import", written(configured, row.format(80.6)))


def test_status_says_who_read_what_and_what_is_empty(configured: Path) -> None:
    reference("import", written(configured, ROW))
    shown = reference("status", "table2")
    assert "A. Reader" in shown
    assert "config/paper/numbers.csv (N1)" in reference("status", "table3")
    assert "unknown table 'smoke'" in reference("status", "smoke", code=2)


def test_a_fraction_is_doubted(configured: Path) -> None:
    done = CliRunner().invoke(app, ["reference", "set", "table2", *CELL, "0.806", *WHO])
    assert done.exit_code == 0
    assert "Is it a fraction?" in done.stderr


def test_the_workflow_takes_the_file_as_an_input_where_it_exists(configured: Path) -> None:
    assert f"config/{FILE}" not in config_files(here())["verify"]
    reference("import", written(configured, ROW))
    assert all(f"config/{FILE}" in config_files(here())[c] for c in ("table", "verify", "report"))


def test_a_second_set_stands_beside_the_cells_of_the_calibration(configured: Path) -> None:
    row = "calibration,cifar10,resnet32,{},0.01,,72.4,,,5,A. Reader"
    cell = grid.table(here(), "calibration").cells[0]
    row = row.format(f'"{cell.coord("method")}"').replace("cifar10", cell.coord("dataset"))
    row = row.replace("0.01", cell.coord("tau"))
    reference("import", written(configured, row), "--set", "yang2022")
    shown = CliRunner().invoke(app, ["verify", "calibration", "--json"]).stdout
    assert "yang2022-calibration-1" in shown
    assert "read by A. Reader" in shown
    assert not own_file(configured).exists()
    assert "a set of numbers is called" in reference(
        "import", written(configured, row), "--set", "../x", code=2
    )


def test_an_error_names_the_table_once(configured: Path) -> None:
    told = reference("set", "table2", "80.6", "--by", "A", "--page", "8", "--tau", "0.03", code=2)
    assert told.count("table2") == 1
    assert "unknown tau '0.03'" in told


def test_a_template_that_was_filled_in_is_not_written_over(configured: Path) -> None:
    path = configured / "mine.csv"
    reference("export", str(path))
    reference("export", str(path))  # it is as it was
    path.write_text(path.read_text() + ROW)
    filled = path.read_text()
    assert "is there already" in reference("export", str(path), code=2)
    assert path.read_text() == filled
    assert "there is no folder" in reference("export", str(configured / "new/mine.csv"), code=2)
