"""Accuracy of many, medium and few classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.lines import Group
from ncmc.figures.painted import panel_picture
from ncmc.figures.styles import HATCHES, Look
from ncmc.figures.svg import Picture, ink
from ncmc.results.record import GROUPS
from ncmc.results.statistics import sample

TITLE = "Accuracy of many, medium and few classes, %"


@dataclass(frozen=True)
class GroupAccuracy:
    """The accuracy of a group of classes, in percent, over the seeds of a cell."""

    line: str
    group: str  # many, medium or few
    mean: float | None  # None: the group has no classes
    std: float | None  # None: one seed
    seeds: int


def group_bars(group: Group, rule: str = "thirds") -> Picture:
    """Accuracy of many, medium and few classes, a bar a method, whiskers one deviation."""
    panel = bars_panel(group, rule)
    means: dict[str, list[str]] = {}
    for row in panel.rows:
        mean = float("nan") if row.mean is None else row.mean
        means.setdefault(row.line, []).append(f"{row.group} {mean:.1f} %")
    words = "; ".join(f"{line}: {', '.join(told)}" for line, told in means.items())
    return panel_picture(panel, f"{TITLE}. {words}.", f"{group.title} {TITLE}")


def bars_panel(group: Group, rule: str = "thirds") -> Panel:
    """The same as a panel."""
    return Panel(TITLE, tuple(bar_rows(group, rule)), partial(draw_bars, looks=group.looks))


def bar_rows(group: Group, rule: str) -> list[GroupAccuracy]:
    """A row a line and a class group."""
    rows = []
    for line in group.lines:
        for name in GROUPS:
            found = [getattr(getattr(r.result.groups, rule), name) for r in line.cell.records]
            known = sample([v for v in found if v is not None]) if None not in found else None
            mean, std = (known.mean, known.std) if known else (None, None)
            rows.append(GroupAccuracy(line.label, name, mean, std, len(found)))
    return rows


def draw_bars(axes: Any, rows: Sequence[GroupAccuracy], looks: Mapping[str, Look]) -> None:
    """A cluster of bars a class group, a bar a line, whiskers one deviation."""
    lines = list(dict.fromkeys(row.line for row in rows))
    width = 0.8 / len(lines)
    for place, label in enumerate(lines):
        own, look = [row for row in rows if row.line == label], looks[label]
        at = [GROUPS.index(row.group) + (place - (len(lines) - 1) / 2) * width for row in own]
        means = [float("nan") if row.mean is None else row.mean for row in own]
        axes.bar(at, means, 0.86 * width, color=look.colour, hatch=HATCHES[look.dash])
        spread = [row.std or 0.0 for row in own]
        axes.errorbar(at, means, spread, fmt="none", ecolor=ink(), elinewidth=0.8)
    axes.set_xticks(range(len(GROUPS)), [f"{name} shot" for name in GROUPS])
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 100)
