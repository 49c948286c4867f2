"""`ncmc explain`: one claim, printed number or check in full."""

from typing import Annotated

import typer

from cli.options import (
    Datasets,
    Json,
    Methods,
    Records,
    Statuses,
    Taus,
    chosen_statuses,
    completion,
    reading_project,
)

EPILOG = (
    "Examples: `ncmc explain C13`, a claim of the paper; `ncmc explain N1`, a printed number; "
    "`ncmc explain S1`, a check of ours. `ncmc verify all` lists them."
)


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A claim (C13, F1), a printed number (N1), or a check (C1a, S1).",
            autocompletion=completion("entry"),
        ),
    ],
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    statuses: Statuses = None,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Say what a claim is, how it is read, which runs decide it, their cost, and what was found."""
    from cli.show.explanations import print_explanation
    from ncmc.page import explanation
    from ncmc.plan.filters import make_filter
    from ncmc.verdicts.verdict import STATUSES

    project = reading_project()
    wanted = make_filter(project, methods, datasets, taus)
    so = chosen_statuses(statuses, STATUSES)
    told = explanation.explain(project, name, results)
    print_explanation(told.shown(wanted, so), as_json)
