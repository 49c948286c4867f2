"""Checks of options: each raises UsageError with what came and what is allowed."""

import math
from collections.abc import Sequence
from typing import Any

from ncmc.errors import UsageError


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name} is {value!r}; allowed: {', '.join(allowed)}.")


def check_switch(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}; allowed: on or off.")


def check_whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name} is {value!r}; allowed: a whole number, {least} or more.")


def check_number(name: str, value: Any, least: float, below: float = math.inf) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value < below:  # NaN is not either
        limit = "" if below == math.inf else f" and below {below}"
        raise UsageError(f"{name} is {value!r}; allowed: a number, {least} or more{limit}.")
