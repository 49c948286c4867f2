"""`ncmc publish`: results that belong to the repository, and whether they follow from their records."""

from typing import Annotated

import typer

from cli.options import Records
from cli.progress import working
from ncmc.project import Project
from ncmc.results.wording import plural
from ncmc.sharing import publish as publishing

EPILOG = (
    "Examples: `ncmc publish laptop` adds the records of results/runs to results/published/laptop and "
    "makes its tables, board and page anew; `ncmc publish laptop --check` says whether every "
    "byte there follows from the records. "
    "Exit code: 0 done or equal, 1 something differs, 2 wrong usage."
)


def publish(
    tier: Annotated[
        str,
        typer.Argument(help="A file of tables of the open paper: paper, lab or another scale."),
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; make all again and compare, byte for byte."),
    ] = False,
    results: Records = None,
) -> None:
    """Copy a tier's records, with their tables, board and page, to where git keeps them."""
    project = Project.find()
    if not check:
        with working(f"making the tables, board and page of {tier}"):
            folder, n = publishing.publish(project, tier, results)
            documents = publishing.refresh_documents(project)
        print(f"{folder}: {plural(n, 'record')}")
        for path in documents:
            print(f"{path}: as published now. Read the words around it again.")
        return
    with working(f"making {tier} again, to compare it"):
        differing = publishing.differing(project, tier)
    folder = publishing.folder_of(project, tier)
    for name in differing:
        print(f"differs: {name}")
    if differing:
        raise typer.Exit(1)
    print(f"{folder}: every file follows from the records")
