"""`ncmc export`: results packed for somebody else."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Records, completion
from cli.outputs import check_folder, check_target

EPILOG = (
    "Examples: `ncmc export table2 --to table2.zip`; `ncmc export all --to results.zip`, every record. "
    "An export that is there is replaced; another file, or a folder with something in it, is not, and "
    "no folder is made for it. Exit code: 0 all packed, 1 a fault, 2 wrong usage, 3 packed without "
    "records that no table can show."
)


def export(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables or figures; `all` (the default) for every record.",
            metavar="[TABLE]...",
            autocompletion=completion("table"),
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="A .zip file, or a new folder.", metavar="PATH")
    ] = None,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Pack records, with the manifests of their splits and the configuration, with checksums."""
    from cli.show.sharing import print_exported
    from ncmc.errors import UsageError
    from ncmc.project import Project
    from ncmc.sharing import export as packing
    from ncmc.sharing.packed import is_export

    project, chosen = Project.find(), names or [packing.ALL]
    if to is None or not to.name:
        raise UsageError("say where to: ncmc export smoke --to smoke.zip")
    if to.suffix == ".zip":
        check_target(to, "--to", "an export of ncmc", is_export)
    else:
        check_folder(to, "--to")
    manifest, left_out = packing.export(project, chosen, to, results)
    print_exported(to, manifest, left_out, as_json)
    raise typer.Exit(3 if left_out else 0)
