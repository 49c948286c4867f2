"""The claims of a page: a row each, in which what the scales say of it stand side by side."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ncmc.board.board_text import TITLES
from ncmc.board.entries import SUBJECTS, Board, BoardEntry
from ncmc.board.sentences import NOT_JUDGED, Stage, stages
from ncmc.forecast.questions import decides
from ncmc.plan.grid import CellSpec
from ncmc.project import Project, read_once
from ncmc.results.wording import capital
from ncmc.verdicts.verdict import Verdict


@dataclass(frozen=True)
class ClaimRow:
    """A claim, a printed number or a check of ours, at every scale and budget at which it is asked."""

    entry: BoardEntry
    stages: tuple[Stage, ...]  # of which something is known; the paper's scale first
    tokens: Mapping[str, str]  # what the filters look at, by the name of the filter

    @property
    def anchor(self) -> str:
        """The id of its row."""
        return slug(f"v-{self.entry.id}")

    @property
    def says(self) -> str:
        """Its words; those of a printed number are no sentence."""
        return self.entry.says if self.entry.subject == "number" else capital(self.entry.says)


# Claims of the paper, printed numbers, or checks of ours: their title, those of which something is
# known, and those of which no clause has all its records.
ClaimGroup = tuple[str, list[ClaimRow], list[ClaimRow]]


def claim_groups(project: Project, board: Board) -> list[ClaimGroup]:
    """The rows of a board, by subject."""
    groups = list[ClaimGroup]()
    for subject in SUBJECTS:
        rows = [_row(project, entry) for entry in board.of(subject).entries]
        if rows:
            known, waiting = ([r for r in rows if bool(r.stages) == has] for has in (True, False))
            groups.append((TITLES[subject], known, waiting))
    return groups


def _row(project: Project, entry: BoardEntry) -> ClaimRow:
    specs = [spec for verdict in entry.verdicts for spec in deciding_cells(project, verdict)]
    staged = reversed(stages(entry.verdicts))
    known = tuple(stage for stage in staged if _is_known(stage))
    tokens = {
        "method": filter_words(spec.run.method for spec in specs),
        "dataset": filter_words(spec.run.dataset for spec in specs),
        "verdict": filter_words(stage.status for stage in known) or slug(entry.status),
    }
    return ClaimRow(entry, known, tokens)


def _is_known(stage: Stage) -> bool:
    """Whether one of its clauses is decided, or no record would decide any of them."""
    return any(v.status not in NOT_JUDGED for v in stage.verdicts) or stage.status != "incomplete"


def slug(text: str) -> str:
    """A word that may stand in an id, a class or the address: `not testable` -> `not-testable`."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", text)


def filter_words(values: Iterable[str]) -> str:
    """Values of a filter, as an attribute of a row has them."""
    return " ".join(dict.fromkeys(map(slug, values)))


def anchors_of(groups: Sequence[ClaimGroup]) -> dict[tuple[str, str], str]:
    """(table, id) of each verdict -> the row that it stands in."""
    rows = [row for _, known, waiting in groups for row in (*known, *waiting)]
    return {(v.table, v.id): row.anchor for row in rows for v in row.entry.verdicts}


def deciding_cells(project: Project, verdict: Verdict) -> list[CellSpec]:
    """The cells that decide a verdict; none if none can, or if its check is no longer there."""
    return _cells_by_id(project, verdict.table).get(verdict.id, [])


@read_once
def _cells_by_id(project: Project, table: str) -> dict[str, list[CellSpec]]:
    """Id of each check and printed number of a table -> the cells that decide it."""
    cells: dict[str, list[CellSpec]] = {}
    for question in decides(project, table):
        cells.setdefault(question.id, []).extend(spec for spec, _ in question.places)
    return cells
