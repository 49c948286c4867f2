"""Checks of options: each raises UsageError with what came and what is allowed."""

import math
from collections.abc import Sequence
from typing import Any

from ncmc.errors import UsageError


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """`value` must be one of `allowed`."""
    if value not in allowed:
        raise UsageError(f"{name} is {value!r}; allowed: {', '.join(allowed)}.")


def check_switch(name: str, value: Any) -> None:
    """`value` must be a boolean."""
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}; allowed: on or off.")


def check_whole(name: str, value: Any, least: int) -> None:
    """`value` must be a whole number of `least` or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name} is {value!r}; allowed: a whole number, {least} or more.")


def check_number(name: str, value: Any, least: float) -> None:
    """`value` must be a finite number of `least` or more."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < least:
        raise UsageError(f"{name} is {value!r}; allowed: a number, {least} or more.")
