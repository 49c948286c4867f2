"""`ncmc check-method`: the contract of a method, on a file of your own."""

from typing import Annotated

import typer

from cli.options import Json, complete_method, own_name

EPILOG = "Example: `ncmc check-method MY-LOSS`. Exit code: 0 all ok, 1 something is wrong."


def check_method(
    name: Annotated[
        str,
        typer.Argument(
            help="A method with a file in ncmc/methods.", autocompletion=complete_method
        ),
    ],
    as_json: Json = False,
) -> None:
    """Check a method's own file against the contract, and say how to mend what is wrong."""
    import torch

    from cli.show.findings import print_findings
    from ncmc.project import Project
    from ncmc.training.own_code import method
    from ncmc.training.own_code.subject import MethodSubject

    project, name = Project.find(), own_name("method", name)
    torch.set_num_threads(1)  # small tensors: more threads only wait for each other
    findings = method.check(MethodSubject(project, name))
    print_findings(name, findings, as_json)
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(1)
