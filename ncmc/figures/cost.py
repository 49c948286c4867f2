"""What an accuracy costs: the time that the records say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ncmc.figures.class_sizes import plain_ticks
from ncmc.figures.figure import Panel
from ncmc.figures.lines import Group
from ncmc.figures.styles import Look
from ncmc.results.statistics import sample

UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0}


@dataclass(frozen=True)
class Cost:
    """Accuracy after the last epoch, in percent, and the mean time of one training."""

    line: str
    seconds: float  # of all devices together
    mean: float
    low: float | None  # 95 % interval over seeds; None: one seed
    high: float | None
    seeds: int
    device: str  # cpu, cuda, or both
    rule_alone: bool  # a rule on a model that another run trained: its training is not counted


def cost_panel(group: Group) -> Panel:
    """A panel of the group's methods."""
    return Panel(group.title, tuple(cost_rows(group)), partial(draw_costs, looks=group.looks))


def cost_rows(group: Group) -> list[Cost]:
    """A row a line."""
    rows = []
    for line in group.lines:
        records, last = line.cell.records, line.cell.last
        assert last is not None
        low, high = line.cell.interval or (None, None)
        spent = [record.made.seconds * (record.made.processes or 1) for record in records]
        devices = {str(record.made.device or "unknown").partition(":")[0] for record in records}
        rows.append(
            Cost(
                line=line.label,
                seconds=sample(spent).mean,
                mean=last.mean,
                low=low,
                high=high,
                seeds=len(records),
                device=" and ".join(sorted(devices)),
                rule_alone=any(record.model_of is not None for record in records),
            )
        )
    return rows


def draw_costs(axes: Any, rows: Sequence[Cost], looks: Mapping[str, Look]) -> None:
    """A marker a method with its interval; time on a logarithmic axis."""
    longest = max(row.seconds for row in rows)
    unit = "hours" if longest > 5400 else "minutes" if longest > 120 else "seconds"
    for row in rows:
        look, time = looks[row.line], max(row.seconds, 1e-3) / UNITS[unit]
        if row.low is not None:
            axes.plot([time, time], [row.low, row.high], color=look.colour, linewidth=1.2)
        axes.plot([time], [row.mean], linestyle="none", markersize=5, **look.marker_keys)
    times = [max(row.seconds, 1e-3) / UNITS[unit] for row in rows]
    axes.set_xscale("log")
    room = 1.25 if max(times) > 1.5 * min(times) else 2.5  # at least one tick to read
    axes.set_xlim(min(times) / room, max(times) * room)
    plain_ticks(axes.xaxis, axes.get_xlim())
    on = {row.device for row in rows}
    what = f"GPU-{unit}" if on == {"cuda"} else unit
    axes.set_xlabel(f"training of one seed, {what} (log)")
    axes.set_ylabel("test accuracy, %")
