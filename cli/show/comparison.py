"""Two sets of results side by side."""

from collections.abc import Mapping, Sequence

from cli.show.grids import console, literal, print_grid, print_json
from ncmc.results.wording import plural, signed
from ncmc.sharing.compare import CellDifference, Comparison

MOST_LINES = 20  # of one kind; --json has all
COLUMNS = ("cell", "seeds", "A", "B", "B - A", "95 % interval", "what differs")


def print_comparison(found: Comparison, as_json: bool) -> None:
    """Runs in one alone, cells whose numbers differ, and where the records come from."""
    if as_json:
        print_json(found.model_dump(mode="json") | {"same": found.same})
        return
    _say(f"A: {found.a}")
    _say(f"B: {found.b}")
    differing = sum(len(cell.differing) for cell in found.cells)
    _say(
        f"{plural(len(found.equal), 'run')} with equal digests, {differing} with other ones, "
        f"{len(found.only_a)} in A alone, {len(found.only_b)} in B alone"
    )
    if found.cells:
        print_grid(COLUMNS, [_row(cell) for cell in found.cells])
    for side, runs in (("A", found.only_a), ("B", found.only_b)):
        _name(f"in {side} alone", runs)
    _print_origins(found.origins_a, found.origins_b)


def _row(cell: CellDifference) -> list[str]:
    interval = "-"
    if cell.interval:
        interval = " to ".join(signed(bound) for bound in cell.interval)
    seeds = f"{len(cell.differing)} of {len(cell.seeds)} differ"
    what = "the configuration" if cell.configuration else f"up to {cell.largest:.2f} a seed"
    numbers = [f"{cell.a:.2f}", f"{cell.b:.2f}", signed(cell.difference)]
    return [cell.cell, seeds, *numbers, interval, what]


def _print_origins(a: Mapping[str, Mapping[str, int]], b: Mapping[str, Mapping[str, int]]) -> None:
    """Each kind of origin that is not the same for all records of both sides."""
    for what in a:
        if a[what].keys() == b[what].keys() and len(a[what]) == 1:
            continue
        for side, values in (("A", a[what]), ("B", b[what])):
            told = "; ".join(f"{value} ({plural(n, 'record')})" for value, n in values.items())
            _say(f"{what} of {side}: {told}")


def _name(what: str, runs: Sequence[str]) -> None:
    for run in runs[:MOST_LINES]:
        _say(f"{what}: {run}")
    if len(runs) > MOST_LINES:
        _say(f"... and {len(runs) - MOST_LINES} more; --json names all")


def _say(text: str) -> None:
    console().print(literal(text), soft_wrap=True)
