"""What `ncmc list` lists: rows of plain values."""

from typing import Any

from ncmc.paper import reference
from ncmc.plan import catalog, grid, schema

Row = dict[str, Any]


def rows(kind: str) -> list[Row]:
    """The rows of one kind."""
    makers = {
        "datasets": _datasets,
        "methods": lambda: _code("method"),
        "backbones": lambda: _code("backbone"),
        "tables": _tables,
        "claims": _claims,
        "assumptions": _assumptions,
    }
    return makers[kind]()


def _datasets() -> list[Row]:
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
        for name, entry in schema.datasets().items()
    ]


def _code(kind: str) -> list[Row]:
    built = catalog.names(kind)
    return [
        {
            "name": name,
            "built": name in built,
            "used by": ", ".join(t for t in grid.table_names() if name in _used(t, kind)),
            "file": f"ncmc/{kind}s/{name.lower().replace('-', '_')}.py",
        }
        for name in sorted({*built, *grid.planned(kind)})
    ]


def _used(table: str, kind: str) -> set[str]:
    return {getattr(cell.run, kind) for cell in grid.table(table).cells}


def _tables() -> list[Row]:
    found = []
    for name in grid.table_names():
        table = grid.table(name)
        found.append(
            {
                "name": name,
                "title": table.title,
                "where": table.where,
                "cells": len(table.cells),
                "runs": len(table.runs),
                "scale": table.scale,
            }
        )
    return found


def _claims() -> list[Row]:
    return [
        {"id": claim.id, "where": claim.where, "shown in": claim.shown_in, "says": claim.says}
        for claim in reference.claims()
    ] + [
        {"id": n.id, "where": n.where, "shown in": n.table, "says": _number(n)}
        for n in reference.numbers()
    ]


def _number(number: reference.Number) -> str:
    options = ", ".join(f"{key} {grid.show(value)}" for key, value in number.options.items())
    cell = f"{number.dataset}, tau {number.tau:g}, {number.backbone}, {number.method}, {options}"
    return f"{cell}: {number.value} +- {number.std} %"


def _assumptions() -> list[Row]:
    return [
        {
            "id": a.id,
            "open": a.open,
            "choice": a.choice,
            "alternatives": "; ".join(f"{alt.says} ({alt.switch})" for alt in a.alternatives)
            or "-",
        }
        for a in reference.assumptions()
    ]
