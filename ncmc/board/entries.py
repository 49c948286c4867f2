"""The board: what the results say of every claim, claim by claim, over all tables."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from ncmc.board.sentences import NOT_JUDGED, line, stages, whole_sentence
from ncmc.paper.claims import claims
from ncmc.plan import grid
from ncmc.plan.grid_file import Scale, table_names
from ncmc.project import Project
from ncmc.system.documents import Strict
from ncmc.verdicts.judge import CellCache, verify_cells
from ncmc.verdicts.verdict import STATUSES, Outcome, Status, Verdict

Subject = Literal["claim", "number", "ours"]  # of the paper in words, printed, or a check of ours
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


class BoardEntry(Strict):
    """A claim of the paper, a number that it prints, or a check of ours, with its verdicts."""

    id: str
    subject: Subject
    says: str
    where: str
    scale: Scale  # that its status is of: the paper's, where it was judged there
    status: Status
    outcome: Outcome  # its status in the words of its scale
    line: str  # what was found, in at most 200 characters
    sentence: str  # the same in full: over all clauses, scales and budgets
    verdicts: tuple[Verdict, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What must be said of the records that its verdicts rest on, each once."""
        return tuple(dict.fromkeys(p for verdict in self.verdicts for p in verdict.problems))


class Board(Strict):
    """Every entry: the paper's claims in its order, then its numbers, then checks of ours."""

    entries: tuple[BoardEntry, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of every entry."""
        return tuple(verdict for entry in self.entries for verdict in entry.verdicts)

    def of(self, subject: Subject) -> "Board":
        """The entries of one subject."""
        return Board(entries=tuple(e for e in self.entries if e.subject == subject))

    def count(self) -> dict[Status, int]:
        """How many entries have each status."""
        counts = Counter(entry.status for entry in self.entries)
        return {status: counts[status] for status in STATUSES}


def board(
    project: Project, names: Sequence[str] | None = None, results: Path | None = None
) -> Board:
    """The board of tables and figures (default: all), from their records.

    Raises UsageError for an unknown name or a senseless check.
    """
    cells = CellCache(project, results)
    tables = [grid.table(project, name) for name in names or table_names(project)]
    return board_of(project, [v for table in tables for v in verify_cells(table, cells)])


def board_of(project: Project, verdicts: Iterable[Verdict]) -> Board:
    """The board of verdicts: those of one claim, at whatever scales, are one entry."""
    grouped = dict[str, list[Verdict]]()
    for verdict in verdicts:
        grouped.setdefault(verdict.claim or verdict.id, []).append(verdict)
    entries = [_entry(project, name, told) for name, told in grouped.items()]
    place = {name: i for i, name in enumerate(claims(project))}
    entries.sort(key=lambda e: (SUBJECTS.index(e.subject), place.get(e.id, len(place))))
    return Board(entries=tuple(entries))


def _entry(project: Project, name: str, verdicts: Sequence[Verdict]) -> BoardEntry:
    staged = stages(verdicts)
    shown = next((s for s in reversed(staged) if s.status not in NOT_JUDGED), staged[-1])
    first = shown.verdicts[0]
    subject: Subject = "claim" if first.claim else "number" if first.kind == "number" else "ours"
    return BoardEntry(
        id=name,
        subject=subject,
        says=claims(project)[first.claim].says if first.claim else first.says,
        where=first.where if first.claim else "",  # a number's words have its place
        scale=first.scale,
        status=shown.status,
        outcome=shown.outcome,
        line=line(staged),
        sentence=whole_sentence(staged),
        verdicts=tuple(verdicts),
    )
