"""Errors that are the user's to mend: printed without a traceback, with an exit code."""

import difflib
import re
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO, TypeVar

T = TypeVar("T")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: escapes, bidirectional marks, lone surrogates as `\\x1b`."""
    return re.sub(r"[^\n\t -~]", _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else ascii(character)[1:-1]


def wrapped(text: str, stream: TextIO | None = None) -> str:
    """A message for standard error, or a stream: lines as wide as a terminal; whole elsewhere."""
    if not (stream or sys.stderr).isatty():
        return text
    width, lines = shutil.get_terminal_size().columns, list[str]()
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip())) + "  "
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join(lines)


class UserError(Exception):
    """Something outside the program is wrong (a file, a disk, a result). Exit code 1.

    Its text is `printable`: a stranger's names stand in it, and Snakemake prints it too.
    """

    exit_code = 1

    def __str__(self) -> str:
        return printable(super().__str__())


class UsageError(UserError):
    """What was asked for is wrong (a name, an option, a value). Exit code 2."""

    exit_code = 2


class DamagedError(UserError):
    """A record or an export is damaged, or not ours. Exit code 3."""

    exit_code = 3


class BusyError(UserError):
    """Another process is at the same work, and will be done with it. Exit code 1."""


def first_line(error: Exception) -> str:
    """The beginning of a library's error message, for a sentence of ours."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def shortened(text: str, most: int = 120) -> str:
    """What came from outside, for a sentence of ours: in one line, and not longer than `most`."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."


def listed(names: Sequence[str], most: int = 10, between: str = ", ") -> str:
    """Names for a sentence: the first ones, and how many more. `between`: them, such as `; `."""
    more = f"{between.strip(', ')} and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(names[:most]) + more


MOST_NAMES = 10
LISTED = ("table", "dataset", "method", "backbone", "claim", "assumption")  # by `ncmc list`


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UsageError:
    """The error for a name that is not in a list: what came, the nearest match, what is allowed.

    Of a long list the first names, and where it stands whole.
    """
    names = sorted(set(allowed), key=_in_order)
    came = shortened(str(name))
    near = _nearest(came, names)
    hint = f" Did you mean '{near}'?" if near else ""
    place = f": ncmc list {kind}s" if kind in LISTED and len(names) > MOST_NAMES else ""
    most = MOST_NAMES if near or place else len(names)
    return UsageError(
        f"unknown {kind} '{came}'.{hint} Allowed: {listed(names, most) or '(none)'}{place}."
    )


def _in_order(name: str) -> list[tuple[str, float]]:
    """The key that puts C2 before C10, and 0.005 before 0.01."""
    parts = re.findall(r"(\D*)(\d+(?:\.\d+)?|)", name, re.ASCII)
    return [(word, float(number or 0)) for word, number in parts]


def _nearest(came: str, names: Sequence[str]) -> str | None:
    """The name that was probably meant, whatever its capitals: its letters swapped, or few others."""
    folded = {name.casefold(): name for name in reversed(names)}
    letters = came.casefold()
    alike = [letters] if letters in folded else []
    alike += [name for name in folded if sorted(name) == sorted(letters)]  # CLA for CAL
    alike += difflib.get_close_matches(letters, folded, n=1, cutoff=0.6)
    return folded[alike[0]] if alike else None


@dataclass(frozen=True)
class CheckResult:
    """What one check of somebody's own file found."""

    what: str  # what should be so
    state: Literal["ok", "wrong", "skipped"]  # skipped: an earlier fault makes it pointless to look
    advice: str = ""  # where and what is wrong, and how to mend it


def examine(
    subject: T, checks: Mapping[str, Callable[[T], None]], needed: int, file: Path
) -> list[CheckResult]:
    """Run checks, each named by what should be so; none any more after one of the first `needed` fails.

    A check raises UserError with what is wrong and how to mend it. Whatever else `file` raises is
    told with the line that raised it.
    """
    results: list[CheckResult] = []
    for what, check in checks.items():
        if any(result.state == "wrong" for result in results[:needed]):
            results.append(CheckResult(what, "skipped"))
        else:
            results.append(_result(subject, what, check, file))
    return results


def _result(subject: T, what: str, check: Callable[[T], None], file: Path) -> CheckResult:
    try:
        check(subject)
    except UserError as error:
        text, name = str(error), _name(file)
        return CheckResult(what, "wrong", text if name in text else f"{name}: {text}")
    except Exception as error:  # of somebody's own code
        return CheckResult(what, "wrong", place_in(file, error) or f"{_name(file)}: {_kind(error)}")
    return CheckResult(what, "ok")


def place_in(file: Path, error: Exception) -> str | None:
    """The last line of `file` on the way to an error, and the error; None if it was not passed."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        lines = [error.lineno]
    return f"{_name(file)}, line {lines[-1]}: {_kind(error)}" if lines else None


def _kind(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _name(file: Path) -> str:
    """A file as messages name it: `ncmc/methods/mine.py`, `papers/NAME/methods/mine.py`."""
    parts = 4 if "papers" in file.parts[-4:-3] else 3 if file.suffix == ".py" else 2
    return "/".join(file.parts[-parts:])
