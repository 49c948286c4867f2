"""Accuracy of the classes against how many training images they have."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.lines import Group
from ncmc.figures.styles import Look
from ncmc.figures.svg import ink
from ncmc.results.record import Record
from ncmc.results.statistics import sample

MOST = 20  # classes that get a point each; more are averaged over neighbours in size
BINS = 10


@dataclass(frozen=True)
class ClassAccuracy:
    """The test accuracy of a class, or of neighbours in size, in percent over the seeds of a cell."""

    line: str
    classes: str  # the indices of the classes, largest first
    images: float  # training images; the geometric mean of several classes
    mean: float
    low: float  # of the lowest seed
    high: float
    seeds: int
    chance: float


def class_size_panel(group: Group) -> Panel | None:
    """A panel of the group's methods; None where all classes have as many images."""
    rows = class_size_rows(group)
    if len({row.images for row in rows}) < 2:
        return None
    return Panel(group.title, tuple(rows), partial(draw_class_sizes, looks=group.looks))


def class_size_rows(group: Group) -> list[ClassAccuracy]:
    """A row a line and a class, or ten rows a line where there are more than twenty classes."""
    rows = []
    for line in group.lines:
        records = line.cell.records
        for places in _binned(len(records[0].result.per_class)):
            found = [_at(record, places) for record in records]
            known = [accuracy for _, _, accuracy in found if accuracy is not None]
            if len(known) < len(records):  # classes without test images
                continue
            rows.append(
                ClassAccuracy(
                    line=line.label,
                    classes=found[0][0],
                    images=sample([images for _, images, _ in found]).mean,
                    mean=sample(known).mean,
                    low=min(known),
                    high=max(known),
                    seeds=len(known),
                    chance=100 / len(records[0].result.per_class),
                )
            )
    return rows


def by_size(record: Record) -> list[int]:
    """The indices of the classes, the one with most training images first."""
    counts = record.split.counts
    return sorted(range(len(counts)), key=lambda k: -counts[k])


def _binned(classes: int) -> list[range]:
    """Places in the order of sizes that share a point."""
    bins = classes if classes <= MOST else BINS
    edges = [round(i * classes / bins) for i in range(bins + 1)]
    return [range(low, high) for low, high in itertools.pairwise(edges)]


def _at(record: Record, places: range) -> tuple[str, float, float | None]:
    """(indices, images, accuracy) of the classes at places in the order of a record's sizes."""
    chosen = [by_size(record)[place] for place in places]
    logs = [math.log(max(1, record.split.counts[k])) for k in chosen]
    known = [v for k in chosen if (v := record.result.per_class[k]) is not None]
    accuracy = sum(known) / len(known) if known else None
    names = " ".join(map(str, chosen))
    images = (
        float(record.split.counts[chosen[0]])
        if len(chosen) == 1
        else math.exp(sum(logs) / len(logs))
    )
    return names, images, accuracy


def draw_class_sizes(axes: Any, rows: Sequence[ClassAccuracy], looks: Mapping[str, Look]) -> None:
    """A line a method, a band from the lowest seed to the highest; chance is dotted."""
    lines: dict[str, list[ClassAccuracy]] = {}
    for row in rows:
        lines.setdefault(row.line, []).append(row)
    for label, found in lines.items():
        points, look = sorted(found, key=lambda row: row.images), looks[label]
        images = [max(0.8, row.images) for row in points]
        if points[0].seeds > 1:
            low, high = [row.low for row in points], [row.high for row in points]
            axes.fill_between(images, low, high, color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(images, [row.mean for row in points], markersize=3.6, **look.line_keys)
    axes.axhline(rows[0].chance, color=ink(), linewidth=0.9, dashes=(1, 2))
    axes.set_xscale("log")
    plain_ticks(axes.xaxis, [row.images for row in rows])
    axes.set_ylim(-3, 103)
    axes.set_xlabel("training images of the class (log)")
    axes.set_ylabel("test accuracy, %")


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Ticks of a logarithmic axis as plain numbers, about five of them."""
    from matplotlib import ticker

    low, high = min(values), max(values)
    ratio = high / max(low, 1e-9)
    subs = (1.0,) if ratio > 2000 else (1.0, 3.0) if ratio > 60 else (1.0, 2.0, 5.0)
    axis.set_major_locator(ticker.LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(ticker.NullFormatter())
