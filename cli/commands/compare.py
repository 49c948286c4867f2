"""`ncmc compare`: what differs between two sets of results."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json
from cli.show.grids import print_grid, print_json, print_lines
from ncmc import paths
from ncmc.project import Project
from ncmc.results.wording import plural, signed
from ncmc.sharing import compare as comparing
from ncmc.sharing.compare import CellDifference

EPILOG = (
    "Examples: `ncmc compare ann.zip` against results/runs; `ncmc compare old.zip new.zip`. "
    "Exit code: 0 A has every run of B with the same digest (and may have more), 1 not, 2 wrong usage, "
    "also a place without records; 3 a record or an export is damaged: nothing is compared."
)
SOURCE = "An export, or a folder of records."


def compare(
    a: Annotated[Path, typer.Argument(help=SOURCE, metavar="A")],
    b: Annotated[
        Path | None,
        typer.Argument(help=f"{SOURCE} Without it, A is held against results/runs.", metavar="[B]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare two sets of results: which runs differ, by how much, made where and with what."""
    # a set alone is compared with ours, ours first: the difference is what theirs adds
    project = Project.find()
    first, second = (project.root / paths.RUNS, a) if b is None else (a, b)
    compared = comparing.compare(first, second)
    if as_json:
        print_json({"a": first, "b": second, **asdict(compared), "same": compared.same})
        raise typer.Exit(0 if compared.same else 1)
    print(f"A, here: {first}\nB, there: {second}")
    differing = sum(len(cell.differing) for cell in compared.cells)
    print(
        f"{plural(len(compared.equal), 'run')} with equal digests, {differing} with other ones, "
        f"{len(compared.only_a)} in A alone, {len(compared.only_b)} in B alone"
    )
    if compared.cells:
        print_grid(COLUMNS, [_row(cell) for cell in compared.cells])
    for side, runs in (("A", compared.only_a), ("B", compared.only_b)):
        print_lines([f"in {side} alone: {run}" for run in runs])
    reasons = Counter(reason for cell in compared.cells for reason in cell.reasons)
    print_lines([f"{reason} ({plural(n, 'cell')})" for reason, n in reasons.items()])
    raise typer.Exit(0 if compared.same else 1)


COLUMNS = ("cell", "seeds that differ", "A", "B", "B - A", "95 % interval")


def _row(cell: CellDifference) -> list[str]:
    interval = " to ".join(map(signed, cell.interval)) if cell.interval else "-"
    seeds = f"{len(cell.differing)} of {len(cell.seeds)}"
    return [cell.cell, seeds, f"{cell.a:.2f}", f"{cell.b:.2f}", signed(cell.difference), interval]
