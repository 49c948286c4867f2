"""`ncmc check-dataset`: the contract of a dataset, on an entry of your own."""

from contextlib import suppress

import typer

from cli.options import DatasetName, Json

EPILOG = "Example: `ncmc check-dataset pets`. Exit code: 0 all ok, 1 something is wrong."


def check_dataset(name: DatasetName, as_json: Json = False) -> None:
    """Check a dataset's entry, archives and arrays, and say how to mend what is wrong."""
    from cli.show.findings import print_findings
    from ncmc.data import own_dataset
    from ncmc.errors import UserError
    from ncmc.project import Project

    project = Project.find()
    findings = own_dataset.check(project, name)
    lines = []
    with suppress(UserError):  # not prepared: the checks say so
        lines = own_dataset.described(project, name)
    print_findings(name, findings, as_json, lines)
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(1)
