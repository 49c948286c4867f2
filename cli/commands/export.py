"""`ncmc export`: results packed for somebody else."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Records
from cli.show.grids import print_lines
from ncmc.errors import UsageError
from ncmc.project import Project
from ncmc.results.wording import plural, size
from ncmc.sharing import export as packing
from ncmc.system import files

EPILOG = (
    "Examples: `ncmc export table2 --to table2.zip`; `ncmc export all --to results.zip`, every record. "
    "An existing file is not replaced, and no folder is made. Exit code: 0 all packed, 1 a fault, "
    "2 wrong usage, 3 packed without records that no table can show."
)


def export(
    to: Annotated[Path, typer.Option(help="The .zip file to write.", metavar="FILE.zip")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables or figures; `all` (the default) for every record.", metavar="[TABLE]..."
        ),
    ] = None,
    results: Records = None,
) -> None:
    """Pack records, with the manifests of their splits and the configuration, with checksums."""
    if to.suffix != ".zip":
        raise UsageError(f"--to {to} is no .zip file. Name one: ncmc export smoke --to smoke.zip")
    if not to.absolute().parent.is_dir():
        raise UsageError(f"--to {to}: there is no folder {to.parent}. Make it first.")
    if files.exists(to):
        raise UsageError(f"--to {to} exists already. Delete it first, or name another file.")
    manifest, left_out = packing.export(Project.find(), names or [packing.ALL], to, results)
    tables = f" of {', '.join(manifest.tables)}" if manifest.tables else ""
    content = size(sum(entry.size for entry in manifest.files.values()))
    print(
        f"{to}: {plural(len(manifest.runs), 'record')}{tables}, "
        f"{plural(len(manifest.files), 'file')}, {content}"
    )
    print_lines([f"left out: {run} {why}" for run, why in left_out.items()])
    raise typer.Exit(3 if left_out else 0)
