"""`ncmc list`: what there is."""

from typing import Annotated

import typer

from cli.options import Json
from ncmc.errors import unknown

EPILOG = "Examples: `ncmc list assumptions`, `ncmc list tables --json`."
KINDS = ("datasets", "methods", "backbones", "tables", "claims", "assumptions")


def list_names(
    kind: Annotated[
        str,
        typer.Argument(
            help=", ".join(KINDS),
            autocompletion=lambda incomplete: [k for k in KINDS if k.startswith(incomplete)],
        ),
    ],
    as_json: Json = False,
) -> None:
    """List the datasets, methods, backbones, tables, claims or assumptions."""
    from cli.commands import _listing
    from cli.show.listings import print_listing
    from ncmc.project import Project

    plural = kind if kind in KINDS else f"{kind}s"
    if plural not in KINDS:
        raise unknown("kind", kind, KINDS)
    print_listing(_listing.rows(Project.find(), plural), as_json)
