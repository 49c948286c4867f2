"""Arguments and options that several commands share, and how they become a Run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ncmc.errors import UsageError, shortened

if TYPE_CHECKING:  # help must not wait for the imports of the grid
    from ncmc.plan.grid import Table
    from ncmc.plan.option_text import Value
    from ncmc.plan.run import Run
    from ncmc.project import Project


def complete_dataset(incomplete: str) -> list[str]:
    """Shell completion: datasets."""
    from ncmc.plan.dataset_entries import dataset_entries
    from ncmc.project import Project

    return _matching(dataset_entries(Project.find()), incomplete)


def complete_table(incomplete: str) -> list[str]:
    """Shell completion: tables and figures."""
    from ncmc.plan.grid_file import table_names
    from ncmc.project import Project

    return _matching(table_names(Project.find()), incomplete)


WHOLE = ("all", "claims")  # boards, in place of a table


def complete_board(incomplete: str) -> list[str]:
    """Shell completion: boards, tables and figures."""
    return _matching(WHOLE, incomplete) + complete_table(incomplete)


def complete_entry(incomplete: str) -> list[str]:
    """Shell completion: claims, printed numbers and checks."""
    from ncmc.page.explanation import entry_ids
    from ncmc.project import Project

    return _matching(entry_ids(Project.find()), incomplete)


def complete_page(incomplete: str) -> list[str]:
    """Shell completion: what `ncmc report` makes a page of."""
    return _matching(["all"], incomplete) + complete_table(incomplete)


def complete_tier(incomplete: str) -> list[str]:
    """Shell completion: files of tables."""
    from ncmc.plan.grid_file import tiers
    from ncmc.project import Project

    return _matching(tiers(Project.find()), incomplete)


def complete_backbone(incomplete: str) -> list[str]:
    """Shell completion: backbones."""
    from ncmc.plan import catalog

    return _matching(catalog.names("backbone"), incomplete)


def complete_method(incomplete: str) -> list[str]:
    """Shell completion: methods."""
    from ncmc.plan import catalog

    return _matching(catalog.names("method"), incomplete)


def own_name(kind: str, name: str) -> str:
    """A backbone or method that has a file, as the catalog spells it. Raises UsageError."""
    from ncmc.plan import catalog

    try:
        return catalog.canonical(kind, name)
    except UsageError as error:
        raise UsageError(
            f"{error} One of your own is a file ncmc/{kind}s/NAME.py: see docs/your-own.md#a-{kind}."
        ) from error


def complete_switch(incomplete: str) -> list[str]:
    """Shell completion: assumptions with an alternative."""
    from ncmc.paper import switches
    from ncmc.project import Project

    return _matching(map(str, switches.switches(Project.find())), incomplete)


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.lower().startswith(incomplete.lower())]


def folder(text: str) -> Path:
    """A folder that is there or can be made."""
    if not text:  # an unset variable of a shell; a Path would make it the current folder
        raise typer.BadParameter("the name of a folder is empty.")
    path = Path(text)
    try:
        if path.exists() and not path.is_dir():
            raise typer.BadParameter(f"'{text}' is not a folder.")
    except OSError as error:
        raise typer.BadParameter(f"'{shortened(text)}': {error.strerror}.") from error
    return path


def existing_folder(text: str) -> Path:
    """A folder that is there: without its records a table would be replaced by an empty one."""
    path = folder(text)
    if not path.is_dir():
        raise typer.BadParameter(f"there is no folder '{text}'.")
    return path


TableName = Annotated[
    str,
    typer.Argument(
        help="A table or figure: see `ncmc list tables`.", autocompletion=complete_table
    ),
]
DatasetName = Annotated[
    str, typer.Argument(help="See `ncmc list datasets`.", autocompletion=complete_dataset)
]
DatasetNames = Annotated[
    list[str] | None,
    typer.Argument(help="Datasets; see `ncmc list datasets`.", autocompletion=complete_dataset),
]
Tau = Annotated[float, typer.Option(help="Imbalance ratio n_min / n_max, in (0, 1].")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda or cuda:N; by default a GPU if there is one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def _results(parser: Callable[[str], Path]) -> Any:
    """`--results` of a command that writes records (`folder`) or reads them (`existing_folder`)."""
    return typer.Option(
        "--results",
        help="Folder of the runs' records.",
        show_default="results/runs",
        metavar="FOLDER",
        parser=parser,
    )


Results = Annotated[Path | None, _results(folder)]
Records = Annotated[Path | None, _results(existing_folder)]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder to write to.",
        show_default="results/TABLE",
        metavar="FOLDER",
        parser=folder,
    ),
]
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
        "--assume",
        help="Another reading of an open point, as ID=VALUE: `--assume A14=affine`; see "
        "`ncmc list assumptions`.",
        metavar="ID=VALUE",
        autocompletion=complete_switch,
    ),
]


def chosen_table(project: Project, name: str, assume: list[str] | None) -> Table:
    """The table or figure called `name`, with what `--assume` switches. Raises UsageError."""
    from ncmc.paper import switches

    chosen = switches.parse_switches(project, assume or [])
    table = switches.table(project, switches.name_of(name, chosen))
    switches.require_effect(project, table)
    return table


def results_folder(project: Project, name: str, out: Path | None) -> Path:
    """Where the files of a table or figure go."""
    from ncmc import paths

    return out or project.root / paths.RESULTS.format(table=name)


def say_on_stderr(text: str) -> None:
    """A remark beside the output of a command."""
    print(f"ncmc: {text}", file=sys.stderr)


def parse_given(options: list[str] | None) -> dict[str, Value]:
    """What `-o` gave, as a dictionary. Raises UsageError."""
    from ncmc.plan.option_text import parse_options

    if "" in (options or []):
        raise UsageError("option '' is not KEY=VALUE, such as f=20.")
    return parse_options(",".join(options or []))


def run_from(
    project: Project,
    given: str | None,
    dataset: str | None,
    tau: float | None,
    backbone: str | None,
    method: str | None,
    seed: int | None,
    options: list[str] | None,
    assume: list[str] | None = None,
) -> Run:
    """The Run that the arguments describe: an id, or its parts. Raises UsageError."""
    from ncmc.paper import switches
    from ncmc.plan.run import make_run, parse_run_id

    chosen = switches.parse_switches(project, assume or [])

    parts = {"--dataset": dataset, "--tau": tau, "--backbone": backbone, "--method": method}
    extra = parse_given(options)
    for switch in chosen:
        if twice := extra.keys() & switch.options.keys():
            raise UsageError(f"option {min(twice)} is given by -o and by --assume {switch}.")
    if given:
        said = [name for name, value in (parts | {"--seed": seed}).items() if value is not None]
        if said:
            raise UsageError(f"a run is given by its id or by its parts, not by both ({said[0]}).")
        run = parse_run_id(project, given)
        merged = dict(run.options) | extra
        run = make_run(
            run.dataset, run.tau, run.backbone, run.method, merged, run.seed, project=project
        )
        return switches.switched(project, run, chosen)
    if missing := [name for name, value in parts.items() if value is None]:
        raise UsageError(
            f"a run needs {', '.join(missing)} too, or its id, such as "
            "digits/tau=0.02/resnet8/CAL/default/seed=0."
        )
    run = make_run(
        str(dataset), tau or 0.0, str(backbone), str(method), extra, seed or 0, project=project
    )
    return switches.switched(project, run, chosen)
