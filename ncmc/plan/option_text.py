"""Options as text: how they stand in run ids, paths, commands and tables."""

import re
from collections.abc import Iterable

from ncmc.errors import UsageError, shortened

Value = bool | int | float | str

WORD = re.compile(r"[A-Za-z0-9_.+-]+")  # what a key or a value may consist of
MOST_OPTIONS = 100
MOST_LETTERS = 100  # of one key or value


def format_value(value: Value) -> str:
    """A value as it stands in ids, paths and commands: on/off for booleans."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def parse_value(text: str) -> Value:
    """The value that `format_value` printed: on/off, an integer, a number or a word."""
    if text in ("on", "off", "true", "false"):
        return text in ("on", "true")
    if len(text) <= MOST_LETTERS:  # longer numbers are nobody's, and slow to read
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text


def format_options(options: Iterable[tuple[str, Value]]) -> str:
    """`f=20+theta=0.2`; `default` if there are none.

    No commas: Snakemake splits a wildcard at them when it hands a job to Slurm (its issue 2366).
    """
    return "+".join(f"{key}={format_value(value)}" for key, value in options) or "default"


def parse_options(text: str) -> dict[str, Value]:
    """`f=20+theta=0.2`, `f=20,theta=0.2` or `default` as a dictionary. Raises UsageError."""
    if text in ("", "default"):
        return {}
    items = re.split(r",|\+(?=\w+=)", text)  # 1e+20 is one number
    if len(items) > MOST_OPTIONS:
        raise UsageError(f"{len(items)} options are given; allowed: {MOST_OPTIONS} at most.")
    options: dict[str, Value] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise UsageError(f"option '{shortened(item)}' is not KEY=VALUE, such as f=20.")
        if key in options:
            raise UsageError(f"option '{shortened(key)}' is given twice.")
        options[key] = parse_value(value)
        check_option(key, options[key])
    return options


def check_option(key: str, value: Value) -> None:
    """Raises UsageError unless key and value can stand in a path."""
    for text in (key, format_value(value)):
        if not WORD.fullmatch(text) or len(text) > MOST_LETTERS:
            raise UsageError(
                f"option {shortened(f'{key}={value}')} cannot stand in a path; allowed: letters, "
                f"digits, _ . + - and at most {MOST_LETTERS} of them in a key or value."
            )
