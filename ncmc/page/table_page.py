"""A page for a table or figure: verdicts, results, pictures, and how each number was made.

One file that needs nothing else: styles, pictures and a small script stand in it, and it says the
same where the script does not run.
"""

from collections.abc import Sequence
from pathlib import Path

from ncmc import paths
from ncmc.board.board_text import tally
from ncmc.board.entries import board_of
from ncmc.figures.of_table import table_figures
from ncmc.page import how_made
from ncmc.page.cell_rows import cells_json, filters_of, rankings, rows_of, verdicts_by_cell
from ncmc.page.claim_rows import anchors_of, claim_groups
from ncmc.page.templating import rendered
from ncmc.paper import switches
from ncmc.paper.errata import errata
from ncmc.paper.paper_file import paper
from ncmc.plan.grid import Table
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.class_groups import GROUPS
from ncmc.results.record import Groups
from ncmc.results.table_data import TableData
from ncmc.results.table_layout import layout
from ncmc.results.wording import make_command
from ncmc.system import files
from ncmc.verdicts.judge import CellCache, verify_cells
from ncmc.verdicts.verdict import Verdict

SHOWN = {
    "accuracy": "Top-1 accuracy on the balanced test set, of networks trained on long-tailed "
    "images.",
    "curves": "How far the features of the training images have collapsed to their class's target, "
    "epoch by epoch: mean and standard deviation over images of the squared distance NC, and the "
    "variability with the floor that complete collapse would reach.",
    "class_cosines": "Cosines between the mean features of the classes, from the first epoch to "
    "the last.",
    "tail_cosines": "Cosines between the features of all training images of the smallest class, "
    "from the first epoch to the last.",
}


def report(
    project: Project,
    name: str,
    results: Path | None = None,
    folder: Path | None = None,
) -> Path:
    """Write the page of a table or figure into `folder` (default: results/NAME); its path.

    A damaged or outdated record is named on it. Raises UsageError for an unknown name.
    """
    table = switches.table(project, name)
    folder = folder or project.place(paths.RESULTS, table=name)
    cache = CellCache(project, results)
    cells, verdicts = cache.of(table), verify_cells(table, cache)
    path = folder / Path(paths.PAGE).name
    files.write_atomic(path, render(project, table, cells, verdicts))
    return path


def render(
    project: Project, table: Table, cells: Sequence[Cell], verdicts: Sequence[Verdict]
) -> str:
    """The page as text."""
    data = TableData(table, cells)
    missing = [run.id for cell in cells for run in cell.missing]
    needed = dict.fromkeys(run for verdict in verdicts for run in verdict.missing)
    rows = rows_of(table, cells, verdicts_by_cell(project, verdicts))
    board, ranked = board_of(project, verdicts), rankings(table, cells)
    claims = claim_groups(project, board)
    figures = table_figures(project, table, cells)
    answer = next((p for p in figures if p.name == "differences"), None)
    return rendered(
        "table.html.j2",
        project,
        paper=paper(project),
        table=table,
        data=data,
        answer=answer,
        differences=(),
        published=(),
        tally=tally(board),
        banner=data.banner,
        facts=how_made.facts(cells),
        claims=claims,
        anchors=anchors_of(claims),
        by_best=how_made.by_best(verdicts, cells),
        verdicts=verdicts,
        rankings=ranked,
        rows={row.cell.spec.coords: row for row in rows},
        filters=filters_of([row.tokens for row in rows]),
        shown=SHOWN[table.shows],
        axes=axes(cells),
        notes=[*how_made.notes(project, cells), *data.notes],
        layout=layout(data),
        group_rules=tuple(Groups.model_fields),
        group_names=GROUPS,
        pictures=[p for p in figures if p is not answer],
        provenance=how_made.provenance(cells),
        cards=[row for row in rows if row.cell.n],
        cells_json=cells_json(rows),
        register=how_made.register(project, cells),
        errata=errata(project),
        missing=missing,
        elsewhere=[run for run in needed if run not in missing],
        make_command=make_command(table.name, table.paper),
    )


def axes(cells: Sequence[Cell]) -> dict[str, str]:
    """What the cells are made of: the values on each axis, in their order."""
    names = [axis for axis, _ in cells[0].spec.coords]
    values = {axis: dict.fromkeys(cell.spec.coord(axis) for cell in cells) for axis in names}
    return {axis: ("; " if axis == "method" else ", ").join(values[axis]) for axis in names}
