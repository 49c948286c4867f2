"""The cells of a page: a row each, ranked by method, and what an opened cell shows, as compact JSON.

The page's script draws curves, classes and confusion when a reader asks: pictures of every cell would
make a page of thousands of runs too heavy to open.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ncmc.figures.grouping import Group, groups
from ncmc.figures.marks import Mark, differences
from ncmc.figures.opening import METHOD
from ncmc.page.claim_rows import deciding_cells, filter_words
from ncmc.plan.grid import CellSpec, Table, axis_words
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import Epoch, Record
from ncmc.verdicts.verdict import STATUSES, Verdict

MOST_POINTS = 100  # of a curve; more are no wider than a pixel
MOST_CLASSES = 20  # whose whole confusion is shown ...
MOST_CONFUSED = 20  # ... of more, this many pairs of classes


@dataclass(frozen=True)
class Row:
    """A cell in the list of all cells."""

    key: str  # of its card: one for a configuration, whatever tables it stands in
    label: str  # what tells it apart from the others of its table
    cell: Cell
    verdicts: tuple[Verdict, ...]  # those that look at it

    @property
    def decided(self) -> list[Verdict]:
        """The verdicts that have their records."""
        return [verdict for verdict in self.verdicts if verdict.status != "incomplete"]

    @property
    def tokens(self) -> Mapping[str, str]:
        """What the filters look at, by the name of the filter."""
        statuses = {verdict.status for verdict in self.verdicts}
        return {
            "method": filter_words([self.cell.spec.run.method]),
            "dataset": filter_words([self.cell.spec.run.dataset]),
            "verdict": filter_words(status for status in STATUSES if status in statuses),
        }


def key_of(spec: CellSpec) -> str:
    """The same for every cell of one configuration; a word that may stand in an address."""
    split = "each seed has its own split" if spec.split_per_seed else "one split"
    return "c-" + hashlib.sha256(f"{spec.run.id}, {split}".encode()).hexdigest()[:10]


def verdicts_by_cell(project: Project, verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Key of a cell -> the verdicts that look at it, whatever table each is of."""
    by_key: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for key in dict.fromkeys(map(key_of, deciding_cells(project, verdict))):
            by_key.setdefault(key, []).append(verdict)
    return by_key


def rows_of(
    table: Table, cells: Sequence[Cell], looking: Mapping[str, Sequence[Verdict]]
) -> list[Row]:
    """The cells of a table, in its order."""
    varying = [a for a in table.axes if len({cell.spec.coord(a) for cell in cells}) > 1]
    rows = []
    for cell in cells:
        key, coord = key_of(cell.spec), cell.spec.coord
        label = ", ".join(axis_words(a, coord(a)) for a in varying or ["method"])
        rows.append(Row(key, label, cell, tuple(looking.get(key, ()))))
    return rows


def filters_of(tokens: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Axis -> the values to filter by; an axis with one value tells nothing apart."""
    filters: dict[str, list[str]] = {}
    for axis in ("dataset", "method", "verdict"):
        values = {word for row in tokens for word in row.get(axis, "").split()}
        if len(values) > 1:
            statuses = filter_words(STATUSES).split()
            order = sorted(values) if axis != "verdict" else [s for s in statuses if s in values]
            filters[axis] = order
    return filters


# --- the methods of a table by their accuracy ---------------------------------------------------


# A table, cells of it that can be compared, and by label CAL minus each of them but CAL itself.
Ranking = tuple[Table, Group, Mapping[str, Mark]]


def rankings(table: Table, cells: Sequence[Cell]) -> list[Ranking]:
    """A ranking per group of a table of accuracies in which CAL and two others have records."""
    shared = groups(table, cells) if table.shows == "accuracy" else []
    marks = [{mark.row: mark for mark in differences(group, METHOD)} for group in shared]
    return [(table, g, minus) for g, minus in zip(shared, marks, strict=True) if len(minus) >= 2]


def longest(rankings: Sequence[Ranking]) -> list[Ranking]:
    """The ranking of most methods at the paper's scale, or else at another; one or none."""
    return sorted(rankings, key=lambda ranking: (ranking[0].scale != "paper", -len(ranking[2])))[:1]


# --- an opened cell ----------------------------------------------------------------------------


def cells_json(rows: Iterable[Row]) -> Markup:
    """{key of a cell: what it shows} for a script element, in which no `<` may stand."""
    data = {row.key: cell_content(row.cell) for row in rows if row.cell.n}
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def cell_content(cell: Cell) -> dict[str, Any]:
    """What a cell with records shows: a curve per seed, accuracy per class, confusion over seeds."""
    records = cell.records
    return {
        "label": cell.spec.label,
        "seeds": list(cell.seeds),
        "accuracy": _curves(records, lambda epoch: epoch.test_accuracy, 2),
        "loss": _curves(records, lambda epoch: epoch.loss, 4),
        "nc": _curves(records, _nc_mean, 4),
        "counts": list(records[0].split.counts),
        "classes": _mean_classes(records),
        "confusion": _confusion(records),
    }


def _curves(
    records: Sequence[Record], measure: Callable[[Epoch], float | None], digits: int
) -> list[list[list[float]]]:
    """[epochs, values] per seed, thinned; nothing where no seed has a curve of two points."""
    curves: list[list[list[float]]] = []
    for record in records:
        points = [(e.epoch, v) for e in record.result.history if (v := measure(e)) is not None]
        step = max(1, -(-len(points) // MOST_POINTS))
        kept = list(dict.fromkeys([*points[::step], *points[-1:]]))
        curves.append([[e for e, _ in kept], [_short(v, digits) for _, v in kept]])
    return curves if any(len(epochs) > 1 for epochs, _ in curves) else []


def _nc_mean(epoch: Epoch) -> float | None:
    return epoch.collapse.nc_mean if epoch.collapse else None


def _short(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") if digits == 4 else round(value, digits)


def _mean_classes(records: Sequence[Record]) -> list[float | None]:
    """Accuracy of each class, the mean over seeds; None: the class has no test images."""
    means = []
    for column in zip(*(record.result.per_class for record in records), strict=True):
        known = [value for value in column if value is not None]
        means.append(round(sum(known) / len(known), 1) if known else None)
    return means


def _confusion(records: Sequence[Record]) -> dict[str, Any]:
    """Test images summed over seeds: all of them for few classes, else the pairs most confused."""
    matrices = [record.result.confusion for record in records]
    summed = [
        [sum(values) for values in zip(*row, strict=True)] for row in zip(*matrices, strict=True)
    ]
    if len(summed) <= MOST_CLASSES:
        return {"all": summed}
    pairs = [
        [true, predicted, n]
        for true, row in enumerate(summed)
        for predicted, n in enumerate(row)
        if n and predicted != true
    ]
    return {"most": sorted(pairs, key=lambda pair: (-pair[2], *pair[:2]))[:MOST_CONFUSED]}
