"""Which pictures a page shows, group by group."""

from collections.abc import Sequence
from dataclasses import dataclass

from ncmc.figures.bars import group_bars
from ncmc.figures.curves import accuracy_curves, collapse_curves
from ncmc.figures.heat_maps import heat_maps
from ncmc.figures.lines import Group, groups
from ncmc.figures.svg import Picture
from ncmc.plan.grid import Table
from ncmc.results import curves
from ncmc.results.cells import Cell


@dataclass(frozen=True)
class Section:
    """The pictures of cells that belong together, and their legend."""

    group: Group
    pictures: tuple[Picture, ...]
    without_target: tuple[str, ...]  # lines whose NC is measured from the class means


def sections(table: Table, cells: Sequence[Cell]) -> list[Section]:
    """What there is to see of a table or figure; nothing without records."""
    if table.shows in ("class_cosines", "tail_cosines"):
        return [
            Section(group, tuple(heat_maps(line.cell.records[0], table.shows)), ())
            for group in groups(table, cells)
            for line in group.lines
        ]
    return [_of_group(group, bars=table.shows == "accuracy") for group in groups(table, cells)]


def _of_group(group: Group, bars: bool) -> Section:
    pictures = [*collapse_curves(group), accuracy_curves(group)]
    if bars:
        pictures.append(group_bars(group))
    without_target = tuple(line.label for line in group.lines if _has_no_fixed_target(line.cell))
    return Section(group, tuple(p for p in pictures if p), without_target)


def _has_no_fixed_target(cell: Cell) -> bool:
    """Whether the variability was measured and has no floor, which only a fixed target gives it."""
    measured = curves.curve(cell, "variability") is not None
    return measured and curves.curve(cell, "variability_floor") is None
