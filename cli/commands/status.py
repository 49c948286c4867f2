"""`ncmc status`: how far a grid is."""

from typing import Annotated

import typer

from cli.options import Json, Records, complete_dataset, complete_method, complete_table

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
    from cli.commands._chosen_runs import check_states, chosen_runs
    from cli.show.status import print_status, watch_status
    from ncmc.errors import UsageError
    from ncmc.plan.filters import make_filter
    from ncmc.project import Project
    from ncmc.sharing.status import Watcher

    check_states(state)
    if watch and as_json:
        raise UsageError("--watch is for people, --json for programs: give one of them.")
    project = Project.find()
    wanted = make_filter(project, method, dataset, None)  # any tau may be asked for here
    runs = chosen_runs(project, names or ["all"], wanted, tau)
    watcher = Watcher(project, results)
    if watch:
        watch_status(lambda: watcher.look(runs), state or [])
    else:
        print_status(watcher.look(runs), state or [], as_json)
