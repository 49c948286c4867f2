"""The cells of a page one by one: what each is, and which verdicts look at it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ncmc.board.entries import Board
from ncmc.page.answer import Judged, anchor
from ncmc.page.templating import slug
from ncmc.paper import switches
from ncmc.paper.printed_numbers import number_for
from ncmc.plan.grid import CellSpec, Table, axis_words
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.verdicts import cell_selection
from ncmc.verdicts.check import Check, Pairs
from ncmc.verdicts.checks_file import checks_of
from ncmc.verdicts.verdict import STATUSES, Status, Verdict


@dataclass(frozen=True)
class Row:
    """A cell in the list of all cells."""

    key: str  # of its card: one for a configuration, whatever tables it stands in
    table: str
    label: str  # what tells it apart from the others of its table
    cell: Cell
    verdicts: tuple[Verdict, ...]  # those that look at it

    @property
    def tokens(self) -> Mapping[str, str]:
        """What the filters look at, by the name of the filter."""
        found = {verdict.status for verdict in self.verdicts}
        return {
            "table": slug(self.table),
            "method": slug(self.cell.spec.run.method),
            "dataset": slug(self.cell.spec.run.dataset),
            "verdict": " ".join(slug(status) for status in STATUSES if status in found),
        }


@dataclass(frozen=True)
class Claim:
    """A line of the board: a claim, a printed number or a check of ours, with its verdicts."""

    judged: Judged
    says: str
    where: str
    verdicts: tuple[Verdict, ...]
    tokens: Mapping[str, str]

    @property
    def anchor(self) -> str:
        """The id of its line: one claim may be judged at several scales."""
        return slug(anchor(self.judged))

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables and figures that its verdicts are of."""
        return tuple(dict.fromkeys(verdict.table for verdict in self.verdicts))


def claims_of_verdicts(project: Project, verdicts: Sequence[Verdict]) -> list[Claim]:
    """A line for each verdict."""
    return [Claim(v, v.says, v.where, (v,), _tokens(project, v.status, (v,))) for v in verdicts]


def claims_of_board(project: Project, board: Board) -> list[Claim]:
    """A line for each entry of the board."""
    return [
        Claim(e, e.says, e.where, e.verdicts, _tokens(project, e.status, e.verdicts))
        for e in board.entries
    ]


def anchors_of(claims: Sequence[Claim]) -> dict[tuple[str, str], str]:
    """(table, id) of each verdict -> the line of the board that it stands in."""
    return {(v.table, v.id): claim.anchor for claim in claims for v in claim.verdicts}


def key_of(spec: CellSpec) -> str:
    """The same for every cell of one configuration; a word that may stand in an address."""
    what = f"{spec.run.id}, a split {'a seed' if spec.split_per_seed else 'for all seeds'}"
    return "c-" + hashlib.sha256(what.encode()).hexdigest()[:10]


def verdicts_by_cell(project: Project, verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Key of a cell -> the verdicts that look at it, whatever table each is of."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for key in dict.fromkeys(map(key_of, looked_at(project, verdict))):
            found.setdefault(key, []).append(verdict)
    return found


def rows_of(
    table: Table, cells: Sequence[Cell], looking: Mapping[str, Sequence[Verdict]]
) -> list[Row]:
    """The cells of a table, in its order."""
    varying = [a for a in table.axes if len({cell.spec.coord(a) for cell in cells}) > 1] or [
        "method"
    ]
    return [
        Row(
            key_of(cell.spec),
            table.name,
            ", ".join(axis_words(a, cell.spec.coord(a)) for a in varying),
            cell,
            tuple(looking.get(key_of(cell.spec), ())),
        )
        for cell in cells
    ]


def looked_at(project: Project, verdict: Verdict) -> list[CellSpec]:
    """The cells that decide a verdict; none if none can, or if its check is no longer there."""
    if verdict.kind == "untestable":
        return []
    if verdict.kind == "number":
        specs = switches.table(project, verdict.table).cells
        name = switches.plain_name(verdict.table)
        numbers = ((spec, number_for(project, spec.plain, name)) for spec in specs)
        return [spec for spec, number in numbers if number and number.id == verdict.id]
    found = [check for check in checks_of(project, verdict.table) if check.id == verdict.id]
    return [spec for check in found for spec in _cells_of(project, check)]


def _cells_of(project: Project, check: Check) -> list[CellSpec]:
    if isinstance(check, Pairs):
        return [spec for pair in cell_selection.pairs(project, check) for spec in pair]
    return [spec for side in check.sides for spec in cell_selection.select(project, check, side)]


def _tokens(project: Project, status: Status, verdicts: Sequence[Verdict]) -> Mapping[str, str]:
    """What the filters look at, of a claim with these verdicts."""
    specs = [spec for verdict in verdicts for spec in looked_at(project, verdict)]
    return {
        "table": _words(verdict.table for verdict in verdicts),
        "method": _words(spec.run.method for spec in specs),
        "dataset": _words(spec.run.dataset for spec in specs),
        "verdict": slug(status),
    }


def filters_of(tokens: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Axis -> the values to filter by; an axis with one value tells nothing apart."""
    found: dict[str, list[str]] = {}
    for axis in ("table", "dataset", "method", "verdict"):
        values = list(dict.fromkeys(word for t in tokens for word in t.get(axis, "").split()))
        if axis == "verdict":
            values = [slug(status) for status in STATUSES if slug(status) in values]
        if len(values) > 1:
            found[axis] = values if axis in ("table", "verdict") else sorted(values)
    return found


def _words(values: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(map(slug, values)))
