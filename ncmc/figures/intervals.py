"""Accuracies with their intervals: of every method, and beside the numbers that are printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.lines import Group
from ncmc.figures.styles import Look, style_of
from ncmc.figures.svg import ink
from ncmc.results.cells import Cell
from ncmc.results.statistics import Sample, against

OURS, PRINTED, OTHERS = "ours", "the paper's", "others'"


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of a cell after the last epoch, in percent, with its 95 % interval over seeds."""

    setting: str
    line: str
    mean: float
    low: float | None  # None: one seed has no interval
    high: float | None
    seeds: int
    chance: float


@dataclass(frozen=True)
class Compared:
    """An accuracy of ours, or a printed one for the same cell, in percent."""

    cell: str
    method: str
    whose: str  # ours, the paper's, or others'
    id: str  # of the printed number
    mean: float
    low: float | None  # 95 % interval of the mean over its own seeds; None: not known
    high: float | None
    seeds: int | None  # None: not known


def accuracy_panels(groups: Sequence[Group]) -> list[Panel]:
    """A panel a dataset and backbone, its settings below each other."""
    shared: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        run = group.lines[0].cell.spec.run
        shared.setdefault((run.dataset, run.backbone), []).append(group)
    panels = []
    for names, found in shared.items():
        rows = [row for group in found for row in accuracy_rows(group, names)]
        looks = {label: look for group in found for label, look in group.looks.items()}
        panels.append(Panel(", ".join(names), tuple(rows), partial(draw_accuracies, looks=looks)))
    return panels


def accuracy_rows(group: Group, names: Sequence[str]) -> list[Accuracy]:
    """A row a line. The setting is the group's title without `names`."""
    setting = ", ".join(part for part in group.title.split(", ") if part not in names)
    rows = []
    for line in group.lines:
        last, (low, high) = line.cell.last, line.cell.interval or (None, None)
        assert last is not None
        chance = 100 / len(line.cell.records[0].result.per_class)
        rows.append(Accuracy(setting, line.label, last.mean, low, high, line.cell.n, chance))
    return rows


def draw_accuracies(axes: Any, rows: Sequence[Accuracy], looks: Mapping[str, Look]) -> None:
    """A marker a method beside each setting, a line for its interval, chance dotted if near."""
    settings = list(dict.fromkeys(row.setting for row in rows))
    labels = list(looks)
    for row in rows:
        offset = 0.0
        if len(labels) > 1:
            spread = min(0.76, 0.2 * (len(labels) - 1))
            offset = spread * (labels.index(row.line) / (len(labels) - 1) - 0.5)
        y, look = settings.index(row.setting) + offset, looks[row.line]
        if row.low is not None:
            axes.plot([row.low, row.high], [y, y], color=look.colour, linewidth=1.3)
        axes.plot([row.mean], [y], linestyle="none", markersize=4.2, **look.marker_keys)
    low, high = axes.get_xlim()
    if rows[0].chance > low - (high - low):  # farther away it would squeeze everything else
        axes.axvline(rows[0].chance, color=ink(), linewidth=0.9, dashes=(1, 2))
    axes.set_yticks(range(len(settings)), settings)
    axes.set_ylim(len(settings) - 0.45, -0.55)
    for y in range(len(settings) - 1):
        axes.axhline(y + 0.5, color=ink(), linewidth=0.5, alpha=0.25)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.margins(x=0.05)
    axes.set_xlabel(f"test accuracy, % (chance {rows[0].chance:.3g})")


def compared_rows(cells: Sequence[Cell]) -> list[Compared]:
    """Ours (the best epoch, A8), the paper's and others' numbers of the cells that have one."""
    rows = []
    for cell in cells:
        printed = [c.reference for c in cell.references if c.counts]
        if cell.best is None or not (cell.paper or printed):
            continue
        measure = cell.best
        if not cell.paper and all(c.measure == "last" for c in cell.references if c.counts):
            assert cell.last is not None
            measure = cell.last
        label, method = cell.spec.label, cell.spec.run.method
        rows.append(_compared(label, method, OURS, "", measure))
        if cell.paper:
            theirs = Sample(cell.paper.value, cell.paper.std, cell.paper.n or 1)
            row = _compared(label, method, PRINTED, cell.paper.id, theirs, cell.paper.n)
            rows.append(row)
        for number in printed:
            theirs = Sample(number.value, number.std, number.n or 1)
            rows.append(_compared(label, method, OTHERS, number.id, theirs, number.n))
    return rows


def _compared(
    cell: str, method: str, whose: str, id: str, value: Sample, n: int | None = None
) -> Compared:
    low, high = (against(value, 0.0).interval() if value.n > 1 else None) or (None, None)
    seeds = value.n if whose == OURS else n
    return Compared(cell, method, whose, id, value.mean, low, high, seeds)


def draw_compared(axes: Any, rows: Sequence[Compared]) -> None:
    """A row a cell: ours filled in the method's colour, the paper's hollow, others' as strokes."""
    labels = list(dict.fromkeys(row.cell for row in rows))
    places = {OURS: -0.17, PRINTED: 0.17, OTHERS: 0.17}
    for row in rows:
        y, style = labels.index(row.cell) + places[row.whose], style_of(row.method)
        colour = style.colour if row.whose == OURS else ink()
        marker, inside = {
            OURS: (style.marker, colour),
            PRINTED: ("D", "none"),
            OTHERS: ("|", colour),
        }[row.whose]
        if row.low is not None:
            axes.plot([row.low, row.high], [y, y], color=colour, linewidth=1.2)
        axes.plot(
            [row.mean], [y], linestyle="none", marker=marker, markersize=4.6, color=colour,
            markerfacecolor=inside, markeredgecolor=colour,
        )  # fmt: skip
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(True, axis="x")
    axes.set_xlabel("test accuracy, %")
