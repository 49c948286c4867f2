"""The board of what is published, as the first lines of README.md: written by `ncmc publish`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from ncmc import paths
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.results.table_files import markdown_text
from ncmc.results.wording import capital
from ncmc.system import documents, files
from ncmc.system.documents import MOST_BYTES, Strict
from ncmc.verdicts.board import Board, Entry
from ncmc.verdicts.board_files import tally
from ncmc.verdicts.wording import MARKS

README = "README.md"
START = "<!-- board: written by `ncmc publish`, of results/published -->"
END = "<!-- end of the board -->"
BLOCK = re.compile(rf"{re.escape(START)}\n.*?{re.escape(END)}\n", re.DOTALL)
TITLES = {"laptop": "the laptop tier (ResNet-20, a tenth of CIFAR-10, at most 120 epochs)"}


class PublishedBoard(Strict):
    """results/published/<tier>/results/board.json."""

    tally: Mapping[str, JsonValue]
    exit_code: int
    entries: tuple[Entry, ...]


def refresh(project: Project) -> Path | None:
    """Write the board into README.md; None where it has no place for one."""
    path = project.root / README
    if not files.exists(path):
        return None
    text = files.read_bytes(path, MOST_BYTES).decode()
    if not BLOCK.search(text):
        return None
    files.write_atomic(path, BLOCK.sub(lambda _: block(project), text))
    return path


def block(project: Project) -> str:
    """The lines between the marks, and the marks."""
    lines = [line for tier in tiers(project) for line in _of_tier(project, tier)]
    return "\n".join([START, *([""] if lines else []), *lines, END]) + "\n"


def _of_tier(project: Project, tier: str) -> Iterator[str]:
    folder = paths.PUBLISHED.format(tier=tier)
    path = project.root / folder / paths.BOARD_JSON
    if not files.exists(path):
        return
    board = Board(entries=documents.read_json(path, PublishedBoard).entries)
    yield f"**{capital(TITLES.get(tier, tier))}**: {'; '.join(tally(board))}."
    yield f"With every setting and record: [{folder}]({folder}/results/board.md)."
    if told := [entry for entry in board.entries if entry.status != "incomplete"]:
        yield ""
        yield "| | id | what the paper, or a check of ours, says | what was found |"
        yield "|---|---|---|---|"
    for entry in told:
        yield f"| {_row(entry)} |"
    yield ""
    if waiting := [entry.id for entry in board.entries if entry not in told]:
        yield f"Without all of their runs yet: {', '.join(waiting)}."
        yield ""


def _row(entry: Entry) -> str:
    parts = f"{MARKS[entry.status]} {entry.status}", entry.id, entry.says, entry.sentence
    return " | ".join(markdown_text(part) for part in parts)
