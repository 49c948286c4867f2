"""`ncmc fetch`: datasets through DVC, verified."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich import progress

from cli.show.grids import console, literal
from ncmc.data import datasets, own_dataset, raw
from ncmc.data import fetch as fetching
from ncmc.errors import UsageError
from ncmc.project import Project

EPILOG = (
    "Examples: `ncmc fetch digits`, `ncmc fetch cifar10 --from cifar-10-python.tar.gz`. "
    "`ncmc doctor` says what is here."
)


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Datasets; see `ncmc list datasets`.", metavar="[DATASET]..."),
    ] = None,
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
    if not names:
        raise UsageError(
            "fetch needs the name of a dataset. See: ncmc list datasets; what is here: ncmc doctor"
        )
    if source is not None and len(names) > 1:
        raise UsageError("--from is for one dataset at a time.")
    if source == "":
        raise UsageError("--from is empty; needed is a file, a folder or an address.")
    for name in names:
        with transfer() as (show, say):
            how = fetching.fetch(project, name, source, replace=replace, progress=show, say=say)
            datasets.prepare(project, name, say=say)
        lines = own_dataset.described(project, name)
        print("\n  ".join([f"{name}: {how}, verified, {raw.folder(project, name)}", *lines]))


@contextmanager
def transfer() -> Iterator[tuple[Callable[[str, int, int | None], None], Callable[[str], None]]]:
    """Show a download on standard error: gives functions for its bytes so far, and for words."""
    err, tasks = console(stderr=True), dict[str, progress.TaskID]()
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=err, disable=not err.is_terminal) as bars:

        def show(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield show, lambda text: err.print(literal(text))
