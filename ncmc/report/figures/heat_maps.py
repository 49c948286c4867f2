"""Matrices of cosines as colours."""

from collections.abc import Sequence
from typing import Any

from ncmc.report.figures.svg import Picture, svg_of
from ncmc.results import curves
from ncmc.results.curves import MatrixMeasure
from ncmc.results.record import Record


def heat_maps(record: Record, measure: MatrixMeasure, most: int = 4) -> list[Picture]:
    """Matrices of cosines at up to `most` epochs, the first and the last among them."""
    found = curves.matrices(record, measure)
    epochs = sorted(found)
    if len(epochs) > most:
        epochs = [epochs[round(i * (len(epochs) - 1) / (most - 1))] for i in range(most)]
    what = "class means" if measure == "class_cosines" else "features of the smallest class"
    return [
        _heat_map(found[e], f"Epoch {e}", f"Cosines between {what} at epoch {e}", record.run.id)
        for e in epochs
    ]


def _heat_map(matrix: Sequence[Sequence[float | None]], title: str, alt: str, salt: str) -> Picture:
    values = [[float("nan") if v is None else v for v in row] for row in matrix]
    n = len(values)
    off = [v for i, row in enumerate(values) for j, v in enumerate(row) if i != j and v == v]

    def draw(axes: Any) -> None:
        look = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidth": 0.2, "edgecolor": "face"}
        mesh = axes.pcolormesh(values, **look)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.grid(False)
        ticks = range(0, n, max(1, n // 5))
        axes.set_xticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
        axes.set_yticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
        axes.tick_params(length=0)
        bar = axes.figure.colorbar(mesh, ax=axes, ticks=[-1, 0, 1], shrink=0.85)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)

    if off:
        mean = sum(off) / len(off)
        alt += f": mean {mean:.2f} off the diagonal, from {min(off):.2f} to {max(off):.2f}"
    return Picture(title, f"{alt}.", svg_of(draw, f"{salt} {alt}", (2.9, 2.4)))
