"""`--method`, `--dataset`, `--tau`, `--status`: what to show, for commands that list or judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.options import complete_dataset, complete_method
from ncmc.errors import unknown

if TYPE_CHECKING:
    from ncmc.plan.filters import Filter
    from ncmc.project import Project
    from ncmc.verdicts.verdict import Status

PANEL = "Show a part (what is judged and written stays whole)"

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        help="Only what is of this method; repeatable.",
        autocompletion=complete_method,
        rich_help_panel=PANEL,
    ),
]
Datasets = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset",
        help="Only what is on this dataset; repeatable.",
        autocompletion=complete_dataset,
        rich_help_panel=PANEL,
    ),
]
Taus = Annotated[
    list[str] | None,
    typer.Option(
        "--tau", help="Only what is at this imbalance ratio; repeatable.", rich_help_panel=PANEL
    ),
]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help="Only what is so: holds, differs, inconclusive, incomplete, 'not testable'; repeatable.",
        rich_help_panel=PANEL,
    ),
]


States = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help="Only runs that are done, running, failed, stopped, damaged, outdated or waiting; "
        "repeatable.",
        rich_help_panel=PANEL,
    ),
]


def chosen_filter(
    project: Project,
    methods: list[str] | None,
    datasets: list[str] | None,
    taus: list[str] | None,
) -> Filter:
    """The filter of the options. Raises UsageError for a name that there is not."""
    from ncmc.plan.filters import make_filter

    return make_filter(project, methods, datasets, taus)


def chosen_statuses(statuses: list[str] | None) -> frozenset[Status]:
    """The statuses to show, all of them without `--status`. Raises UsageError for an unknown one."""
    from ncmc.verdicts.verdict import STATUSES

    for status in statuses or ():
        if status not in STATUSES:
            raise unknown("status", status, STATUSES)
    return frozenset(cast("list[Status]", statuses) if statuses else STATUSES)
