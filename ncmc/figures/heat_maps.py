"""Matrices of cosines as colours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ncmc.figures.figure import Panel
from ncmc.figures.painted import panel_picture
from ncmc.figures.svg import Picture
from ncmc.results import curves
from ncmc.results.curves import MatrixMeasure
from ncmc.results.history import matrix_of
from ncmc.results.record import Record

OF = {"class_cosines": "class means", "tail_cosines": "features of the smallest class"}
AXES = {"class_cosines": "class", "tail_cosines": "image of the smallest class"}


@dataclass(frozen=True)
class Cosine:
    """One cosine of a matrix."""

    epoch: int
    row: int
    column: int
    cosine: float | None  # None: a class without images


def heat_maps(record: Record, measure: MatrixMeasure, most: int = 4) -> list[Picture]:
    """Matrices of cosines at up to `most` epochs, the first and the last among them."""
    return [
        panel_picture(
            panel, alt := _words(panel, OF[measure]), f"{record.run.id} {alt}", (2.9, 2.4)
        )
        for panel in cosine_panels(record, measure, most)
    ]


def cosine_panels(record: Record, measure: MatrixMeasure, most: int) -> list[Panel]:
    """The same as panels, each with a scale of its own."""
    rows = cosine_rows(record, measure, most)
    draw = partial(draw_cosines, of=AXES[measure])
    return [
        Panel(f"Epoch {epoch}", tuple(row for row in rows if row.epoch == epoch), draw)
        for epoch in dict.fromkeys(row.epoch for row in rows)
    ]


def side_by_side(record: Record, measure: MatrixMeasure, most: int) -> list[Panel]:
    """The same as panels of one figure, which have one scale, at the last of them."""
    panels = cosine_panels(record, measure, most)
    draw = partial(draw_cosines, of=AXES[measure], scale=False)
    last = partial(draw_cosines, of=AXES[measure], shared=True)
    return [replace(p, draw=last if p is panels[-1] else draw) for p in panels]


def cosine_rows(record: Record, measure: MatrixMeasure, most: int) -> list[Cosine]:
    """A row a cosine, at up to `most` epochs: the first, the last, and evenly between."""
    kept = curves.cosines(record, measure)
    epochs = sorted(kept)
    if len(epochs) > most:
        epochs = [epochs[round(i * (len(epochs) - 1) / (most - 1))] for i in range(most)]
    return [
        Cosine(epoch, i, j, value)
        for epoch in epochs
        for i, line in enumerate(matrix_of(kept[epoch]))
        for j, value in enumerate(line)
    ]


def draw_cosines(
    axes: Any, rows: Sequence[Cosine], of: str, scale: bool = True, shared: bool = False
) -> None:
    """A square in which red is 1, white is orthogonal and blue is -1.

    `of`: what its rows and columns are; `scale`: whether it has one beside it, which is that of every
    panel of the figure if it is `shared`.
    """
    n = max(row.row for row in rows) + 1
    values = [[float("nan")] * n for _ in range(n)]
    for row in rows:
        values[row.row][row.column] = float("nan") if row.cosine is None else row.cosine
    look = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidth": 0.2, "edgecolor": "face"}
    mesh = axes.pcolormesh(values, **look)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.grid(False)
    ticks = range(0, n, max(1, n // 5))
    axes.set_xticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
    axes.set_yticks([t + 0.5 for t in ticks], [str(t) for t in ticks])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(of)
    if not scale:
        return
    beside = axes.figure.axes if shared else axes
    bar = axes.figure.colorbar(mesh, ax=beside, ticks=[-1, 0, 1], shrink=0.85, label="cosine")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)


def _words(panel: Panel, what: str) -> str:
    known = [row.cosine for row in panel.rows if row.row != row.column and row.cosine is not None]
    alt = f"Cosines between {what} at {panel.title.lower()}"
    if known:
        mean = sum(known) / len(known)
        alt += f": mean {mean:.2f} off the diagonal, from {min(known):.2f} to {max(known):.2f}"
    return f"{alt}."
