"""`ncmc status`: how far a grid is, and which records are outdated."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from cli.options import (
    Datasets,
    Methods,
    Records,
    States,
    Taus,
    chosen_runs,
)
from cli.show.grids import console
from cli.streams import say_on_stderr
from ncmc.errors import UsageError, unknown
from ncmc.plan.filters import make_filter
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
) -> None:
    """Show which runs are done, running (with epoch and time left), failed (why) or waiting."""
    if odd := [state for state in states or () if state not in STATES]:
        raise unknown("status", odd[0], STATES)
    if watch and outdated:
        raise UsageError("--watch waits for runs, and --outdated lists records: give one of them.")
    if delete and not outdated:
        raise UsageError("--delete deletes what --outdated lists: give both.")
    if outdated and states:
        raise UsageError("--outdated and --status both say which runs to show: give one of them.")
    project = Project.find()
    wanted = make_filter(project, methods, datasets, taus)
    if outdated:
        records = [o for o in problems.outdated_records(project, results) if wanted(o.run)]
        if names and "all" not in names:  # without, those too that no table plans
            planned = {run.id for run in chosen_runs(project, names, wanted)}
            records = [record for record in records if record.run in planned]
        _list_outdated(records, delete)
        return
    if note := note_without_commit(project.root):
        say_on_stderr(note)
    runs = chosen_runs(project, names, wanted)
    watcher = Watcher(project, results)
    if watch:
        watch_status(lambda: watcher.look(runs), states or [])
        return
    out, statuses = console(), watcher.look(runs)
    most = MOST_LINES if out.is_terminal and not states else len(statuses)
    out.print(*lines(statuses, states or [], most), sep="\n", soft_wrap=True)
    if project.published_tiers and all(one.state == "waiting" for one in statuses):
        print("Published records are not counted here: `ncmc verify claims` reads them.")


def _list_outdated(records: list[problems.Outdated], delete: bool) -> None:
    if delete:
        problems.delete(records)
    for record in records:
        print(f"{record.run} {record.why}")
    hint = "; `ncmc status --outdated --delete` deletes them"
    found = f"{plural(len(records), 'outdated record')}{' deleted' if delete else hint}"
    print(found if records else "no record is outdated")


SECONDS = 3.0  # between two looks
MOST_LINES = 15  # of one state, on a terminal, unless it is asked for; a pipe gets all
TOLD = ("running", "failed", "stopped", "damaged", "outdated")  # listed unless others are asked for
STYLES = {
    "done": "green",
    "running": "bold",
    "failed": "bold red",
    "damaged": "bold red",
    "stopped": "yellow",
}


def watch_status(look: Callable[[], Sequence[RunStatus]], states: Sequence[str]) -> None:
    """Draw it again every few seconds, until every run is done or Ctrl-C; to a log, what changes."""
    out = console()
    before, statuses = None, look()
    with Live(console=out, auto_refresh=False) if out.is_terminal else nullcontext() as live:
        while True:
            if live:
                most = max(out.height // 5, 3)
                live.update(Group(*lines(statuses, states, most)), refresh=True)
            elif (now := _summary(statuses)) != before:
                print(now, flush=True)
                before = now
            if all(one.state == "done" for one in statuses):
                return
            time.sleep(SECONDS)
            statuses = look()


def lines(statuses: Sequence[RunStatus], states: Sequence[str], most: int) -> Iterator[Text]:
    """The counts, and at most `most` runs of each state."""
    yield Text(_summary(statuses))
    for state in states or TOLD:
        runs = [one for one in statuses if one.state == state]
        for one in runs[:most]:
            yield _line(one)
        if len(runs) > most:
            yield Text(f"... and {len(runs) - most} more: ncmc status --status {state}")


def _summary(statuses: Sequence[RunStatus]) -> str:
    counts = Counter(one.state for one in statuses)
    states = ", ".join(f"{counts[state]:,} {state}" for state in STATES if counts[state])
    idle = "" if counts["running"] or counts["done"] == len(statuses) else "; nothing is running"
    return f"{plural(len(statuses), 'run')}: {states}{idle}"


def _line(one: RunStatus) -> Text:
    parts = [one.run]
    if one.epochs:
        parts.append(f"epoch {one.epoch or 0.0:.1f}/{one.epochs}")
    if one.seconds_left is not None:
        parts.append(f"{duration(one.seconds_left)} left")
    if one.accuracy is not None:
        parts.append(f"accuracy {one.accuracy:.2f} %")
    if one.why:
        parts.append(" ".join(one.why.splitlines()[-1:]))
    return Text.assemble((one.state.ljust(10), STYLES.get(one.state, "")), "  ".join(parts))
