"""What `ncmc doctor` shows: this machine, and what runs would cost on it."""

import dataclasses
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.results.wording import duration, plural

if TYPE_CHECKING:
    from cli.commands._diagnosis import Diagnosis

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}


def print_diagnosis(diagnosis: "Diagnosis", as_json: bool) -> None:
    """What a look at the machine found."""
    if as_json:
        print_json(dataclasses.asdict(diagnosis))
        return
    rows = []
    for line in diagnosis.lines:
        mark, style = MARKS[line.good]
        rows.append(
            (Text(mark, style=style), line.what, line.found, "" if line.good else line.advice)
        )
    print_grid(("", "what", "found", "advice"), rows)


def _what(name: str) -> str:
    """What a cost is of; `all` is the paper's grid here, without calibrations and studies."""
    whole = {
        "all": "the paper's grid",
        "laptop": "the laptop tier",
        "full": "the full schedule on ResNet-32",
    }
    return f"{whole[name]} (its tables and figures)" if name in whole else name


def print_cost(cost: dict[str, Any], as_json: bool) -> None:
    """What a table would cost."""
    if as_json:
        print_json(cost)
        return
    out = console()
    left = cost["runs"] - cost["done"]
    out.print(
        f"{_what(cost['table'])} on {cost['device']}: {plural(left, 'run')}, "
        f"about {duration(cost['hours'] * 3600)} ({cost['hours']:.1f} h) one after the other, "
        f"{cost['disk_gb']:.1f} GB of disk"
    )
    if cost["done"]:
        done = cost["done"]
        out.print(f"{plural(done, 'run')} {'is' if done == 1 else 'are'} done already")
    for note in cost["notes"]:
        out.print(literal(note))
    out.print("Measured by a probe of some seconds for each network.", end=" ")
    if cost["busy"]:
        out.print(
            f"This machine is busy: the probe had {cost['processor_share']:.0%} of its threads' "
            "time, and on shared cores training is slower out of proportion. Measure again when it is "
            "quiet.",
            style="yellow",
        )
    else:
        out.print("A guess within a factor of 1.5.")
