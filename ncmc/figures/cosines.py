"""Matrices of cosines as fields of colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from ncmc.figures.figure import Panel
from ncmc.results import curves
from ncmc.results.curves import MatrixMeasure
from ncmc.results.history import number_of_vectors
from ncmc.results.record import Record

OF = {"class_cosines": "class means", "tail_cosines": "features of the smallest class"}
AXES = {"class_cosines": "class", "tail_cosines": "image of the smallest class"}


@dataclass(frozen=True)
class Cosine:
    """The cosine of a pair, one half of a symmetric matrix."""

    epoch: int
    row: int
    column: int
    cosine: float | None  # None: a class without images


def cosine_panels(record: Record, measure: MatrixMeasure, most: int = 3) -> list[Panel]:
    """Matrices at up to `most` epochs: the first, the last, and evenly between; one scale for all."""
    kept = curves.cosines(record, measure)
    epochs = sorted(kept)
    if len(epochs) > most:
        epochs = [epochs[round(i * (len(epochs) - 1) / (most - 1))] for i in range(most)]
    panels = []
    for epoch in epochs:
        pairs = combinations(range(number_of_vectors(kept[epoch])), 2)
        rows = tuple(Cosine(epoch, *pair, v) for pair, v in zip(pairs, kept[epoch], strict=True))
        draw = partial(draw_cosines, of=AXES[measure], scale=epoch == epochs[-1])
        panels.append(Panel(f"Epoch {epoch}", rows, draw))
    return panels


def draw_cosines(axes: Any, rows: Sequence[Cosine], of: str, scale: bool = False) -> None:
    """A square in which red is 1, white is orthogonal and blue is -1.

    `of`: what its rows and columns are; `scale`: whether the figure's scale stands beside it.
    """
    matrix = np.eye(max(row.column for row in rows) + 1)
    for row in rows:
        value = math.nan if row.cosine is None else row.cosine
        matrix[row.row, row.column] = matrix[row.column, row.row] = value
    keys = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidth": 0.2, "edgecolor": "face"}
    mesh = axes.pcolormesh(matrix, **keys)
    ticks = range(0, len(matrix), max(1, len(matrix) // 10))  # at most about ten names
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([tick + 0.5 for tick in ticks], map(str, ticks))
    axes.invert_yaxis()
    axes.grid(False)
    axes.tick_params(length=0)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    axes.set_xlabel(of)
    if scale:
        figure = axes.figure
        bar = figure.colorbar(mesh, ax=figure.axes, ticks=[-1, 0, 1], shrink=0.85, label="cosine")
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
