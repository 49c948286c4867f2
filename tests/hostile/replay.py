"""One bad input, one command: what every refusal has in common."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

SECONDS = 60  # for one command; a refusal takes well under one
LONGEST = 2500  # characters of a message: nobody reads more
PWNED = "PWNED"  # the file that a hostile input tries to make
WATCHED = ("data", "results", "ckpt", "config", "papers", PWNED)  # what a refusal leaves as it was

Spoil = Callable[[Path], object]  # changes the project at a path


@dataclass(frozen=True)
class Case:
    """What is spoiled, the command that meets it, what the message must name, its exit codes."""

    name: str
    spoil: Spoil
    command: str | tuple[str, ...]  # words, or one string of them
    told: tuple[str, ...]
    codes: tuple[int, ...] = (1, 2)


class OutOfTime(BaseException):
    """A command hangs. No Exception, so that nobody takes it for an error of the input."""


def parameters(cases: Sequence[Case]) -> list[Any]:
    """The cases for `pytest.mark.parametrize`."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return [pytest.param(case, id=case.name) for case in cases]


def assert_refused(root: Path, case: Case) -> None:
    """Spoil the project and run the command: it is refused, in plain words, and nothing changes."""
    case.spoil(root)
    before = snapshot(root)
    exit_code, stdout, stderr = run(words_of(case.command))
    message = " ".join(stderr.split())
    assert exit_code in case.codes, f"exit code {exit_code}: {stdout[:300]} {message[:600]}"
    assert message, "nothing is said"
    for word in case.told:
        assert word in message, f"'{word}' is not in: {message[:600]}"
    assert len(stderr) <= LONGEST, f"{len(stderr)} characters: {stderr[:200]} ..."
    after = snapshot(root)
    changed = [
        file
        for file in {*before, *after}
        if before.get(file) != after.get(file)
        and not file.endswith("/progress.json")  # says that the run failed, and why
    ]
    assert not changed, f"left behind or changed: {changed}"


class Hostile:
    """Unpickled, it runs a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {PWNED}",)


def words_of(command: str | tuple[str, ...]) -> list[str]:
    """The words of a command line."""
    return command.split(" ") if isinstance(command, str) else list(command)


def run(arguments: Sequence[str]) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command in this process.

    Fails if it ends in a traceback or not at all.
    """
    with time_limit():
        done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250"})
    if not isinstance(done.exception, SystemExit | None):
        told = "".join(traceback.format_exception(done.exception)[-6:])
        pytest.fail(f"ends in a traceback:\n{told}", pytrace=False)
    assert "Traceback" not in done.stderr
    return done.exit_code, done.stdout, done.stderr


@contextmanager
def time_limit(seconds: int = SECONDS) -> Iterator[None]:
    """Raise OutOfTime inside the block if it takes longer."""

    def ring(*_: object) -> None:
        raise OutOfTime(f"{seconds} s are over")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file that a refused command must leave alone: no locks, no notes."""
    found = {}
    for name in WATCHED:
        for folder, _, names in os.walk(root / name):
            for file in names:
                path = Path(folder, file)
                if path.parent.name not in (".locks", ".state") and file != "lock":
                    stat = path.lstat()
                    found[str(path.relative_to(root))] = (stat.st_size, stat.st_mtime_ns)
        if (root / name).is_file():
            found[name] = (0, 0)
    return found


# --- ways to spoil a file ----------------------------------------------------------------------


def nothing(_: Path) -> None:
    """Leave the project as it is: the command line itself is bad."""


def write(file: str, content: str | bytes) -> Spoil:
    """Other content in place of a file's own."""
    data = content.encode() if isinstance(content, str) else content
    return lambda root: (root / file).write_bytes(data)


def replace(file: str, old: str, new: str) -> Spoil:
    """One piece of a text file."""

    def spoil(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} holds no {old!r}"
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def cut(file: str, share: float = 0.5) -> Spoil:
    """Only the beginning of a file."""

    def spoil(root: Path) -> None:
        data = (root / file).read_bytes()
        (root / file).write_bytes(data[: int(len(data) * share)])

    return spoil


def flip(file: str, share: float = 0.5) -> Spoil:
    """One byte of a file."""

    def spoil(root: Path) -> None:
        data = bytearray((root / file).read_bytes())
        data[int(len(data) * share)] ^= 0xFF
        (root / file).write_bytes(data)

    return spoil


def pipe(file: str) -> Spoil:
    """A named pipe in a file's place: who reads it waits for ever."""

    def spoil(root: Path) -> None:
        (root / file).unlink()
        os.mkfifo(root / file)

    return spoil


def folder(file: str) -> Spoil:
    """A folder in a file's place."""

    def spoil(root: Path) -> None:
        (root / file).unlink()
        (root / file).mkdir()

    return spoil


def link_to_itself(file: str) -> Spoil:
    """A link in a circle in a file's place."""

    def spoil(root: Path) -> None:
        (root / file).unlink()
        (root / file).symlink_to(root / file)

    return spoil


def remove(file: str) -> Spoil:
    """No file."""
    return lambda root: (root / file).unlink()


def huge(file: str, size: int = 65 << 20) -> Spoil:
    """A file larger than any of ours (sparse)."""
    return lambda root: os.truncate(root / file, size)


# What no text document of ours may be: way to spoil a file -> the ways of its content.
NOT_READABLE: dict[str, Callable[[str], Spoil]] = {
    "pipe": pipe,
    "folder": folder,
    "circle": link_to_itself,
    "missing": remove,
    "huge": huge,
    "empty": lambda file: write(file, ""),
    "binary": lambda file: write(file, bytes(range(256)) * 4),
    "zero byte": lambda file: write(file, "a: 1\0\n"),
    "latin-1": lambda file: write(file, "a: 'Größe'\n".encode("latin-1")),
    "utf-16": lambda file: write(file, "a: 1\n".encode("utf-16")),
}
