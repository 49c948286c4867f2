"""Options as text: how they stand in run ids, paths, commands and tables."""

import math
import re
from collections.abc import Iterable
from typing import Any

from ncmc.errors import UsageError, shortened

Value = bool | int | float | str

WORD = re.compile(r"[A-Za-z0-9_.+-]+")  # what a key or a value may consist of
MOST_LETTERS = 100  # of one key or value
MOST_NUMBER = 2**53  # larger whole numbers are not exact where a program reads them as fractions
WHOLE = re.compile(r"[+-]?[0-9]+")
PI = re.compile(r"(?:pi|π)(?:/([1-9][0-9]?))?")  # pi, pi/2, pi/3, ...
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def format_value(value: Value) -> str:
    """A value as it stands in ids, paths and commands: on/off for booleans."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def axis_label(value: Value) -> str:
    """A value as people read it on an axis: as `format_value` prints it, but `π/2` for pi/2."""
    if isinstance(value, float) and 0 < value <= math.pi:
        parts = round(math.pi / value)
        if value == math.pi / parts and parts < 100:
            return "π" if parts == 1 else f"π/{parts}"
    return format_value(value)


def read_pi(value: Any) -> Any:
    """`pi/2` or `π/2` as the number that it names; any other value as it is."""
    fraction = PI.fullmatch(value) if isinstance(value, str) else None
    return math.pi / int(fraction[1] or 1) if fraction else value


def parse_value(text: str) -> Value:
    """The value that `format_value` printed: on/off, an integer, a number or a word; `pi/2` too."""
    if text in ("on", "off", "true", "false"):
        return text in ("on", "true")
    if len(text) > MOST_LETTERS:  # longer numbers are nobody's, and slow to read
        return text
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else read_pi(text)


def format_options(options: Iterable[tuple[str, Value]]) -> str:
    """`f=20+theta=0.2`; `default` if there are none.

    No commas: Snakemake splits a wildcard at them when it hands a job to Slurm (its issue 2366).
    """
    return "+".join(f"{key}={format_value(value)}" for key, value in options) or "default"


def parse_options(text: str) -> dict[str, Value]:
    """`f=20+theta=0.2`, `f=20,theta=0.2` or `default` as a dictionary. Raises UsageError."""
    if text in ("", "default"):
        return {}
    options: dict[str, Value] = {}
    for item in re.split(r",|\+(?=\w+=)", text):  # 1e+20 is one number
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise UsageError(f"option '{shortened(item)}' is not KEY=VALUE, such as f=20.")
        if key in options:
            raise UsageError(f"option '{shortened(key)}' is given twice.")
        options[key] = parse_value(value)
        check_option(key, options[key])
    return options


def check_option(key: str, value: Value) -> None:
    """Raises UsageError unless key and value are of the right type and can stand in a path."""
    if not isinstance(value, Value):
        raise UsageError(
            f"option {key} is {shortened(repr(value))}; allowed: a word, a number, true or false."
        )
    if isinstance(value, int) and abs(value) > MOST_NUMBER:
        raise UsageError(
            f"option {key} is {shortened(str(value))}; allowed: whole numbers from -2^53 to 2^53."
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"option {key} is {value}; allowed: a finite number.")
    for text in (key, format_value(value)):
        if not WORD.fullmatch(text) or len(text) > MOST_LETTERS:
            raise UsageError(
                f"option {shortened(f'{key}={value}')} cannot stand in a path; allowed: letters, "
                f"digits, _ . + - and at most {MOST_LETTERS} of them in a key or value."
            )
