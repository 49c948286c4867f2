"""`ncmc check-backbone`: the contract of a backbone, on a file of your own."""

from typing import Annotated

import typer

from cli.options import Json, complete_backbone, own_name

EPILOG = "Example: `ncmc check-backbone my_net`. Exit code: 0 all ok, 1 something is wrong."
LARGEST = 96  # pixels: larger images of the catalog would take too long


def check_backbone(
    name: Annotated[
        str,
        typer.Argument(
            help="A backbone with a file in ncmc/backbones.", autocompletion=complete_backbone
        ),
    ],
    image_size: Annotated[
        int, typer.Option(help="Pixels a side at which it must work.", min=1, max=4096)
    ] = 32,
    as_json: Json = False,
) -> None:
    """Check a backbone's own file against the contract, and say how to mend what is wrong."""
    import torch

    from cli.show.findings import print_findings
    from ncmc.plan.dataset_entries import dataset_entries
    from ncmc.project import Project
    from ncmc.training.own_code import backbone

    name = own_name("backbone", name)
    torch.set_num_threads(1)
    entries = dataset_entries(Project.find()).values()
    sizes = {(e.image_size, e.channels) for e in entries if e.image_size}
    small = sorted((s, c) for s, c in sizes if s <= LARGEST)
    findings = backbone.check(backbone.BackboneSubject(name, image_size, small))
    print_findings(name, findings, as_json)
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(1)
