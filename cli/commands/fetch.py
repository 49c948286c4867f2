"""`ncmc fetch`: datasets through DVC, verified."""

from typing import Annotated

import typer

from cli.progress import working
from ncmc.data import datasets, own_dataset, raw
from ncmc.data import fetch as fetching
from ncmc.errors import UsageError
from ncmc.project import Project
from ncmc.results.wording import size

EPILOG = (
    "Examples: `ncmc fetch digits`, `ncmc fetch cifar10 --from cifar-10-python.tar.gz`. "
    "`ncmc doctor` says what is here."
)


def fetch(
    names: Annotated[
        list[str], typer.Argument(help="See `ncmc list datasets`.", metavar="DATASET...")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="A file, folder or address to use instead of the official one."
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Import your own dataset again, replacing the copy that is here."
        ),
    ] = False,
) -> None:
    """Fetch datasets through DVC and verify their checksums; an interrupted fetch resumes."""
    project = Project.find()
    if source is not None and len(names) > 1:
        raise UsageError("--from is for one dataset at a time.")
    if source == "":
        raise UsageError("--from is empty; needed is a file, a folder or an address.")
    for name in names:
        with working(f"fetching {name}") as activity:

            def show(file: str, done: int, total: int | None) -> None:
                of = f" of {size(total)}" if total else ""
                activity.now(f"fetching {file}: {size(done)}{of}")

            say = activity.say
            how = fetching.fetch(project, name, source, replace=replace, progress=show, say=say)
            datasets.prepare(project, name, say=say)
        lines = own_dataset.described(project, name)
        print("\n  ".join([f"{name}: {how}, verified, {raw.folder(project, name)}", *lines]))
