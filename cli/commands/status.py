"""`ncmc status`: how far a grid is, and which records are outdated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    Datasets,
    Json,
    Methods,
    Records,
    States,
    Taus,
    chosen_runs,
    chosen_statuses,
    completion,
)
from ncmc.errors import UsageError

if TYPE_CHECKING:  # help must not wait for the imports of the grid
    from ncmc.plan.filters import Filter
    from ncmc.project import Project

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
            help="Tables or figures; `all`, the default, is every one of `ncmc list tables`, with the "
            "calibrations and studies.",
            metavar="[TABLE]...",
            autocompletion=completion("table", "all"),
        ),
    ] = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    states: States = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw it again every few seconds until all are done.")
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
    from cli.show.status import print_status, watch_status
    from ncmc.plan.filters import make_filter
    from ncmc.project import Project
    from ncmc.sharing.status import STATES, Watcher

    chosen_statuses(states, STATES)
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
    from cli.show.listings import print_outdated
    from ncmc.results import outdated as finder

    records = [o for o in finder.outdated_records(project, results) if wanted.fits(o.run)]
    if names and "all" not in names:
        planned = {run.id for run in chosen_runs(project, names, wanted)}
        records = [record for record in records if record.run in planned]
    if delete:
        finder.delete(records)
    print_outdated(records, delete, as_json)
