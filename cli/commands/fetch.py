"""`ncmc fetch`: datasets through DVC, verified."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich import progress
from rich.text import Text

from cli.options import Json, completion
from cli.show.grids import Cell, console, literal, print_grid, print_json
from ncmc.data import datasets, own_dataset, raw
from ncmc.data import fetch as fetching
from ncmc.data.fetch import DatasetStatus
from ncmc.errors import UsageError
from ncmc.project import Project
from ncmc.results.wording import size

EPILOG = (
    "Examples: `ncmc fetch digits`, `ncmc fetch cifar10 --from cifar-10-python.tar.gz`, "
    "`ncmc fetch --status`."
)


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Datasets; see `ncmc list datasets`.",
            metavar="[DATASET]...",
            autocompletion=completion("dataset"),
        ),
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
    status: Annotated[
        bool, typer.Option("--status", help="Show what is here; fetch nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch datasets through DVC and verify their checksums; an interrupted fetch resumes."""
    project = Project.find()
    if status:
        print_status(fetching.status(project, names or None), as_json)
        return
    if not names:
        raise UsageError("fetch needs the name of a dataset, or --status. See: ncmc list datasets")
    if source is not None and len(names) > 1:
        raise UsageError("--from is for one dataset at a time.")
    if source == "":
        raise UsageError("--from is empty; needed is a file, a folder or an address.")
    for name in names:
        with transfer() as (show, say):
            how = fetching.fetch(project, name, source, replace=replace, progress=show, say=say)
            datasets.prepare(project, name, say=say)
        folder, lines = raw.folder(project, name), own_dataset.described(project, name)
        if as_json:
            body = {"dataset": name, "how": how, "folder": str(folder)}
            print(json.dumps(body | {"understood": lines}))
        else:
            print("\n  ".join([f"{name}: {how}, verified, {folder}", *lines]))


STYLES = {"ready": "green", "fetched": "green"}


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


def print_status(datasets: Sequence[DatasetStatus], as_json: bool) -> None:
    """What is here of each dataset."""
    if as_json:
        print_json([dataclasses.asdict(entry) for entry in datasets])
        return
    columns = ("dataset", "state", "archives", "arrays", "under way", "to do")
    rows: list[Sequence[Cell]] = [
        (
            entry.name,
            Text(entry.state, style=STYLES.get(entry.state, "dim")),
            *(size(count) for count in (entry.raw, entry.arrays, entry.partial)),
            entry.detail,
        )
        for entry in datasets
    ]
    print_grid(columns, rows)
