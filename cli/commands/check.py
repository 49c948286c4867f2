"""`ncmc check`: the contract of a method, backbone or dataset, on a file or entry of your own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Json
from ncmc.errors import UsageError, UserError, unknown

if TYPE_CHECKING:  # help must not wait for these imports
    from ncmc.errors import Finding
    from ncmc.project import Project

EPILOG = (
    "Examples: `ncmc check method MY-LOSS`, `ncmc check backbone my_net --image-size 64`, "
    "`ncmc check dataset pets`. Exit code: 0 all ok, 1 something is wrong, 2 wrong usage."
)
KINDS = ("method", "backbone", "dataset")
IMAGE_SIZE = 32  # pixels, unless --image-size says otherwise
LARGEST = 96  # pixels: larger images of the catalog would take too long


def check(
    kind: Annotated[
        str,
        typer.Argument(
            help="method, backbone or dataset.",
            autocompletion=lambda incomplete: [k for k in KINDS if k.startswith(incomplete)],
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(
            help="A file in ncmc/methods or ncmc/backbones, or an entry in config/datasets.yaml."
        ),
    ],
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Pixels per side at which a backbone must work.",
            min=1,
            max=4096,
            show_default=str(IMAGE_SIZE),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a method, backbone or dataset of your own; say what is wrong and how to mend it."""
    from cli.show.listings import print_findings
    from ncmc.data import own_dataset
    from ncmc.project import Project

    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    if image_size is not None and kind != "backbone":
        raise UsageError("--image-size belongs to a backbone: ncmc check backbone NAME")
    project, understood = Project.find(), []
    if kind == "dataset":
        findings = own_dataset.check(project, name)
        with suppress(UserError):  # not prepared: the checks say so
            understood = own_dataset.described(project, name)
    else:
        name = _own_name(kind, name)
        findings = _check_code(project, kind, name, image_size or IMAGE_SIZE)
    print_findings(name, findings, as_json, understood)
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(1)


def _own_name(kind: str, name: str) -> str:
    """A method or backbone that has a file, as the catalog spells it. Raises UsageError."""
    from ncmc.plan import catalog

    try:
        return catalog.canonical(kind, name)
    except UsageError as error:
        raise UsageError(
            f"{error} One of your own is a file ncmc/{kind}s/NAME.py: see docs/your-own.md#a-{kind}."
        ) from error


def _check_code(project: Project, kind: str, name: str, image_size: int) -> list[Finding]:
    import torch

    from ncmc.plan.dataset_entries import dataset_entries
    from ncmc.training.own_code import backbone, method
    from ncmc.training.own_code.subject import MethodSubject

    torch.set_num_threads(1)  # small tensors: more threads only wait for each other
    if kind == "method":
        return method.check(MethodSubject(project, name))
    sizes = {(e.image_size, e.channels) for e in dataset_entries(project).values() if e.image_size}
    small = sorted((size, channels) for size, channels in sizes if size <= LARGEST)
    return backbone.check(backbone.BackboneSubject(name, image_size, small))
