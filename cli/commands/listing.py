"""`ncmc list`: what there is."""

from typing import Annotated

import typer

from cli.filters import Datasets, Methods, States, Taus, chosen_filter
from cli.options import Json, complete_table
from ncmc.errors import UsageError, unknown

EPILOG = (
    "Examples: `ncmc list assumptions`; `ncmc list tables --method CAL`, the tables with it, and how "
    "many of their cells and runs have it; `ncmc list runs calibration_jpeg --method CE`, run ids, one "
    "a line: `ncmc train $(ncmc list runs calibration_jpeg --method CE --status waiting)`."
)
FILTERED = ("tables", "runs")
KINDS = ("datasets", "methods", "backbones", "tables", "runs", "claims", "assumptions")


def list_names(
    kind: Annotated[
        str,
        typer.Argument(
            help=", ".join(KINDS),
            autocompletion=lambda incomplete: [k for k in KINDS if k.startswith(incomplete)],
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Of `runs`: the tables or figures whose runs are meant; without, all of them.",
            metavar="[TABLE]...",
            autocompletion=complete_table,
        ),
    ] = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    states: States = None,
    as_json: Json = False,
) -> None:
    """List the datasets, methods, backbones, tables, claims, assumptions, or the runs of a table."""
    from cli.commands import _listing
    from cli.commands._chosen_runs import check_states, chosen_runs
    from cli.show.listings import print_ids, print_listing
    from ncmc.project import Project
    from ncmc.sharing.status import Watcher

    plural = kind if kind in KINDS else f"{kind}s"
    if plural not in KINDS:
        raise unknown("kind", kind, KINDS)
    if names and plural != "runs":
        raise UsageError(
            f"`ncmc list {plural}` takes no further names: `ncmc list runs TABLE` does."
        )
    if plural not in FILTERED and (methods or datasets or taus or states):
        raise UsageError(f"{plural} are not filtered; {' and '.join(FILTERED)} are.")
    check_states(states)
    project = Project.find()
    wanted, watcher = chosen_filter(project, methods, datasets, taus), Watcher(project)
    if plural == "tables":
        print_listing(_listing.tables(project, wanted, states, watcher), as_json)
    elif plural == "runs":
        runs = chosen_runs(project, names or ["all"], wanted)
        if states or as_json:
            found = [one for one in watcher.look(runs) if not states or one.state in states]
            print_ids([(one.run, one.state) for one in found], as_json)
        else:
            print_ids([(run.id, None) for run in runs], as_json)
    else:
        print_listing(_listing.rows(project, plural), as_json)
