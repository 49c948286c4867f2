"""The methods of a table by their accuracy, each with CAL minus it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ncmc.figures.grouping import Group, groups
from ncmc.figures.marks import Mark, difference_mark
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
        by_label = {line.label: line.cell for line in group.lines}
        ours = by_label.pop(METHOD, None)
        if ours and len(by_label) >= 2:
            marks = {o: difference_mark(ours, cell, METHOD, "") for o, cell in by_label.items()}
            rankings.append(Ranking(table, group, marks))
    return rankings


def longest(rankings: Sequence[Ranking]) -> list[Ranking]:
    """The ranking of most methods at the paper's scale, or else at another; one or none."""
    return sorted(rankings, key=lambda r: (r.table.scale != "paper", -len(r.differences)))[:1]
