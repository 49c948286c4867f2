"""Records -> the figures of a table, or of the whole board."""

import dataclasses

from ncmc.board.entries import board_of
from ncmc.figures.figure import Figure
from ncmc.figures.forest import forest
from ncmc.figures.leads import leads
from ncmc.figures.of_table import table_figures
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.table_data import table_data
from ncmc.verdicts.judge import CellCache, verify_cells

BOARD = "all"  # in place of a table's name


def figures_of_table(project: Project, table: Table, cells: CellCache) -> list[Figure]:
    """The figures of a table or figure and of its verdicts; none without records.

    Raises UsageError for a senseless check, UserError for a damaged or outdated record.
    """
    found = cells.of(table)
    board = board_of(project, verify_cells(table, cells))
    figures = table_figures(project, table, found)
    if not figures:
        return []
    banner = table_data(project, table, found).banner
    claims = forest(board, f"What {table.name} says of the claims", banner)
    return figures + [figure for figure in (leads(table, cells, banner), claims) if figure]


def figures_of_board(project: Project, cells: CellCache) -> list[Figure]:
    """The forest plot of every table and figure together; none without records.

    Raises UsageError and UserError as `figures_of_table` does.
    """
    tables = [grid.table(project, name) for name in table_names(project)]
    board = board_of(project, [v for table in tables for v in verify_cells(table, cells)])
    drawn = forest(board, "What the records say of the claims")
    if drawn is None:
        return []
    scales = {
        entry.scale
        for entry in board.entries
        if any(verdict.status != "incomplete" for verdict in entry.verdicts)
    }
    banner = None if scales == {"paper"} else "Not all at the paper's scale."
    return [dataclasses.replace(drawn, banner=banner)]
