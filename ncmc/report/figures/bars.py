"""Accuracy of many, medium and few classes."""

from typing import Any

from ncmc.report.figures.lines import Group
from ncmc.report.figures.styles import HATCHES
from ncmc.report.figures.svg import INK, Picture, svg_of
from ncmc.results.cells import Cell
from ncmc.results.record import GROUPS
from ncmc.results.statistics import sample


def group_bars(group: Group, rule: str = "thirds") -> Picture:
    """Accuracy of many, medium and few classes, a bar a method, whiskers one deviation."""

    def draw(axes: Any) -> None:
        width = 0.8 / len(group.lines)
        for place, line in enumerate(group.lines):
            at = [g + (place - (len(group.lines) - 1) / 2) * width for g in range(len(GROUPS))]
            means, spread = _bars(line.cell, rule)
            axes.bar(at, means, 0.86 * width, color=line.colour, hatch=HATCHES[line.dash])
            axes.errorbar(at, means, spread, fmt="none", ecolor=INK, elinewidth=0.8)
        axes.set_xticks(range(len(GROUPS)), [f"{name} shot" for name in GROUPS])
        axes.tick_params(axis="x", length=0)
        axes.set_ylim(0, 100)

    words = "; ".join(
        f"{line.label}: "
        + ", ".join(
            f"{name} {mean:.1f} %"
            for name, mean in zip(GROUPS, _bars(line.cell, rule)[0], strict=True)
        )
        for line in group.lines
    )
    title = "Accuracy of many, medium and few classes, %"
    return Picture(title, f"{title}. {words}.", svg_of(draw, f"{group.title} {title}"))


def _bars(cell: Cell, rule: str) -> tuple[list[float], list[float]]:
    """(mean, deviation) over seeds for each class group; nan for a group without classes."""
    means, spread = [], []
    for name in GROUPS:
        values = [getattr(getattr(record.result.groups, rule), name) for record in cell.records]
        known = sample([v for v in values if v is not None]) if None not in values else None
        means.append(known.mean if known else float("nan"))
        spread.append((known.std if known else None) or 0.0)
    return means, spread
