"""`ncmc compare`: what differs between two sets of results."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json

EPILOG = (
    "Examples: `ncmc compare ann.zip` against results/runs; `ncmc compare old.zip new.zip`. "
    "Exit code: 0 the same runs with the same digests, 1 they differ, 2 wrong usage, also a place "
    "without records; 3 a record or an export is damaged: nothing is compared."
)
SOURCE = "An export, or a folder of records; without, results/runs."


def compare(
    a: Annotated[Path | None, typer.Argument(help=SOURCE, metavar="[A]")] = None,
    b: Annotated[Path | None, typer.Argument(help=SOURCE, metavar="[B]")] = None,
    as_json: Json = False,
) -> None:
    """Tell two sets of results apart: which runs, by how much, made where and with what."""
    from cli.show.sharing import print_comparison
    from ncmc.errors import UsageError
    from ncmc.project import Project
    from ncmc.sharing import compare as comparing

    if a is None and b is None:
        raise UsageError("name at least one set: ncmc compare ann.zip")
    # a set alone is compared with ours, ours first: the difference is what theirs adds
    first, second = (None, a) if b is None else (a, b)
    compared = comparing.compare(Project.find(), first, second)
    print_comparison(compared, as_json)
    raise typer.Exit(0 if compared.same else 1)
