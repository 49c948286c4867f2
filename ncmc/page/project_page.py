"""The page of the whole project: the answer, every claim, every table, from the records there are."""

from pathlib import Path
from typing import Any

from ncmc import paths
from ncmc.board.answers import PLAIN, five_answers, headline
from ncmc.board.board_text import tally
from ncmc.board.entries import board_of
from ncmc.figures.opening import opening_figure
from ncmc.page import how_made
from ncmc.page.cell_rows import (
    Row,
    cells_json,
    filters_of,
    longest,
    rankings,
    rows_of,
    verdicts_by_cell,
)
from ncmc.page.claim_rows import anchors_of, claim_groups
from ncmc.page.templating import rendered
from ncmc.paper.claims import shown_claims
from ncmc.paper.paper_file import paper
from ncmc.paths import OURS
from ncmc.plan import grid
from ncmc.plan.grid_file import table_names, tiers
from ncmc.project import Project
from ncmc.results.wording import make_command
from ncmc.system import files
from ncmc.verdicts.judge import CellCache, verify_cells

ELSEWHERE = "None of these runs is at the paper's own scale."


def report(
    project: Project, results: Path | None = None, folder: Path | None = None, tier: str = ""
) -> Path:
    """Write the page of a tier or of the whole project; its path.

    `folder`: where, in place of results/ or results/TIER/. Raises UserError for a damaged or
    outdated record.
    """
    own = project.place(paths.PAGE if tier else paths.PROJECT_PAGE, table=tier)
    path = (folder or own.parent) / own.name
    files.write_atomic(path, render(project, CellCache(project, results), tier))
    return path


def render(project: Project, cache: CellCache, tier: str = "") -> str:
    """The page as text, of the tables and figures of a tier or of all."""
    names = tiers(project)[tier] if tier else table_names(project)
    tables = [grid.table(project, name) for name in names]
    verdicts = [verdict for table in tables for verdict in verify_cells(table, cache)]
    board, looking = board_of(project, verdicts), verdicts_by_cell(project, verdicts)
    parts, once = list[dict[str, Any]](), dict[str, Row]()
    for table in tables:
        rows = rows_of(table, cache.of(table), looking)
        recorded = [row for row in rows if row.cell.n]
        parts.append(
            {
                "table": table,
                "rows": recorded,
                "cards": [row for row in recorded if row.key not in once],  # in no table before it
                "missing": sum(len(row.cell.missing) for row in rows),
                "command": make_command(table.name, table.paper),  # what makes all of it
            }
        )
        once |= {row.key: row for row in rows if row.key not in once}
    scales = {part["table"].scale for part in parts if part["rows"]}
    cells_of = {table.name: (table, cache.of(table)) for table in tables}
    answer = opening_figure(cells_of)
    claims = claim_groups(project, board)
    cells = [row.cell for row in once.values()]
    known = [row for _, rows, _ in claims for row in rows]
    tokens = [row.tokens for part in parts for row in part["rows"]] + [row.tokens for row in known]
    return rendered(
        "project.html.j2",
        project,
        paper=paper(project),
        answer=answer,
        differences=list({mark.row: mark for mark in answer.rows}.values()) if answer else [],
        plain=PLAIN,
        published=() if tier else published_answers(project),
        tally=tally(board, shown_claims(project) if tier else ()),
        tier=tier,
        banner=ELSEWHERE if scales and "paper" not in scales else None,
        facts=how_made.facts(cells),
        claims=claims,
        anchors=anchors_of(claims),
        by_best=how_made.by_best(verdicts, cells),
        rankings=longest([found for entry in cells_of.values() for found in rankings(*entry)]),
        filters=filters_of(tokens),
        parts=[part for part in parts if part["rows"]],
        empty=[part for part in parts if not part["rows"]],
        notes=how_made.notes(project, cells),
        provenance=how_made.provenance(cells),
        register=how_made.register(project, cells),
        cells_json=cells_json(once.values()),
    )


def published_answers(project: Project) -> tuple[str, ...]:
    """What README.md opens with: a headline, and five answers, of the published records.

    The page of one published tier does not depend on the records of others. README.md is our
    paper's: another one has no such answers.
    """
    if project.paper != OURS:
        return ()
    return headline(project), *five_answers(project)
