"""`ncmc list`: what there is."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli.options import Datasets, Json, Methods, Taus, chosen_runs
from cli.show.grids import print_json, print_listing
from cli.streams import say_on_stderr
from ncmc.errors import UsageError, UserError, unknown
from ncmc.paper import switches
from ncmc.paper.assumptions import Alternative, assumptions
from ncmc.paper.claims import claims
from ncmc.paper.paper_file import paper
from ncmc.paper.printed_numbers import Number, printed_numbers
from ncmc.paths import OURS
from ncmc.plan import catalog, grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.filters import make_filter
from ncmc.plan.grid_file import table_names
from ncmc.plan.option_text import format_value
from ncmc.project import Project, papers

EPILOG = (
    "Examples: `ncmc list assumptions`; `ncmc list runs table2 --method CE`, one run id per "
    "line: `ncmc train $(ncmc list runs table2 --method CE)`."
)
KINDS = ("datasets", "methods", "backbones", "papers", "tables", "runs", "claims", "assumptions")
Row = dict[str, Any]


def list_names(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Of `runs`: the tables or figures whose runs are meant; without, all of them.",
            metavar="[TABLE]...",
        ),
    ] = None,
    methods: Methods = None,
    datasets: Datasets = None,
    taus: Taus = None,
    as_json: Json = False,
) -> None:
    """List the datasets, methods, backbones, papers, tables, claims, assumptions, or a table's runs."""
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    project = Project.find()
    if kind == "runs":
        runs = chosen_runs(project, names, make_filter(project, methods, datasets, taus))
        if as_json:
            print_json([{"run": run.id} for run in runs])
        else:
            print(*(run.id for run in runs), sep="\n")  # one per line, for a shell to take
        return
    if names or methods or datasets or taus:
        raise UsageError(
            f"`ncmc list {kind}` takes no further names and no filter: `ncmc list runs TABLE` does."
        )
    makers: dict[str, Callable[[Project], list[Row]]] = {
        "datasets": _datasets,
        "papers": _papers,
        "methods": lambda project: _code(project, "method"),
        "backbones": lambda project: _code(project, "backbone"),
        "tables": _tables,
        "claims": _claims,
        "assumptions": _assumptions,
    }
    print_listing(makers[kind](project), as_json)
    if kind == "assumptions" and project.paper != OURS:
        say_on_stderr(
            f"this is the register of papers/{OURS}, under which runs of all papers are made."
        )


def _tables(project: Project) -> list[Row]:
    return [
        {
            "name": table.name,
            "title": table.title,
            "where": table.where,
            "cells": len(table.cells),
            "runs": len(table.runs),
            "scale": table.scale,
        }
        for table in (grid.table(project, name) for name in table_names(project))
    ]


def _papers(project: Project) -> list[Row]:
    """What each paper's folder says of it; a broken one is told, and hides no other."""
    rows = list[Row]()
    for name in papers(project.root):
        try:
            rows.append({"name": name, **paper(Project(project.root, paper=name)).model_dump()})
        except UserError as error:
            rows.append({"name": name, "title": f"cannot be read: {error}", "venue": "", "url": ""})
    return rows


def _datasets(project: Project) -> list[Row]:
    return [
        {
            "name": name,
            "title": entry.title,
            "classes": entry.classes,
            "pixels": entry.image_size,
            "train": entry.train_images,
            "test": entry.test_images,
            "recipe": entry.recipe,
            "licence": entry.licence,
        }
        for name, entry in dataset_entries(project).items()
    ]


def _code(project: Project, kind: str) -> list[Row]:
    return [
        {
            "name": name,
            "what": catalog.summary(kind, name),
            "applied to": (kind == "method" and catalog.trained_as(name)) or None,
            "used by": ", ".join(
                table
                for table in table_names(project)
                if name in {getattr(c.run, kind) for c in grid.table(project, table).cells}
            ),
            "file": str(catalog.file_of(kind, name).relative_to(catalog.PACKAGE.parent)),
        }
        for name in catalog.names(kind)
    ]


def _claims(project: Project) -> list[Row]:
    return [
        {"id": claim.id, "where": claim.where, "shown in": claim.shown_in, "says": claim.says}
        for claim in claims(project).values()
    ] + [
        {"id": n.id, "where": n.where, "shown in": n.table, "says": _number(n)}
        for n in printed_numbers(project)
    ]


def _number(number: Number) -> str:
    run = number.run
    options = [f"{key} {format_value(value)}" for key, value in run.options]
    cell = [run.dataset, f"tau {run.tau:g}", run.backbone, run.method, *options]
    spread = "" if number.std is None else f" ± {number.std:g}"
    return f"{', '.join(cell)}: {number.value:g}{spread} %"


def _assumptions(project: Project) -> list[Row]:
    known = {str(switch) for switch in switches.switches(project)}
    return [
        {
            "id": a.id,
            "open": a.open,
            "choice": a.choice,
            "alternatives": "; ".join(
                f"{alt.says} ({_how(alt, f'{a.id}={alt.value}', known)})" for alt in a.alternatives
            )
            or None,
        }
        for a in assumptions(project)
    ]


def _how(other: Alternative, switch: str, known: set[str]) -> str:
    """How an alternative is got: by `--assume` where that works, and by what it stands for."""
    return f"--assume {switch}: {other.switch}" if switch in known else other.switch
