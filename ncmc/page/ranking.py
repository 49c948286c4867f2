"""The methods of a table by their accuracy, each with CAL minus it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.figures.answer import METHOD
from ncmc.figures.grouping import Group, groups
from ncmc.figures.marks import Mark, difference_mark
from ncmc.page.cells import key_of
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell


@dataclass(frozen=True)
class Ranked:
    """A method in its place."""

    label: str
    key: str  # of its card
    cell: Cell
    difference: Mark | None  # CAL minus it; None: it is CAL


@dataclass(frozen=True)
class Ranking:
    """The methods of cells that can be compared, the best first."""

    table: Table
    setting: str
    methods: tuple[Ranked, ...]


def rankings(table: Table, cells: Sequence[Cell]) -> list[Ranking]:
    """A ranking per group of a table of accuracies in which CAL and two others have records."""
    shared = groups(table, cells) if table.shows == "accuracy" else []
    made = [_ranking(table, group) for group in shared]
    return [ranking for ranking in made if ranking]


def _ranking(table: Table, group: Group) -> Ranking | None:
    ours = next((line.cell for line in group.lines if line.label == METHOD), None)
    if ours is None or len(group.lines) < 3:
        return None
    methods = [
        Ranked(
            label=line.label,
            key=key_of(line.cell.spec),
            cell=line.cell,
            difference=None if line.cell is ours else difference_mark(ours, line.cell, METHOD, ""),
        )
        for line in group.by_mean
    ]
    return Ranking(table, group.title, tuple(methods))


def longest(found: Sequence[Ranking]) -> list[Ranking]:
    """The ranking of most methods at the paper's scale, or else at another; one or none."""
    return sorted(found, key=lambda r: (r.table.scale != "paper", -len(r.methods)))[:1]
