"""The environment of a command, and the rows of the paper's numbers."""

from pathlib import Path

import pytest
from replay import Case, assert_refused, nothing, parameters, run

RUN = "digits/tau=0.02/resnet8/CE/epochs=1+width=2/seed=0"
NUMBER = {
    "id": "N9",
    "table": "",
    "dataset": "cifar10",
    "tau": "0.005",
    "backbone": "resnet50",
    "method": "CAL",
    "options": "f=10",
    "value": "80.6",
    "std": "0.5",
    "n": "3",
    "where": "App. F.2",
    "source": "text",
    "note": "a note",
    "made_otherwise": "",
}
ROW = ",".join(NUMBER.values())

ROOTS = {
    "not there": "/nowhere",
    "a file": __file__,
    "surrogate": "\udcff",
}
CELLS: dict[str, tuple[str, ...]] = {
    "id": ("",),
    "table": ("../x",),
    "dataset": ("nobody",),
    "tau": ("", "9" * 5000),
    "backbone": ("nobody",),
    "method": ("$(touch PWNED)",),
    "options": ("f=1;touch PWNED",),
    "value": ("101", "80,6"),
    "std": ("-1",),
    "n": ("1.5",),
}


def row(column: str, value: str) -> str:
    """The row with another value in one column."""
    return ",".join((NUMBER | {column: value}).values())


def rows(name: str, *lines: str) -> Case:
    """numbers.csv with more lines."""

    def spoil(root: Path) -> None:
        path = root / "papers/ncmc/numbers.csv"
        path.write_text(path.read_text("utf-8") + "\n".join(lines) + "\n", encoding="utf-8")

    return Case(name, spoil, "table smoke", ("numbers.csv",))


CASES = [
    *(
        rows(f"{column} {value:.20}", row(column, value))
        for column, values in CELLS.items()
        for value in values
    ),
    rows("twice", ROW, ROW),
    rows("short", "N9,,cifar10"),
    rows("long", ROW + ",more"),
    rows("open quote", 'N9,,"cifar10'),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_row_that_makes_no_sense_is_refused(configured: Path, case: Case) -> None:
    assert_refused(configured, case)


@pytest.mark.parametrize("how", ROOTS)
def test_a_project_that_is_not_there_is_told(
    configured: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("NCMC_ROOT", ROOTS[how])
    assert_refused(configured, Case(how, nothing, "list tables", ("NCMC_ROOT",), (2,)))


def test_a_folder_that_was_deleted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.delenv("NCMC_ROOT", raising=False)
    gone.rmdir()
    exit_code, _, stderr = run(["list", "tables"])
    assert exit_code == 2
    assert "the current folder was deleted" in stderr
