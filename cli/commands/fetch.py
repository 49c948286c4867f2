"""`ncmc fetch`: datasets through DVC, verified."""

import json
from typing import Annotated

import typer

from cli.options import Json, completion
from ncmc.errors import UsageError

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
    from cli.show.data import print_status, transfer
    from ncmc.data import dataset_status, datasets, own_dataset
    from ncmc.data import fetch as fetching
    from ncmc.project import Project

    project = Project.find()
    if status:
        print_status(dataset_status.status(project, names or None), as_json)
        return
    if not names:
        raise UsageError("fetch needs the name of a dataset, or --status. See: ncmc list datasets")
    if source is not None and len(names) > 1:
        raise UsageError("--from is for one dataset at a time.")
    if source == "":
        raise UsageError("--from is empty; needed is a file, a folder or an address.")
    for name in names:
        with transfer() as bar:
            fetched = fetching.fetch(
                project, name, source, replace=replace, progress=bar.progress, say=bar.say
            )
            datasets.prepare(project, name, say=bar.say)
        lines = own_dataset.described(project, name)
        if as_json:
            body = {"dataset": name, "how": fetched.how, "folder": str(fetched.folder)}
            print(json.dumps(body | {"understood": lines}))
        else:
            print("\n  ".join([f"{name}: {fetched.how}, verified, {fetched.folder}", *lines]))
