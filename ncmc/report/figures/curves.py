"""Measures over the epochs: a line a cell, a band over its seeds."""

from collections.abc import Sequence
from typing import Any

from ncmc.report.figures.lines import Group, Line
from ncmc.report.figures.svg import Picture, svg_of
from ncmc.results import curves
from ncmc.results.curves import Curve, Measure


def collapse_curves(group: Group) -> list[Picture]:
    """Mean and deviation of NC (log scale), variability with its floor, over the epochs."""
    made = [
        curve_picture(group, "nc_mean", "Mean of NC", log=True),
        curve_picture(group, "nc_std", "Standard deviation of NC", log=True),
        curve_picture(
            group, "variability", "Variability, and its floor", floor="variability_floor"
        ),
    ]
    return [picture for picture in made if picture]


def accuracy_curves(group: Group) -> Picture | None:
    """Test accuracy over the epochs."""
    return curve_picture(group, "test_accuracy", "Test accuracy, %")


def curve_picture(
    group: Group, measure: Measure, title: str, log: bool = False, floor: Measure | None = None
) -> Picture | None:
    """A measure over the epochs, and a dotted line at its floor; None where no cell has it."""
    shown = [(line, curves.curve(line.cell, measure)) for line in group.lines]
    known = [(line, curve) for line, curve in shown if curve is not None]
    if not known:
        return None

    def draw(axes: Any) -> None:
        for line, curve in known:
            _draw_curve(axes, line, curve, log)
            at = curves.curve(line.cell, floor) if floor else None
            if at is not None:
                axes.axhline(at.means[-1], color=line.colour, linewidth=0.9, dashes=(1, 2))
        axes.set_xlabel("epoch")
        if log:
            axes.set_yscale("log")
            _plain_log_ticks(axes)
        axes.margins(x=0.02)

    words = "; ".join(
        f"{line.label}: {curve.means[0]:.3g} at epoch {curve.epochs[0]}, {curve.means[-1]:.3g} at "
        f"epoch {curve.epochs[-1]}"
        for line, curve in known
    )
    alt = f"{title} over the epochs{', logarithmic' if log else ''}. {words}."
    return Picture(title, alt, svg_of(draw, f"{group.title} {title}"))


def _draw_curve(axes: Any, line: Line, curve: Curve, log: bool) -> None:
    """The mean over seeds, and a band from the lowest to the highest seed."""
    means: Sequence[float] = curve.means
    lowest = [min(column) for column in zip(*curve.values, strict=True)]
    highest = [max(column) for column in zip(*curve.values, strict=True)]
    if log:  # a logarithmic axis has no place for 0
        tiny = 1e-6
        means, lowest, highest = ([max(v, tiny) for v in s] for s in (means, lowest, highest))
    if len(curve.values) > 1:
        axes.fill_between(curve.epochs, lowest, highest, color=line.colour, alpha=0.16, linewidth=0)
    axes.plot(
        curve.epochs,
        means,
        **line.look.line_keys,
        markevery=max(1, len(means) // 6),
        markersize=3.2,
    )


def _plain_log_ticks(axes: Any) -> None:
    """Ticks at 1, 2 and 5 of each decade, as plain numbers."""
    from matplotlib import ticker

    low, high = axes.get_ylim()
    subs = (1.0,) if high / low > 300 else (1.0, 2.0, 5.0) if high / low < 30 else (1.0, 3.0)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=subs, numticks=12))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
