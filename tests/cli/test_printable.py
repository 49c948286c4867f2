"""Whatever name of a stranger is printed, it cannot steer the terminal."""

import io
import json
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from rich.text import Text
from typer.testing import CliRunner

from cli import streams
from cli.main import app
from cli.show.grids import console
from ncmc.errors import UserError, printable
from ncmc.project import Project

# A colour, a window title, the same by one byte (C1), a reversal of what follows, a lone surrogate
NAME = "a\x1b[31mb\x1b]0;t\x07c\x9b31md\u202ee\u2066f\udcffg\rh\u2028i"
SHOWN = r"a\x1b[31mb\x1b]0;t\x07c\x9b31md\u202ee\u2066f\udcffg\rh\u2028i"
COMMANDS = sorted(str(command.name) for command in app.registered_commands)
MORE = (
    ("train", "--dataset", NAME, "--tau", "0.1", "--backbone", "resnet8", "--method", "CE"),
    ("sweep", "--dataset", "digits", "--tau", "0.1", "--save", NAME),
    ("split", NAME, "--tau", "0.1"),
    ("split", "digits", "--tau", NAME),
    ("table", "smoke", "--results", NAME),
    ("table", "smoke", "--assume", NAME),
    ("export", "smoke", "--to", f"{NAME}/x.zip"),
    ("compare", NAME, NAME),
    ("reference", NAME),
    ("reference", "import", NAME),
    ("--" + NAME,),
)


def printed(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command, on a wide terminal."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "250"})
    assert isinstance(done.exception, SystemExit | None)
    return done.exit_code, done.stdout, done.stderr


def steers(text: str) -> set[str]:
    """The characters of an output that are not simply shown."""
    return {c for c in text if not c.isprintable() and c not in "\n\t"}


@pytest.mark.parametrize(
    "arguments", [*((command, NAME) for command in COMMANDS), *MORE], ids=lambda words: words[0]
)
def test_no_command_prints_a_name_that_steers(configured: Path, arguments: tuple[str, ...]) -> None:
    _, out, err = printed(*arguments)
    # Typer's own errors name what was typed, and escape its control characters alone
    assert {unicodedata.category(c) for c in steers(out + err)} <= {"Cf", "Zl"}
    assert "Traceback" not in err
    assert out + err


def test_names_in_the_files_of_a_stranger_cannot_steer(configured: Path) -> None:
    with zipfile.ZipFile(configured / "export.zip", "w") as made:
        made.writestr(NAME.replace("\udcff", ""), "x")
    code, out, err = printed("import", str(configured / "export.zip"))
    assert code != 0
    assert not steers(out + err)


def test_a_title_of_a_stranger_cannot_steer_and_json_holds_it_as_it_is(configured: Path) -> None:
    path = configured / "papers" / "ncmc" / "smoke.yaml"
    name = NAME.replace("\udcff", "")  # which YAML does not hold
    path.write_text(path.read_text("utf-8").replace("Smoke run", json.dumps(name)[1:-1]), "utf-8")
    _, out, _ = printed("table", "smoke")
    assert not steers(out)
    assert r"\x1b[31m" in out
    assert json.loads(printed("table", "smoke", "--json")[1])["title"].startswith(name)


def test_a_fault_of_ours_cannot_steer(configured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr(Project, "find", fails)
    code, _, err = printed("list", "tables")
    assert code == 1
    assert f"RuntimeError: {SHOWN}" in err
    assert not steers(err)


def test_an_error_shows_what_it_names_escaped() -> None:
    assert str(UserError(NAME)) == SHOWN == printable(SHOWN)
    assert printable("ä ± 漢字 🙂\n\t") == "ä ± 漢字 🙂\n\t"


def test_colours_of_ours_are_left_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", streams.Printable(streams.Watched(shown)))
    console().print(Text("\x1b[8mhidden", style="red"))
    print("\x1b[8mhidden")
    assert shown.getvalue() == "\x1b[31m\\x1b[8mhidden\x1b[0m\n\\x1b[8mhidden\n"


def test_dvc_leaves_the_streams_alone() -> None:
    code = (
        "import sys; from cli import streams; from ncmc.data import dvc_store\n"
        "with streams.watched():\n"
        "    dvc_store._dvc()\n"
        "    print('a\\x1b]0;t\\x07b', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "a\\x1b]0;t\\x07b\n")
