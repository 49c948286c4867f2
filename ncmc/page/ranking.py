"""The methods of a table by their accuracy, each with CAL minus it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ncmc.figures.grouping import Group, groups
from ncmc.figures.marks import Mark, differences
from ncmc.figures.opening import METHOD
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell


@dataclass(frozen=True)
class Ranking:
    """Cells that can be compared, the best first, with CAL minus each of the others."""

    table: Table
    group: Group
    differences: Mapping[str, Mark]  # by label; CAL itself has none


def rankings(table: Table, cells: Sequence[Cell]) -> list[Ranking]:
    """A ranking per group of a table of accuracies in which CAL and two others have records."""
    rankings = []
    for group in groups(table, cells) if table.shows == "accuracy" else ():
        marks = {mark.row: mark for mark in differences(group, METHOD)}
        if len(marks) >= 2:
            rankings.append(Ranking(table, group, marks))
    return rankings


def longest(rankings: Sequence[Ranking]) -> list[Ranking]:
    """The ranking of most methods at the paper's scale, or else at another; one or none."""
    return sorted(rankings, key=lambda r: (r.table.scale != "paper", -len(r.differences)))[:1]
