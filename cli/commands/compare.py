"""`ncmc compare`: what differs between two sets of results."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json
from cli.show.grids import print_grid, print_json, print_line, print_lines
from ncmc.errors import UsageError
from ncmc.project import Project
from ncmc.results.wording import plural, signed
from ncmc.sharing import compare as comparing
from ncmc.sharing.compare import CellDifference, ResultsComparison

EPILOG = (
    "Examples: `ncmc compare ann.zip` against results/runs; `ncmc compare old.zip new.zip`. "
    "Exit code: 0 A has every run of B with the same digest (and may have more), 1 not, 2 wrong usage, "
    "also a place without records; 3 a record or an export is damaged: nothing is compared."
)
SOURCE = "An export, or a folder of records; without, results/runs."


def compare(
    a: Annotated[Path | None, typer.Argument(help=SOURCE, metavar="[A]")] = None,
    b: Annotated[Path | None, typer.Argument(help=SOURCE, metavar="[B]")] = None,
    as_json: Json = False,
) -> None:
    """Compare two sets of results: which runs differ, by how much, made where and with what."""
    if a is None and b is None:
        raise UsageError("name at least one set: ncmc compare ann.zip")
    # a set alone is compared with ours, ours first: the difference is what theirs adds
    first, second = (None, a) if b is None else (a, b)
    compared = comparing.compare(Project.find(), first, second)
    print_comparison(compared, as_json)
    raise typer.Exit(0 if compared.same else 1)


COLUMNS = ("cell", "seeds that differ", "A", "B", "B - A", "95 % interval")


def print_comparison(compared: ResultsComparison, as_json: bool) -> None:
    """Runs in one alone, cells whose numbers differ, and what was otherwise when they were made."""
    if as_json:
        print_json(compared.model_dump(mode="json") | {"same": compared.same})
        return
    print_line(f"A, here: {compared.a}")
    print_line(f"B, there: {compared.b}")
    differing = sum(len(cell.differing) for cell in compared.cells)
    print_line(
        f"{plural(len(compared.equal), 'run')} with equal digests, {differing} with other ones, "
        f"{len(compared.only_a)} in A alone, {len(compared.only_b)} in B alone"
    )
    if compared.cells:
        print_grid(COLUMNS, [_row(cell) for cell in compared.cells])
    for side, runs in (("A", compared.only_a), ("B", compared.only_b)):
        print_lines([f"in {side} alone: {run}" for run in runs])
    reasons = Counter(reason for cell in compared.cells for reason in cell.reasons)
    print_lines([f"{reason} ({plural(n, 'cell')})" for reason, n in reasons.items()])


def _row(cell: CellDifference) -> list[str]:
    interval = " to ".join(map(signed, cell.interval)) if cell.interval else "-"
    seeds = f"{len(cell.differing)} of {len(cell.seeds)}"
    return [cell.cell, seeds, f"{cell.a:.2f}", f"{cell.b:.2f}", signed(cell.difference), interval]
