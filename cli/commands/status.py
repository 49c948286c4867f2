"""`ncmc status`: how far a grid is, and which records are outdated."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.options import (
    Datasets,
    Json,
    Methods,
    Records,
    States,
    Taus,
    chosen_runs,
)
from cli.show.grids import console, literal, print_json, print_line
from cli.streams import say_on_stderr
from ncmc.errors import UsageError, unknown
from ncmc.plan.filters import Filter, make_filter
from ncmc.project import Project
from ncmc.results import problems
from ncmc.results.provenance import note_without_commit
from ncmc.results.wording import duration, plural
from ncmc.sharing.run_status import STATES, RunStatus, Watcher

EPILOG = (
    "Examples: `ncmc status table2 --watch` while Snakemake or Slurm runs elsewhere; "
    "`ncmc status --status failed`; after a change of a recipe or of a method, "
    "`ncmc status --outdated --delete`, then `snakemake --cores all smoke` trains what is missing. "
    "Exit code: 0, also if runs failed; 2 wrong usage."
)


def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables, figures or tiers of them, such as `laptop`; `all`, the default, is every one "
            "of `ncmc list tables`, with the studies.",
            metavar="[TABLE]...",
        ),
    ] = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    states: States = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Update it every few seconds until all runs are done.")
    ] = False,
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated",
            help="List every record that no longer fits the configuration, the code or the schema, "
            "and why.",
        ),
    ] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="With --outdated: delete these records, and no others.")
    ] = False,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Show which runs are done, running (with epoch and time left), failed (why) or waiting."""
    if odd := [state for state in states or () if state not in STATES]:
        raise unknown("status", odd[0], STATES)
    if watch and (as_json or outdated):
        raise UsageError(
            "--watch is for people who wait for runs: leave out --json and --outdated."
        )
    if delete and not outdated:
        raise UsageError("--delete deletes what --outdated lists: give both.")
    if outdated and states:
        raise UsageError("--outdated and --status both say which runs to show: give one of them.")
    project = Project.find()
    wanted = make_filter(project, methods, datasets, taus)
    if outdated:
        _list_outdated(project, names, wanted, delete, results, as_json)
        return
    if note := note_without_commit(project.root):
        say_on_stderr(note)
    runs = chosen_runs(project, names, wanted)
    watcher = Watcher(project, results)
    if watch:
        watch_status(lambda: watcher.look(runs), states or [])
    else:
        print_status(watcher.look(runs), states or [], as_json)


def _list_outdated(
    project: Project,
    names: list[str] | None,
    wanted: Filter,
    delete: bool,
    results: Path | None,
    as_json: bool,
) -> None:
    """Every outdated record that fits, those that no table plans too unless tables are named."""
    records = [o for o in problems.outdated_records(project, results) if wanted(o.run)]
    if names and "all" not in names:
        planned = {run.id for run in chosen_runs(project, names, wanted)}
        records = [record for record in records if record.run in planned]
    if delete:
        problems.delete(records)
    if as_json:
        rows = [{"run": r.run, "record": r.record, "why": r.why} for r in records]
        print_json({"outdated": rows, "deleted": delete})
        return
    for record in records:
        print_line(f"{record.run} {record.why}")
    hint = "; `ncmc status --outdated --delete` deletes them"
    found = f"{plural(len(records), 'outdated record')}{' deleted' if delete else hint}"
    print(found if records else "no record is outdated")


SECONDS = 3.0  # between two looks
MOST_LINES = 15  # of one state, unless it is asked for; --json has all
TOLD = ("running", "failed", "stopped", "damaged", "outdated")  # listed unless others are asked for
NEW_LINE = "\n" + " " * 10  # below the run, beside its state
STYLES = {
    "done": "green",
    "running": "bold",
    "failed": "bold red",
    "damaged": "bold red",
    "stopped": "yellow",
}


def print_status(statuses: Sequence[RunStatus], states: Sequence[str], as_json: bool) -> None:
    """The counts, and the runs of `states`, or those that are not simply done or waiting."""
    if as_json:
        chosen = [one for one in statuses if not states or one.state in states]
        body = [one.model_dump(mode="json") for one in chosen]
        print_json({"counts": _counts(statuses), "runs": body})
        return
    console().print(
        drawn(statuses, states, len(statuses) if states else MOST_LINES), soft_wrap=True
    )


def watch_status(look: Callable[[], Sequence[RunStatus]], states: Sequence[str]) -> None:
    """Draw it again every few seconds, until every run is done or Ctrl-C; to a log, what changes."""
    out = console()
    before, statuses = None, look()
    with Live(console=out, auto_refresh=False) if out.is_terminal else nullcontext() as live:
        while True:
            if live:
                most = max(out.height // 5, 3)
                live.update(drawn(statuses, states, most, out.width), refresh=True)
            elif (now := _summary(statuses)) != before:
                print(now, flush=True)
                before = now
            if all(one.state == "done" for one in statuses):
                return
            time.sleep(SECONDS)
            statuses = look()


def drawn(
    statuses: Sequence[RunStatus], states: Sequence[str], most: int, width: int | None = None
) -> RenderableType:
    """A bar, the counts, and at most `most` runs of each state; `width`: of lines, in characters."""
    rows = Table.grid()  # a bar alone does not end its line
    rows.add_row(ProgressBar(total=len(statuses), completed=_counts(statuses)["done"], width=60))
    rows.add_row(literal(_summary(statuses)))
    for state in states or TOLD:
        runs = [one for one in statuses if one.state == state]
        for one in runs[:most]:
            rows.add_row(_line(one, width))
        if len(runs) > most:
            rows.add_row(literal(f"... and {len(runs) - most} more {state}; --json names all"))
    return rows


def _counts(statuses: Sequence[RunStatus]) -> dict[str, int]:
    counted = Counter(one.state for one in statuses)
    return {state: counted[state] for state in STATES}


def _summary(statuses: Sequence[RunStatus]) -> str:
    counts = _counts(statuses)
    states = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
    idle = "" if counts["running"] or counts["done"] == len(statuses) else "; nothing is running"
    return f"{plural(len(statuses), 'run')}: {states}{idle}"


def _line(one: RunStatus, width: int | None) -> Text:
    """A run in one line, or in two where `width` is too narrow."""
    parts = []
    if one.epochs:
        parts.append(f"epoch {one.epoch or 0.0:.1f}/{one.epochs}")
    if one.seconds_left is not None:
        parts.append(f"{duration(one.seconds_left)} left")
    if one.accuracy is not None:
        parts.append(f"accuracy {one.accuracy:.2f} %")
    if one.why:
        parts.append(" ".join(one.why.splitlines()[-1:]))
    head, rest = f"{one.state.ljust(8)}  {one.run}", "  ".join(parts)
    narrow = width is not None and len(f"{head}  {rest}") > width
    text = literal(f"{head}{NEW_LINE if narrow else '  '}{rest}".rstrip())
    text.stylize(STYLES.get(one.state, ""), 0, len(one.state))
    return text
