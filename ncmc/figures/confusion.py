"""What the test images of each class were taken for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ncmc.figures.accuracy_maps import COLOURS, ink_on
from ncmc.figures.class_sizes import by_size
from ncmc.figures.figure import Panel
from ncmc.figures.lines import Group, Line

NUMBERED = 10  # classes up to which the percentages stand in the fields
DRAWN = 20  # ... and up to which fields are drawn one by one; more become a bitmap


@dataclass(frozen=True)
class Confusion:
    """How many test images of a class were taken for another, over the seeds of a cell."""

    line: str
    true: int  # index of the class
    taken_for: int
    images: int  # sum over seeds
    percent: float | None  # of the class's images; None: it has none
    seeds: int


def confusion_panels(group: Group) -> list[Panel]:
    """A panel a line, classes from the one with most training images to the one with fewest."""
    return [Panel(line.label, tuple(confusion_rows(line)), draw_confusion) for line in group.lines]


def confusion_rows(line: Line) -> list[Confusion]:
    """A row a field, the classes in the order of their sizes."""
    records = line.cell.records
    order = by_size(records[0])
    rows = []
    for true in order:
        summed = [sum(r.result.confusion[true][k] for r in records) for k in order]
        total = sum(summed)
        rows += [
            Confusion(
                line=line.label,
                true=true,
                taken_for=other,
                images=images,
                percent=100 * images / total if total else None,
                seeds=len(records),
            )
            for other, images in zip(order, summed, strict=True)
        ]
    return rows


def draw_confusion(axes: Any, rows: Sequence[Confusion]) -> None:
    """Rows are the true classes; the lighter, the more of its images."""
    order = list(dict.fromkeys(row.true for row in rows))
    place = {k: i for i, k in enumerate(order)}
    values = [[float("nan")] * len(order) for _ in order]
    for row in rows:
        percent = float("nan") if row.percent is None else row.percent
        values[place[row.true]][place[row.taken_for]] = percent
    bitmap = len(order) > DRAWN
    mesh = axes.pcolormesh(values, cmap=COLOURS, vmin=0, vmax=100, rasterized=bitmap)
    if len(order) <= NUMBERED:
        for row in rows:
            if row.percent is not None and row.percent >= 0.5:
                colour = ink_on(mesh.cmap(mesh.norm(row.percent))[:3])
                at = place[row.taken_for] + 0.5, place[row.true] + 0.5
                number = f"{row.percent:.0f}"
                axes.text(*at, number, color=colour, ha="center", va="center", fontsize=6)
    else:
        bar = axes.figure.colorbar(mesh, ax=axes, ticks=[0, 50, 100], shrink=0.8)
        bar.outline.set_visible(False)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.grid(False)
    every = max(1, len(order) // 10)
    ticks = range(0, len(order), every)
    axes.set_xticks([t + 0.5 for t in ticks], [str(order[t]) for t in ticks])
    axes.set_yticks([t + 0.5 for t in ticks], [str(order[t]) for t in ticks])
    axes.tick_params(length=0)
    axes.set_xlabel("taken for class")
    axes.set_ylabel("true class, largest first")
