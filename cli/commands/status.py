"""`ncmc status`: how far a grid is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Json, Records, complete_dataset, complete_method, complete_table

if TYPE_CHECKING:  # help must not wait for the imports of the grid
    from ncmc.plan.run import Run
    from ncmc.project import Project

EPILOG = (
    "Examples: `ncmc status table2 --watch` while Snakemake or Slurm runs elsewhere; "
    "`ncmc status all --status failed`. Exit code: 0, also if runs failed; 2 wrong usage."
)


def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables or figures; `all`, the default, is every one of `ncmc list tables`, with the "
            "calibrations and studies.",
            metavar="[TABLE]...",
            autocompletion=complete_table,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only runs of this method.", autocompletion=complete_method),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(help="Only runs on this dataset.", autocompletion=complete_dataset),
    ] = None,
    tau: Annotated[
        list[float] | None, typer.Option(help="Only runs of this imbalance ratio.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            help="Only runs that are done, running, failed, stopped, damaged, outdated or waiting.",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw it again every few seconds until all are done.")
    ] = False,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Show which runs are done, running (with epoch and time left), failed (why) or waiting."""
    from cli.show.status import print_status, watch_status
    from ncmc.errors import UsageError, unknown
    from ncmc.project import Project
    from ncmc.sharing.status import STATES, Watcher

    for word in state or []:
        if word not in STATES:
            raise unknown("status", word, STATES)
    if watch and as_json:
        raise UsageError("--watch is for people, --json for programs: give one of them.")
    project = Project.find()
    runs = _runs(project, names or ["all"], method, dataset, tau)
    watcher = Watcher(project, results)
    if watch:
        watch_status(lambda: watcher.look(runs), state or [])
    else:
        print_status(watcher.look(runs), state or [], as_json)


def _runs(
    project: Project,
    names: list[str],
    method: list[str] | None,
    dataset: list[str] | None,
    tau: list[float] | None,
) -> list[Run]:
    """The chosen runs, those whose models others use before them. Raises UsageError."""
    from ncmc.errors import UsageError
    from ncmc.paper import switches
    from ncmc.plan import grid
    from ncmc.plan.filters import make_filter
    from ncmc.plan.grid_file import table_names
    from ncmc.plan.run import trained_runs

    if "all" in names:
        tables = [grid.table(project, name) for name in table_names(project)]
    else:
        tables = [switches.table(project, name) for name in names]
    wanted = make_filter(project, method, dataset, None)  # any tau may be asked for here
    planned = [run for table in tables for run in table.runs]
    runs = [
        run
        for run in dict.fromkeys([*trained_runs(project, planned), *planned])
        if wanted.fits(run.id) and (not tau or run.tau in tau)
    ]
    if not runs:
        raise UsageError("no run of these tables has that method, dataset and tau.")
    return runs
