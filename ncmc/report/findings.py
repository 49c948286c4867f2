"""The quotations of docs/findings.md: published verdicts, word for word, set by `ncmc publish`."""

import re
from pathlib import Path

from ncmc import paths
from ncmc.errors import UsageError
from ncmc.plan.grid_file import tiers
from ncmc.project import Project
from ncmc.report.readme_board import PublishedBoard
from ncmc.system import documents, files
from ncmc.system.documents import MOST_BYTES
from ncmc.verdicts.verdict import Verdict

FINDINGS = "docs/findings.md"
QUOTATION = re.compile(r"^> \*\*(?P<id>[\w.-]+)\*\*.*$", re.MULTILINE)  # > **ID** status: words


def refresh(project: Project) -> Path | None:
    """Set every quotation to what is published now; None where the project has no such page.

    Raises UsageError for a quotation of a check that no published board has.
    """
    path = project.root / FINDINGS
    if not files.exists(path):
        return None
    text = files.read_bytes(path, MOST_BYTES).decode()
    files.write_atomic(path, quoted(text, published_verdicts(project)))
    return path


def quoted(text: str, verdicts: dict[str, Verdict]) -> str:
    """The text with every quotation set to its verdict."""

    def line(match: re.Match[str]) -> str:
        name = match["id"]
        if name not in verdicts:
            raise UsageError(
                f"{FINDINGS} quotes {name}, which no published board has. Delete the line, or publish "
                "its records first."
            )
        return f"> **{name}** {verdicts[name].status}: {verdicts[name].why}"

    return QUOTATION.sub(line, text)


def published_verdicts(project: Project) -> dict[str, Verdict]:
    """Check -> its verdict, of every published tier."""
    found: dict[str, Verdict] = {}
    for tier in tiers(project):
        path = project.root / paths.PUBLISHED.format(tier=tier) / paths.BOARD_JSON
        if files.exists(path):
            entries = documents.read_json(path, PublishedBoard).entries
            found |= {v.id: v for entry in entries for v in entry.verdicts}
    return found
