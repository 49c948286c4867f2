"""What a command says on standard error beside its output, on a terminal and in a log."""

import io
import sys

import pytest

from cli.progress import working
from cli.streams import say_on_stderr


class Terminal(io.StringIO):
    """Somebody is looking."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def looked_at(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error from here on: a terminal of 60 columns."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


LONG = "unknown table 'table9'. Did you mean 'table1'? Allowed: table1, table2, table3, table4."


def test_a_log_gets_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with working("drawing"):
        print("a path")
    say_on_stderr(LONG)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("a path\n", f"ncmc: drawing ...\nncmc: {LONG}\n")


def test_a_terminal_gets_a_sign_that_goes_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = looked_at(monkeypatch)
    with working("drawing [/b] of \x1b]0;t\x07"):  # a name that a stranger gave
        print("a path")
    assert capsys.readouterr().out == "a path\n"
    shown = terminal.getvalue()
    assert "drawing [/b] of \\x1b]0;t ..." in shown
    assert shown.endswith("\x1b[2K")


def test_a_terminal_gets_lines_of_its_own_width_that_break_between_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = looked_at(monkeypatch)
    path = "x/" * 40
    say_on_stderr(f"{LONG}\n  In {path}: ncmc verify table1 in place of ncmc verify table9")
    lines = terminal.getvalue().splitlines()
    assert lines[0] == "ncmc: unknown table 'table9'. Did you mean 'table1'?"
    assert lines[1] == "  Allowed: table1, table2, table3, table4."
    assert lines[2:] == [
        "  In",
        f"    {path}:",
        "    ncmc verify table1 in place of ncmc verify table9",
    ]
