"""`ncmc import`: somebody else's records merged into ours."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Results
from cli.show.grids import print_lines
from ncmc.project import Project
from ncmc.results.wording import plural
from ncmc.sharing import import_ as importing
from ncmc.sharing.import_ import Prefer

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
) -> None:
    """Merge the records of an export into results/runs, after everything in it is checked."""
    done = importing.merge(Project.find(), path, results, prefer=prefer, dry_run=dry_run)
    clashes = "1 clash" if len(done.clashes) == 1 else f"{len(done.clashes)} clashes"
    new = plural(len(done.new), "new record")
    print(f"{path}: {new}, {len(done.equal)} here already, {clashes}")
    print_lines([f"clash: {run}: {why}" for run, why in done.clashes.items()])
    print_lines([f"another processor: {run}: {why}" for run, why in done.other_processor.items()])
    if done.other_processor:
        n = plural(len(done.other_processor), "run")
        kept = "Theirs are taken" if prefer == "theirs" else "Ours stay; else: --prefer theirs"
        print(f"{n} of the same code on another kind of processor: both can be right. {kept}.")
    print_lines([f"left out: {run} {why}" for run, why in done.left_out.items()])
    if done.clashes and prefer is None:
        print(
            "Nothing is written. Both cannot be right: compare the commits and machines, train the run "
            "again, or keep one side's with --prefer ours or --prefer theirs."
        )
        raise typer.Exit(1)
    records = plural(len(done.written), "record")
    print("Nothing is written (--dry-run)." if dry_run else f"{records} written")
    raise typer.Exit(3 if done.left_out else 0)
