"""What `ncmc publish` writes into README.md and docs/findings.md: verdicts of what is published."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from ncmc import paths
from ncmc.board.board_text import tally
from ncmc.board.entries import Board, BoardEntry
from ncmc.errors import UsageError
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.results.table_files import markdown_text
from ncmc.results.wording import capital
from ncmc.system import documents, files
from ncmc.system.documents import MOST_BYTES, Strict
from ncmc.verdicts.verdict import MARKS, Verdict

README = "README.md"
START = "<!-- board: written by `ncmc publish`, of results/published -->"
END = "<!-- end of the board -->"
BLOCK = re.compile(rf"{re.escape(START)}\n.*?{re.escape(END)}\n", re.DOTALL)
TITLES = {"laptop": "the laptop tier (ResNet-20, a tenth of CIFAR-10, at most 120 epochs)"}
FINDINGS = "docs/findings.md"
QUOTATION = re.compile(r"^> \*\*(?P<id>[\w.-]+)\*\*.*$", re.MULTILINE)  # > **ID** status: words


class PublishedBoard(Strict):
    """results/published/<tier>/results/board.json."""

    tally: Mapping[str, JsonValue]
    exit_code: int
    entries: tuple[BoardEntry, ...]


def published_boards(project: Project) -> dict[str, Board]:
    """Tier -> its board, of every tier that is published."""
    paths_of = {tier: paths.PUBLISHED.format(tier=tier) for tier in tiers(project)}
    boards = {tier: project.root / path / paths.BOARD_JSON for tier, path in paths_of.items()}
    return {
        tier: Board(entries=documents.read_json(path, PublishedBoard).entries)
        for tier, path in boards.items()
        if files.exists(path)
    }


def published_verdicts(project: Project) -> dict[str, Verdict]:
    """Check -> its verdict, of every published tier."""
    return {v.id: v for board in published_boards(project).values() for v in board.verdicts}


def refresh(project: Project) -> list[Path]:
    """Write the board into README.md, and every quotation into docs/findings.md; the files written.

    A file that is not there, or has no place for them, is left alone. Raises UsageError for a
    quotation of a check that no published board has.
    """
    written = []
    for name, renewed in ((README, with_board), (FINDINGS, with_quotations)):
        path = project.root / name
        if not files.exists(path):
            continue
        text = files.read_bytes(path, MOST_BYTES).decode()
        if (new := renewed(project, text)) != text:
            files.write_atomic(path, new)
            written.append(path)
    return written


def with_board(project: Project, text: str) -> str:
    """README.md with the board as of now between its marks."""
    return BLOCK.sub(lambda _: board_block(project), text)


def with_quotations(project: Project, text: str) -> str:
    """docs/findings.md with every quotation set to its verdict. Raises UsageError."""
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


def board_block(project: Project) -> str:
    """The lines between the marks, and the marks."""
    boards = published_boards(project)
    lines = [line for tier, board in boards.items() for line in _of_tier(tier, board)]
    return "\n".join([START, *([""] if lines else []), *lines, END]) + "\n"


def _of_tier(tier: str, board: Board) -> Iterator[str]:
    folder = paths.PUBLISHED.format(tier=tier)
    yield f"**{capital(TITLES.get(tier, tier))}**: {'; '.join(tally(board))}."
    yield f"With every setting and record: [{folder}]({folder}/results/board.md)."
    judged = [entry for entry in board.entries if entry.status != "incomplete"]
    if judged:
        yield ""
        yield "| | id | what the paper, or a check of ours, says | what was found |"
        yield "|---|---|---|---|"
    for entry in judged:
        parts = f"{MARKS[entry.status]} {entry.status}", entry.id, entry.says, entry.sentence
        yield f"| {' | '.join(markdown_text(part) for part in parts)} |"
    yield ""
    if waiting := [entry.id for entry in board.entries if entry not in judged]:
        yield f"Without all of their runs yet: {', '.join(waiting)}."
        yield ""
