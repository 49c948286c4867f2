"""Arguments and options that several commands share, and how they become a Run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ncmc.errors import UsageError

if TYPE_CHECKING:  # help must not wait for the imports of the grid
    from ncmc.plan.grid import Run


def complete_dataset(incomplete: str) -> list[str]:
    """Shell completion: datasets."""
    return _matching("dataset", incomplete)


def complete_table(incomplete: str) -> list[str]:
    """Shell completion: tables and figures."""
    from ncmc.plan import grid

    return [name for name in grid.table_names() if name.startswith(incomplete)]


def complete_backbone(incomplete: str) -> list[str]:
    """Shell completion: backbones."""
    return _matching("backbone", incomplete)


def complete_method(incomplete: str) -> list[str]:
    """Shell completion: methods."""
    return _matching("method", incomplete)


def _matching(kind: str, incomplete: str) -> list[str]:
    from ncmc.plan import catalog

    return [n for n in catalog.names(kind) if n.lower().startswith(incomplete.lower())]


TableName = Annotated[
    str,
    typer.Argument(
        help="A table or figure: see `ncmc list tables`.", autocompletion=complete_table
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Results = Annotated[
    Path | None,
    typer.Option("--results", help="Folder of the runs.", show_default="results/runs"),
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


def run_from(
    given: str | None,
    dataset: str | None,
    tau: float | None,
    backbone: str | None,
    method: str | None,
    seed: int,
    options: list[str] | None,
) -> Run:
    """The Run that the arguments describe: an id, or its parts. Raises UsageError."""
    from ncmc.plan import grid

    parts = {"--dataset": dataset, "--tau": tau, "--backbone": backbone, "--method": method}
    extra = grid.parse_options(",".join(options or []))
    if given:
        if said := [name for name, value in parts.items() if value is not None]:
            raise UsageError(f"a run is given by its id or by its parts, not by both ({said[0]}).")
        run = grid.parse_id(given)
        chosen = dict(run.options) | extra
        return grid.make_run(run.dataset, run.tau, run.backbone, run.method, chosen, run.seed)
    if missing := [name for name, value in parts.items() if value is None]:
        raise UsageError(
            f"a run needs {', '.join(missing)} too, or its id, such as "
            "digits/tau=0.02/resnet8/CAL/default/seed=0."
        )
    return grid.make_run(str(dataset), tau or 0.0, str(backbone), str(method), extra, seed)
