"""A board as GitHub Actions shows it: an annotation per entry; the step summary is its Markdown.

Source of form and escapes: "Workflow commands for GitHub Actions" in GitHub's documentation, and
`escapeData`, `escapeProperty` of its toolkit (packages/core/src/command.ts).
"""

from collections.abc import Iterator
from typing import Literal

from ncmc.board.board_text import SCALES
from ncmc.board.entries import Board
from ncmc.results.table_data import TableData
from ncmc.verdicts.verdict import Status

Level = Literal["error", "warning", "notice"]
LEVELS: dict[Status, Level] = {  # as the exit code of `ncmc verify` takes them: 1, 3, 0
    "differs": "error",
    "inconclusive": "warning",
    "incomplete": "warning",
    "holds": "notice",
    "not testable": "notice",
    "not checked": "warning",
}
DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY = DATA | str.maketrans({":": "%3A", ",": "%2C"})


def annotations(board: Board, table: TableData | None = None) -> Iterator[str]:
    """A line per entry, then a warning per record of `table` that does not count."""
    for entry in board.entries:
        scale = f" ({SCALES[entry.scale]})" if SCALES[entry.scale] else ""
        title = f"{entry.id} {entry.outcome}{scale}: {entry.says}"
        yield _annotation(LEVELS[entry.status], title, "\n".join((entry.line, *entry.problems)))
    for cell in table.cells if table else ():
        for record in cell.unusable:
            yield _annotation("warning", f"{record.path} does not count", record.reason)


def _annotation(level: Level, title: str, message: str) -> str:
    return f"::{level} title={title.translate(PROPERTY)}::{message.translate(DATA)}"
