"""Published boards, and the quotations of docs/findings.md that `ncmc publish` sets from them."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from ncmc import paths
from ncmc.board.entries import Board, BoardEntry
from ncmc.errors import UsageError
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.system import documents, files
from ncmc.system.documents import Strict
from ncmc.verdicts.verdict import Verdict

FINDINGS = "docs/findings.md"
QUOTATION = re.compile(r"^> \*\*(?P<id>[\w.-]+)\*\*.*$", re.MULTILINE)  # > **ID** status: words


class PublishedBoard(Strict):
    """results/published/<tier>/results/board.json."""

    tally: Mapping[str, JsonValue]
    exit_code: int
    entries: tuple[BoardEntry, ...]


def published_boards(project: Project) -> dict[str, Board]:
    """Tier -> its board, of every tier that is published."""
    folders = {tier: project.published(tier) for tier in tiers(project)}
    return {
        tier: Board(entries=documents.read_json(path, PublishedBoard).entries)
        for tier, folder in folders.items()
        if files.exists(path := folder / paths.BOARD_JSON)
    }


def published_verdicts(project: Project) -> dict[str, Verdict]:
    """Check -> its verdict, of every published tier."""
    return {v.id: v for board in published_boards(project).values() for v in board.verdicts}


def with_quotations(project: Project, text: str) -> str:
    """docs/findings.md with every quotation set to its verdict.

    Raises UsageError for a quotation of a check that no published board has.
    """
    verdicts = published_verdicts(project)

    def line(match: re.Match[str]) -> str:
        name = match["id"]
        if name not in verdicts:
            raise UsageError(
                f"{FINDINGS} quotes {name}, which no published board has. Delete the line, or publish "
                "its records first."
            )
        return f"> **{name}** {verdicts[name].status}: {verdicts[name].why}"

    return QUOTATION.sub(line, text)
