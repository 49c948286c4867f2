"""A command that takes a while says what it does, and leaves standard output as it is."""

import io
import sys

import pytest

from cli.progress import working


class Terminal(io.StringIO):
    """Somebody is looking."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_a_log_gets_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with working("drawing"):
        print("a path")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("a path\n", "ncmc: drawing ...\n")


def test_a_terminal_gets_a_sign_that_goes_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with working("drawing [/b] of \x1b]0;t\x07"):  # a name that a stranger gave
        print("a path")
    assert capsys.readouterr().out == "a path\n"
    shown = terminal.getvalue()
    assert "drawing [/b] of \\x1b]0;t\\x07 ..." in shown
    assert shown.endswith("\x1b[2K")
