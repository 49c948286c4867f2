"""Errors that are the user's to mend: printed without a traceback, with an exit code."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something outside the program is wrong (a file, a disk, a result). Exit code 1."""

    exit_code = 1


class UsageError(UserError):
    """What was asked for is wrong (a name, an option, a value). Exit code 2."""

    exit_code = 2


def first_line(error: Exception) -> str:
    """The beginning of a library's error message, for a sentence of ours."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def shortened(text: str, most: int = 120) -> str:
    """What came from outside, for a sentence of ours: in one line, and not longer than `most`."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UsageError:
    """The error for a name that is not in a list: what came, what is allowed, the nearest match."""
    names = sorted(allowed)
    came = shortened(str(name))
    swapped = [name for name in names if sorted(name) == sorted(came)]  # CLA for CAL
    near = swapped or difflib.get_close_matches(came, names, n=1, cutoff=0.6)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return UsageError(f"unknown {kind} '{came}'.{hint} Allowed: {', '.join(names) or '(none)'}.")
