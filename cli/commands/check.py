"""`ncmc check`: the contract of a method, backbone, dataset or paper, on files of your own."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from textwrap import indent
from typing import Annotated

import typer

from cli.progress import working
from cli.show.grids import console
from ncmc.data import own_dataset
from ncmc.errors import CheckResult, UsageError, UserError, unknown
from ncmc.paths import commands_of_paper
from ncmc.plan import catalog
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.project import Project
from ncmc.verdicts import own_paper

EPILOG = (
    "Examples: `ncmc check method MY-LOSS`, `ncmc check backbone my_net --image-size 64`, "
    "`ncmc check dataset pets`, `ncmc check paper ldam-drw`. Exit code: 0 all ok, 1 something is wrong, "
    "2 wrong usage."
)
KINDS = ("method", "backbone", "dataset", "paper")
IMAGE_SIZE = 32  # pixels, unless --image-size says otherwise
LARGEST = 96  # pixels: larger images of the catalog would take too long


def check(
    kind: Annotated[str, typer.Argument(help="method, backbone, dataset or paper.")],
    name: Annotated[
        str,
        typer.Argument(
            help="A file in ncmc/methods or ncmc/backbones, an entry in config/datasets.yaml, or a "
            "folder of papers/ (by default the paper that is open).",
            show_default=False,
        ),
    ] = "",
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Pixels per side at which a backbone must work.",
            min=1,
            max=4096,
            show_default=str(IMAGE_SIZE),
        ),
    ] = None,
) -> None:
    """Check a method, backbone, dataset or paper of your own; say what is wrong and how to mend it."""
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    if not name and kind != "paper":
        raise UsageError(f"which {kind}? ncmc check {kind} NAME")
    if image_size is not None and kind != "backbone":
        raise UsageError("--image-size belongs to a backbone: ncmc check backbone NAME")
    project, understood = Project.find(), []
    if kind == "dataset":
        findings = own_dataset.check(project, name)
        with suppress(UserError):  # not prepared: the checks say so
            understood = own_dataset.described(project, name)
    elif kind == "paper":
        project = Project(project.root, paper=name or project.paper)
        name, findings = project.paper, own_paper.check(project)
        understood = own_paper.missing(project)
        if findings[0].state == "ok":  # else its files cannot be told from those of others
            own = catalog.files_of_paper(project.paper)
            findings += [_own_code(project, kind, f.stem) for kind, f in own if f.stem[0] != "_"]
    else:
        name = _own_name(kind, name)
        findings = _check_code(project, kind, name, image_size or IMAGE_SIZE)
    print_findings(project, name, findings, understood)
    if any(finding.state != "ok" for finding in findings):
        raise typer.Exit(1)


def _own_name(kind: str, name: str) -> str:
    """A method or backbone that has a file, as the catalog spells it. Raises UsageError."""
    try:
        return catalog.canonical(kind, name)
    except UsageError as error:
        raise UsageError(
            f"{error} One of your own is a file ncmc/{kind}s/NAME.py: see docs/your-own.md#a-{kind}."
        ) from error


def _own_code(project: Project, kind: str, stem: str) -> CheckResult:
    """What is wrong with a method or backbone of a paper's folder, as one check of the paper."""
    name = catalog.canonical(kind, stem)
    findings = _check_code(project, kind, name, IMAGE_SIZE)
    wrong = [
        f"{finding.what}: {finding.advice}" for finding in findings if finding.state == "wrong"
    ]
    what = f"its {kind} {name} keeps the contract of `ncmc check {kind} {name}`"
    return CheckResult(what, "wrong" if wrong else "ok", "\n".join(wrong))


def _check_code(project: Project, kind: str, name: str, image_size: int) -> list[CheckResult]:
    with working(f"loading torch, then checking {name} on small models and random images"):
        import torch

        from ncmc.training.own_code import backbone, method
        from ncmc.training.own_code.subject import MethodSubject

        torch.set_num_threads(1)  # small tensors: more threads only wait for each other
        if kind == "method":
            return method.check(MethodSubject(project, name))
        entries = dataset_entries(project).values()
        sizes = {(e.image_size, e.channels) for e in entries if e.image_size}
        small = sorted((size, channels) for size, channels in sizes if size <= LARGEST)
        return backbone.check(backbone.BackboneSubject(name, image_size, small))


MARKS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("·", "dim")}


def print_findings(
    project: Project, name: str, findings: Sequence[CheckResult], understood: Sequence[str]
) -> None:
    """What was understood of a dataset, then each check with its mark, and how to mend what is wrong."""
    out = console()
    for line in understood:
        print(f"  {commands_of_paper(line, project.paper)}")
    for finding in findings:
        mark, style = MARKS[finding.state]
        out.print(mark, finding.what, style=style, soft_wrap=True)
        if finding.advice:
            print(indent(commands_of_paper(finding.advice, project.paper), "    "))
    states = Counter(finding.state for finding in findings)
    result = f"{states['wrong']} wrong" if states["wrong"] else "all ok"
    skipped = f", {states['skipped']} not made because of that" if states["skipped"] else ""
    out.print(f"{name}: {len(findings)} checks, {result}{skipped}")
