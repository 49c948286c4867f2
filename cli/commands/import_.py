"""`ncmc import`: somebody else's records merged into ours."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, Results
from cli.show.grids import print_json, print_line, print_lines
from ncmc.project import Project
from ncmc.results.wording import plural
from ncmc.sharing import import_ as importing
from ncmc.sharing.import_ import Merge, Prefer

EPILOG = (
    "Examples: `ncmc import ann.zip --dry-run`, then `ncmc import ann.zip`. Exit code: 0 merged, "
    "1 clashes or a disk error; 2 wrong usage; 3 a damaged export, or merged without records "
    "that do not fit the configuration here. With a clash or a damaged export nothing is written."
)


def import_results(
    path: Annotated[
        Path,
        typer.Argument(help="What ncmc export wrote: a .zip file or a folder.", metavar="PATH"),
    ],
    prefer: Annotated[
        Prefer | None,
        typer.Option(help="Whose record to keep where the two of a run are not the same."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it and say what would be done; write nothing.")
    ] = False,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Merge the records of an export into results/runs, after everything in it is checked."""
    done = importing.merge(Project.find(), path, results, prefer=prefer, dry_run=dry_run)
    print_merge(done, prefer, dry_run, as_json)
    if done.clashes and prefer is None:
        raise typer.Exit(1)
    raise typer.Exit(3 if done.left_out else 0)


def print_merge(done: Merge, prefer: str | None, dry_run: bool, as_json: bool) -> None:
    """What an export brought, and every clash with what differs."""
    if as_json:
        print_json(asdict(done))
        return
    clashes = "1 clash" if len(done.clashes) == 1 else f"{len(done.clashes)} clashes"
    new = plural(len(done.new), "new record")
    print_line(f"{done.path}: {new}, {len(done.equal)} here already, {clashes}")
    print_lines([f"clash: {clash.run}: {clash.why}" for clash in done.clashes])
    print_lines([f"another processor: {other.run}: {other.why}" for other in done.other_processor])
    if done.other_processor:
        n = plural(len(done.other_processor), "run")
        kept = "Theirs are taken" if prefer == "theirs" else "Ours stay; else: --prefer theirs"
        print_line(f"{n} of the same code on another kind of processor: both can be right. {kept}.")
    print_lines([f"left out: {entry.run} {entry.why}" for entry in done.left_out])
    if done.clashes and prefer is None:
        print_line(
            "Nothing is written. Both cannot be right: compare the commits and machines, train the run "
            "again, or keep one side's with --prefer ours or --prefer theirs."
        )
    elif dry_run:
        print_line("Nothing is written (--dry-run).")
    else:
        print_line(f"{plural(len(done.written), 'record')} written")
