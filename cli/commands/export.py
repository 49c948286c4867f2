"""`ncmc export`: results packed for somebody else."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Records
from cli.show.grids import print_json, print_line, print_lines
from ncmc.errors import UsageError, UserError
from ncmc.project import Project
from ncmc.results.wording import plural, size
from ncmc.sharing import export as packing
from ncmc.sharing.export import RunNote
from ncmc.sharing.export_format import Manifest, is_export
from ncmc.system import files

EPILOG = (
    "Examples: `ncmc export table2 --to table2.zip`; `ncmc export all --to results.zip`, every record. "
    "An existing export is replaced; another file is not, and no folder is made. Exit "
    "code: 0 all packed, 1 a fault, 2 wrong usage, 3 packed without records that no table can show."
)


def export(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tables or figures; `all` (the default) for every record.", metavar="[TABLE]..."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="The .zip file to write.", metavar="FILE.zip")
    ] = None,
    results: Records = None,
    as_json: Json = False,
) -> None:
    """Pack records, with the manifests of their splits and the configuration, with checksums."""
    project, chosen = Project.find(), names or [packing.ALL]
    if to is None or to.suffix != ".zip":
        given = f"--to {to} is no .zip file" if to else "--to is missing"
        raise UsageError(f"{given}. Name one: ncmc export smoke --to smoke.zip")
    _check_target(to)
    manifest, left_out = packing.export(project, chosen, to, results)
    print_exported(to, manifest, left_out, as_json)
    raise typer.Exit(3 if left_out else 0)


def _check_target(path: Path) -> None:
    """Raises UsageError unless writing `path` harms nothing: it is new, empty, or an export."""
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--to {path}: there is no folder {path.parent}. Make it first.")
    with suppress(UserError):
        if not files.exists(path) or (path.is_file() and (not files.size(path) or is_export(path))):
            return
    raise UsageError(f"--to {path} exists and is not a file of ncmc export. Name another file.")


def print_exported(
    path: Path, manifest: Manifest, left_out: Sequence[RunNote], as_json: bool
) -> None:
    """What was packed, and which records were not."""
    if as_json:
        body = {"path": path, "tables": manifest.tables, "runs": manifest.runs}
        body |= {"files": len(manifest.files), "left_out": [asdict(entry) for entry in left_out]}
        print_json(body)
        return
    tables = f" of {', '.join(manifest.tables)}" if manifest.tables else ""
    records, files = plural(len(manifest.runs), "record"), plural(len(manifest.files), "file")
    content = size(sum(entry.size for entry in manifest.files.values()))
    print_line(f"{path}: {records}{tables}, {files}, {content}")
    print_lines([f"left out: {entry.run} {entry.why}" for entry in left_out])
