"""What is printed: brackets as they stand, words and labels whole at every width."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import here
from fakes import smoke
from rich.text import Text
from typer.testing import CliRunner

from cli.main import app
from cli.show.grids import column_widths, print_listing
from ncmc.plan import grid
from ncmc.project import Project

HOSTILE = "[/b] [red]x :smile: [bold"


def printed(*arguments: str, columns: int = 200) -> str:
    """What a command prints; it ends without a traceback."""
    done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(columns)})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return str(done.output)


def rewrite(root: Path, file: str, old: str, new: str) -> None:
    path = Project(root).config(file)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "commands"),
    [
        ("smoke.yaml", "Smoke run: long-tailed digits", ["table smoke", "list tables"]),
        ("smoke.yaml", "no table of the paper", ["list tables"]),
        ("smoke.yaml", "CAL, theta = 0", ["table smoke"]),
        ("datasets.yaml", "title: CIFAR-100", ["list datasets"]),
        ("checks.yaml", "CAL is above CE", ["verify smoke"]),
        ("claims.yaml", "the same on SVHN and STL-10", ["list claims", "verify table5"]),
    ],
)
def test_text_of_the_configuration_is_printed_as_it_stands(
    workspace: Path, file: str, old: str, commands: list[str]
) -> None:
    new = f'title: "{HOSTILE}"' if old.startswith("title") else HOSTILE
    quoted = "paper" in file or (file == "smoke.yaml" and "CAL" not in old)
    rewrite(workspace, file, f'"{old}"' if quoted else old, f'"{new}"' if quoted else new)
    for command in commands:
        assert HOSTILE in printed(*command.split()), command


@pytest.mark.parametrize("name", ["[/b]", "[red]", "a [link=x] b"])
def test_a_project_in_a_folder_with_brackets_is_printed_as_it_stands(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = tmp_path / name
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(workspace, root)
    monkeypatch.setenv("NCMC_ROOT", str(root))
    assert str(root) in printed("split", "digits", "--tau", "0.1")
    assert str(root) in printed("report", "smoke")
    run = "digits/tau=0.02/resnet8/CE/epochs=1+width=2/seed=0"
    assert str(root) in printed("train", run)
    (root / "results/runs" / run / "record.json").write_text("{}")
    assert str(root) in printed("train", run)
    assert f"unknown table '{name}'" in printed("table", name)
    assert name in printed(name)


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_labels_and_values_are_whole_at_every_width(workspace: Path, columns: int) -> None:
    shown = printed("table", "table2", columns=columns)
    assert max(map(len, shown.splitlines())) <= columns
    rows = [line for line in shown.splitlines() if line.startswith("│")]
    labels = {tuple(part.strip() for part in row.split("│")[1:3]) for row in rows}
    assert labels == {(b, m) for b in ("resnet50", "densenet150") for m in ("CE", "SETF", "CAL")}
    for heading in ("tau 0.005", "tau 0.01", "tau 0.02"):  # on cifar10 and cifar100, each once
        assert len(re.findall(rf"{heading} ", shown)) == 2, heading


def test_a_table_that_fits_is_printed_in_one_piece(workspace: Path) -> None:
    smoke(workspace / "results" / "runs", grid.table(here(), "smoke"))
    shown = printed("table", "smoke", columns=80)
    assert shown.count("┏") == 1
    assert re.search(r"│ CAL\s+│ +84\.\d ± \d\.\d │ +84\.\d ± \d\.\d │ +5 │", shown)


@pytest.mark.parametrize(
    "kind", ["datasets", "methods", "backbones", "tables", "claims", "assumptions"]
)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_lists_cut_no_word(kind: str, columns: int) -> None:
    shown = printed("list", kind, columns=columns)
    assert max(map(len, shown.splitlines())) <= columns
    rows = json.loads(printed("list", kind, "--json"))
    words = {
        w for row in rows for value in row.values() if isinstance(value, str) for w in value.split()
    }
    assert {word for word in words if len(word) < 30} <= set(re.split(r"[\s│]+", shown))


def test_a_list_leaves_out_what_a_row_does_not_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = [{"name": "a" * 30, "what": "b" * 30, "used by": "c" * 30}]
    print_listing([*rows, {"name": "CE", "what": None, "used by": ""}], as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("what") == shown.count("used by") == 1


def test_columns_share_what_is_left_beside_their_longest_words() -> None:
    rows = [[Text("abc"), Text("five words of some length")]]
    assert column_widths(["a", "b"], rows, 100) == [3, 25]
    assert column_widths(["a", "b"], rows, 22) == [3, 12]
    assert column_widths(["a", "b"], rows, 15) is None
