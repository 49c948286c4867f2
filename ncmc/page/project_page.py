"""The page of the whole project: every claim, every table, every cell, from the records there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ncmc import paths
from ncmc.board.entries import BoardEntry, Subject, board_of
from ncmc.page import origins
from ncmc.page.answer import answers
from ncmc.page.listing import (
    Row,
    anchors_of,
    claims_of_board,
    filters_of,
    rows_of,
    verdicts_by_cell,
)
from ncmc.page.opened import cells_json
from ncmc.page.table_page import by_best, facts
from ncmc.page.templating import rendered
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.wording import make_command, plural
from ncmc.system import files
from ncmc.verdicts.judge import CellCache, verify_cells

SUBJECTS: dict[Subject, str] = {"claim": "claim", "number": "printed number", "ours": "own check"}


@dataclass(frozen=True)
class Part:
    """One table or figure on the page of the project."""

    table: Table
    rows: Sequence[Row]
    cards: Sequence[origins.Card]  # of cells that no table before it has
    missing: int  # runs without a record

    @property
    def command(self) -> str:
        """What makes all of it."""
        return make_command(self.table.name)


def report(project: Project, results: Path | None = None, folder: Path | None = None) -> Path:
    """Write the page of the whole project into `folder` (default: results); its path.

    Raises UserError for a damaged or outdated record.
    """
    path = (folder or project.root / Path(paths.PROJECT_PAGE).parent) / Path(
        paths.PROJECT_PAGE
    ).name
    files.write_atomic(path, render(project, results))
    return path


def render(
    project: Project, results: Path | None = None, names: Sequence[str] | None = None
) -> str:
    """The page as text, of some tables and figures or of all."""
    cache = CellCache(project, results)
    tables = [grid.table(project, name) for name in names or table_names(project)]
    verdicts = [verdict for table in tables for verdict in verify_cells(table, cache)]
    looking = verdicts_by_cell(project, verdicts)
    board = board_of(project, verdicts)
    parts, once = [], dict[str, Row]()
    for table in tables:
        rows = rows_of(table, cache.of(table), looking)
        cards = [origins.card(r.cell, r.key) for r in rows if r.cell.n and r.key not in once]
        once |= {row.key: row for row in rows if row.key not in once}
        missing = sum(len(row.cell.missing) for row in rows)
        parts.append(Part(table, rows, cards, missing))
    claims = claims_of_board(project, board)
    cells = [row.cell for row in once.values()]
    made = origins.provenance(cells)
    listed = [row.tokens for part in parts for row in part.rows]
    return rendered(
        "project.html.j2",
        project.root,
        answers=answers(board.entries, subjects),
        banner=None,
        facts=_facts(cells, made),
        claims=claims,
        anchors=anchors_of(claims),
        linked=True,
        by_best=by_best(verdicts),
        filters=filters_of([*listed, *(claim.tokens for claim in claims)]),
        parts=parts,
        notes=origins.notes(project, cells),
        provenance=made,
        register=origins.register(project, cells),
        cells_json=cells_json(once.values()),
    )


def _facts(cells: Sequence[Cell], made: origins.Provenance | None) -> str:
    planned, recorded = sum(cell.planned for cell in cells), sum(cell.n for cell in cells)
    return facts(planned, planned - recorded, made)


def subjects(entries: Sequence[BoardEntry]) -> str:
    """`35 claims, 3 printed numbers and 2 own checks`."""
    count = Counter(entry.subject for entry in entries)
    words = [plural(count[subject], word) for subject, word in SUBJECTS.items() if count[subject]]
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
