"""What `ncmc list` lists: rows of plain values."""

from collections.abc import Sequence
from typing import Any

from ncmc.paper import switches
from ncmc.paper.assumptions import Alternative, assumptions
from ncmc.paper.claims import claims
from ncmc.paper.printed_numbers import Number, printed_numbers
from ncmc.plan import catalog, grid
from ncmc.plan.dataset_entries import dataset_entries
from ncmc.plan.filters import Filter
from ncmc.plan.grid_file import table_names
from ncmc.plan.option_text import format_value
from ncmc.project import Project
from ncmc.sharing.status import Watcher

Row = dict[str, Any]


def rows(project: Project, kind: str) -> list[Row]:
    """The rows of one kind."""
    makers = {
        "datasets": lambda: _datasets(project),
        "methods": lambda: _code(project, "method"),
        "backbones": lambda: _code(project, "backbone"),
        "claims": lambda: _claims(project),
        "assumptions": lambda: _assumptions(project),
    }
    return makers[kind]()


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
            "applied to": (kind == "method" and catalog.trained_as(name)) or "-",
            "used by": ", ".join(
                t for t in table_names(project) if name in _used(project, t, kind)
            ),
            "file": f"ncmc/{kind}s/{name.lower().replace('-', '_')}.py",
        }
        for name in catalog.names(kind)
    ]


def _used(project: Project, table: str, kind: str) -> set[str]:
    return {getattr(cell.run, kind) for cell in grid.table(project, table).cells}


def tables(
    project: Project, wanted: Filter, states: Sequence[str] | None, watcher: Watcher
) -> list[Row]:
    """The tables with a cell and a run that is wanted, and how many of them are."""
    found = []
    for name in table_names(project):
        table = grid.table(project, name)
        cells = [cell for cell in table.cells if wanted.fits(cell.run.id)]
        runs = [run for run in table.runs if wanted.fits(run.id)]
        if states:
            seen = zip(runs, watcher.look(runs), strict=True)
            runs = [run for run, one in seen if one.state in states]
            kept = {run.cell for run in runs}
            cells = [cell for cell in cells if cell.run.cell in kept]
        if cells:
            found.append(
                {
                    "name": name,
                    "title": table.title,
                    "where": table.where,
                    "cells": len(cells),
                    "runs": len(runs),
                    "scale": table.scale,
                }
            )
    return found


def _claims(project: Project) -> list[Row]:
    return [
        {"id": claim.id, "where": claim.where, "shown in": claim.shown_in, "says": claim.says}
        for claim in claims(project).values()
    ] + [
        {"id": n.id, "where": n.where, "shown in": n.table, "says": _number(n)}
        for n in printed_numbers(project)
    ]


def _number(number: Number) -> str:
    options = [f"{key} {format_value(value)}" for key, value in number.options.items()]
    cell = [number.dataset, f"tau {number.tau:g}", number.backbone, number.method, *options]
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
            or "-",
        }
        for a in assumptions(project)
    ]


def _how(other: Alternative, switch: str, known: set[str]) -> str:
    """How an alternative is got: by `--assume` where that works, and by what it stands for."""
    return f"--assume {switch}: {other.switch}" if switch in known else other.switch
