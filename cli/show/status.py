"""How far a grid is: counts, then the runs that somebody may want to look at."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.show.grids import console, literal, print_json
from ncmc.results.wording import duration, plural
from ncmc.sharing.status import STATES, RunStatus

SECONDS = 3.0  # between two looks
MOST_LINES = 15  # of one state, unless it is asked for; --json has all
TOLD = ("running", "failed", "stopped", "damaged", "outdated")  # listed unless others are asked for
STYLES = {
    "done": "green",
    "running": "bold",
    "failed": "bold red",
    "damaged": "bold red",
    "stopped": "yellow",
}


def print_status(found: Sequence[RunStatus], states: Sequence[str], as_json: bool) -> None:
    """The counts, and the runs of `states`, or those that are not simply done or waiting."""
    if as_json:
        chosen = [one for one in found if not states or one.state in states]
        body = [one.model_dump(mode="json") for one in chosen]
        print_json({"counts": _counts(found), "runs": body})
        return
    console().print(drawn(found, states, None), soft_wrap=True)


def watch_status(look: Callable[[], Sequence[RunStatus]], states: Sequence[str]) -> None:
    """Draw it again every few seconds, until every run is done or Ctrl-C."""
    from rich.live import Live

    out = console()
    found = look()
    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(drawn(found, states, max(out.height - 4, 5)), refresh=True)
            if all(one.state == "done" for one in found):
                return
            time.sleep(SECONDS)
            found = look()


def drawn(found: Sequence[RunStatus], states: Sequence[str], lines: int | None) -> RenderableType:
    """A bar, the counts, and lines on runs; no more than `lines` of these."""
    counts = _counts(found)
    told = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
    head = Table.grid()  # a bar alone does not end its line
    head.add_row(ProgressBar(total=len(found), completed=counts["done"], width=60))
    head.add_row(literal(f"{plural(len(found), 'run')}: {told}"))
    parts: list[RenderableType] = [head]
    most = MOST_LINES if not states else len(found)
    listed = [
        text
        for state in (states or TOLD)
        for text in _lines([one for one in found if one.state == state], most)
    ]
    if lines is not None and len(listed) > lines:
        listed = [*listed[: lines - 1], literal(f"... and {len(listed) - lines + 1} more lines")]
    rows = Table.grid()
    for text in listed:
        rows.add_row(text)
    return Group(*parts, *([rows] if listed else []))


def _counts(found: Sequence[RunStatus]) -> dict[str, int]:
    counted = Counter(one.state for one in found)
    return {state: counted[state] for state in STATES}


def _lines(found: Sequence[RunStatus], most: int) -> list[Text]:
    lines = [_line(one) for one in found[:most]]
    if len(found) > most:
        lines.append(
            literal(f"... and {len(found) - most} more {found[0].state}; --json names all")
        )
    return lines


def _line(one: RunStatus) -> Text:
    parts = [one.state.ljust(8), one.run]
    if one.epochs:
        parts.append(f"epoch {one.epoch or 0.0:.1f}/{one.epochs}")
    if one.seconds_left is not None:
        parts.append(f"{duration(one.seconds_left)} left")
    if one.accuracy is not None:
        parts.append(f"accuracy {one.accuracy:.2f} %")
    if one.why:
        parts.append(" ".join(one.why.splitlines()[-1:]))
    text = literal("  ".join(parts))
    text.stylize(STYLES.get(one.state, ""), 0, len(one.state))
    return text
