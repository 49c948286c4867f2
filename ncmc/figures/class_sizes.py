"""Accuracy of the classes against how many training images they have."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.epoch_curves import plain_ticks
from ncmc.figures.figure import Panel
from ncmc.figures.grouping import Group, Line, Page
from ncmc.figures.painting import ink
from ncmc.figures.styles import Style
from ncmc.results.record import Record
from ncmc.results.statistics import sample

MOST_METHODS = 5  # that have a panel; they are the first of the table and those with the best means
MOST_POINTS = 20  # classes that get a point each; more are averaged over neighbours in size
BINS = 10


@dataclass(frozen=True)
class ClassAccuracy:
    """The test accuracy of a class, or of neighbours in size, in percent over the seeds of a cell."""

    line: str
    images: float  # training images; the mean of several classes
    mean: float
    low: float  # of the lowest seed
    high: float
    seeds: int
    chance: float


def class_size_panels(group: Group, page: Page) -> list[Panel]:
    """A panel per method, with the others in grey behind it; none where all classes are equal."""
    chosen = {line.label: class_size_rows(line) for line in _chosen(group)}
    panels = []
    for label, rows in chosen.items():
        behind = [others for other, others in chosen.items() if other != label]
        draw = partial(draw_class_sizes, behind=behind, style=group.styles[label])
        if len({row.images for row in rows}) > 1:
            panels.append(Panel(page.panel_title(label, group), tuple(rows), draw))
    return panels


def _chosen(group: Group) -> list[Line]:
    """The first line, which others are compared with, and the best ones; in the table's order."""
    order = [line.label for line in (group.lines[0], *group.by_mean)]
    kept = list(dict.fromkeys(order))[:MOST_METHODS]
    return [line for line in group.lines if line.label in kept]


def class_size_rows(line: Line) -> list[ClassAccuracy]:
    """A row per class, or ten rows where there are more than twenty classes."""
    rows, records = [], line.cell.records
    classes = len(records[0].result.per_class)
    for places in _binned(classes):
        images, accuracies = zip(*(_at(record, places) for record in records), strict=True)
        known = [accuracy for accuracy in accuracies if accuracy is not None]
        if len(known) == len(records):  # not where classes have no test images
            mean, low, high = sample(known).mean, min(known), max(known)
            size = sample(images).mean
            rows.append(ClassAccuracy(line.label, size, mean, low, high, len(known), 100 / classes))
    return rows


def _binned(classes: int) -> list[range]:
    """Places in the order of sizes that share a point."""
    bins = classes if classes <= MOST_POINTS else BINS
    edges = [round(i * classes / bins) for i in range(bins + 1)]
    return [range(low, high) for low, high in itertools.pairwise(edges)]


def _at(record: Record, places: range) -> tuple[float, float | None]:
    """(mean images, mean accuracy) of the classes at places in the order of a record's sizes."""
    counts = record.split.counts
    order = sorted(range(len(counts)), key=lambda k: -counts[k])
    chosen = [order[place] for place in places]
    known = [v for k in chosen if (v := record.result.per_class[k]) is not None]
    accuracy = sum(known) / len(known) if known else None
    return sum(counts[k] for k in chosen) / len(chosen), accuracy


def draw_class_sizes(
    axes: Any,
    rows: Sequence[ClassAccuracy],
    behind: Sequence[Sequence[ClassAccuracy]],
    style: Style,
) -> None:
    """A line with a band from the lowest seed to the highest, others in grey; chance is dotted."""
    for others in behind:
        images, means, _, _ = _columns(others)
        axes.plot(images, means, color=ink(), alpha=0.25, linewidth=0.8)
    images, means, low, high = _columns(rows)
    if rows[0].seeds > 1:
        axes.fill_between(images, low, high, color=style.colour, alpha=0.18, linewidth=0)
    axes.plot(images, means, markersize=3.6, **style.line_keys)
    axes.axhline(rows[0].chance, color=ink(), linewidth=0.9, dashes=(1, 2))
    axes.set_xscale("log")
    plain_ticks(axes.xaxis, [row.images for row in rows])
    axes.set_ylim(-3, 103)
    axes.set_xlabel("training images of the class (log)")
    axes.set_ylabel("test accuracy, %")


def _columns(rows: Sequence[ClassAccuracy]) -> tuple[list[float], ...]:
    """Images, mean, low and high, by images."""
    points = sorted(rows, key=lambda row: row.images)
    images = [max(0.8, point.images) for point in points]
    return images, *([getattr(p, part) for p in points] for part in ("mean", "low", "high"))
