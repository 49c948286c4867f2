"""`ncmc outdated`: the records that would be made otherwise now."""

from typing import Annotated

import typer

from cli.filters import Datasets, Methods, Taus, chosen_filter
from cli.options import Json, Results

EPILOG = (
    "Example: after a change of a recipe or of a method, `ncmc outdated --delete`, then "
    "`snakemake --cores all smoke` trains what is missing."
)


def outdated(
    results: Results = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete these records, and no others.")
    ] = False,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    as_json: Json = False,
) -> None:
    """List the records that no longer fit the configuration, the code or the schema, and why."""
    from cli.show.listings import print_outdated
    from ncmc.project import Project
    from ncmc.results import outdated as finder

    project = Project.find()
    wanted = chosen_filter(project, methods, datasets, taus)
    found = [o for o in finder.outdated_records(project, results) if wanted.fits(o.run)]
    if delete:
        finder.delete(found)
    print_outdated(found, delete, as_json)
