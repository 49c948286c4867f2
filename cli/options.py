"""Arguments and options that several commands share."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import streams
from cli.streams import say_on_stderr
from ncmc import paths
from ncmc.errors import UsageError, unknown
from ncmc.paper import switches
from ncmc.plan.filters import Filter
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names, tiers
from ncmc.plan.option_text import Value, parse_options
from ncmc.plan.run import Run, trained_runs
from ncmc.project import Project

WHOLE = ("all", "claims")  # boards, in place of a table


def _results(must_exist: bool) -> Any:
    """`must_exist`: without its records a table would be replaced by an empty one."""
    return typer.Option(
        "--results",
        help="Folder of the runs' records.",
        show_default="results/runs",
        metavar="FOLDER",
        exists=must_exist,
        file_okay=False,
    )


Results = Annotated[Path | None, _results(must_exist=False)]  # of a command that writes records ...
Records = Annotated[Path | None, _results(must_exist=True)]  # ... or reads them
Folder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder to write to.",
        show_default="results/TABLE",
        metavar="FOLDER",
        file_okay=False,
    ),
]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda or cuda:N; by default a GPU if there is one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        help="Override a value, as KEY=VALUE: `-o f=10 -o epochs=20`.",
        metavar="KEY=VALUE",
    ),
]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        help="Another reading of an open point, as ID=VALUE: `--assume A14=affine`; see "
        "`ncmc list assumptions`.",
        metavar="ID=VALUE",
    ),
]


# --- filters -----------------------------------------------------------------------------------


def _only(option: str, text: str) -> Any:
    """A repeatable option that shows a part."""
    return typer.Option(
        option,
        help=f"Only {text}; repeatable.",
        rich_help_panel="Show a part",
    )


Methods = Annotated[list[str] | None, _only("--method", "this method")]
Datasets = Annotated[list[str] | None, _only("--dataset", "this dataset")]
Taus = Annotated[list[str] | None, _only("--tau", "this imbalance ratio")]
States = Annotated[
    list[str] | None,
    _only(
        "--status",
        "runs that are done, running, failed, stopped, damaged, outdated or waiting",
    ),
]


# --- what they choose --------------------------------------------------------------------------


def chosen_table(
    project: Project, name: str, assume: list[str] | None = None, others: Sequence[str] = ()
) -> Table:
    """The table or figure called `name`, with what `--assume` switches.

    `others`: what a command takes in place of a table. Raises UsageError, which names these too.
    """
    if switches.plain_name(name) not in (known := table_names(project)):
        if name in (of_tier := tiers(project)):
            raise UsageError(
                f"{name} is a tier. Name one of its tables: {', '.join(of_tier[name])}."
            )
        raise unknown("table", name, [*others, *known])
    chosen = switches.parse_switches(project, assume or [])
    table = switches.table(project, switches.name_of(name, chosen))
    switches.require_effect(project, table)
    return table


def chosen_runs(project: Project, names: Sequence[str] | None, wanted: Filter) -> list[Run]:
    """The runs of tables and tiers (of every table without), those whose models others use first.

    Raises UsageError for an unknown table, and if no run fits.
    """
    if not names or "all" in names:
        names = table_names(project)
    known = tiers(project) | {name: [name] for name in table_names(project)}  # `smoke` is both
    tables = [table for name in names for table in known.get(name, [name])]
    planned = [run for table in tables for run in switches.table(project, table).runs]
    unique = dict.fromkeys([*trained_runs(project, planned), *planned])
    runs = [run for run in unique if wanted(run.id)]
    if not runs:
        raise UsageError("no run of these tables has that method, dataset and tau.")
    return runs


def reading_project() -> Project:
    """The project, for a command that reads: a published record stands in for one that is not here.

    How many did is said when the command ends, of the project that it opened last.
    """
    project = Project.find(reads_published=True)
    streams.AT_END[:] = [partial(_say_what_is_published, project)]
    return project


def _say_what_is_published(project: Project) -> None:
    own, published = len(project.own_in_use), len(project.published_in_use)
    alone = f"\n      Yours alone: --results {paths.RUNS}" if own else ""
    if published:
        of_all = f"{published:,} of {published + own:,}"
        say_on_stderr(
            f"{of_all} records are published ones, not made here, nor for Snakemake.{alone}"
        )


def results_folder(project: Project, name: str, out: Path | None) -> Path:
    """Where the files of a table or figure go."""
    return out or project.place(paths.RESULTS, table=name)


def homeless(project: Project, results: Path | None, out: Path | None) -> str | None:
    """Why what is made of these records has no place; None if it has one.

    results/TABLE is of results/runs alone: Snakemake takes what lies there for what follows from them.
    """
    if out or results is None or results.resolve() == (project.root / paths.RUNS).resolve():
        return None
    return (
        f"no file is written of the records in {results}: results/ belongs to those of {paths.RUNS}. "
        "Give a folder with --out FOLDER."
    )


def parse_given(options: list[str] | None) -> dict[str, Value]:
    """What `-o` gave, as a dictionary. Raises UsageError."""
    if "" in (options or []):
        raise UsageError("option '' is not KEY=VALUE, such as f=20.")
    return parse_options(",".join(options or []))
