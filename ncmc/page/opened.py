"""What a cell shows when it is opened: its curves, classes and confusion as compact JSON.

The page's script draws them when a reader asks: pictures of every cell would make a page of
thousands of runs too heavy to open.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from ncmc.page.listing import Row
from ncmc.results.cells import Cell
from ncmc.results.record import Epoch, Record

MOST_POINTS = 100  # of a curve; more are no wider than a pixel
MOST_CLASSES = 20  # whose whole confusion is shown ...
MOST_CONFUSED = 20  # ... of more, this many pairs of classes


def cells_json(rows: Iterable[Row]) -> Markup:
    """{key of a cell: what it shows} for a script element, in which no `<` may stand."""
    data = {row.key: opened(row.cell) for row in rows if row.cell.n}
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def opened(cell: Cell) -> dict[str, Any]:
    """What one cell with records shows: curves a seed, accuracy a class, confusion over seeds."""
    records = cell.records
    return {
        "label": cell.spec.label,
        "seeds": list(cell.seeds),
        "accuracy": _curves(records, lambda epoch: epoch.test_accuracy, 2),
        "loss": _curves(records, lambda epoch: epoch.loss, 4),
        "nc": _curves(records, lambda epoch: epoch.collapse and epoch.collapse.nc_mean, 4),
        "counts": list(records[0].split.counts),
        "classes": _mean_classes(records),
        "confusion": _confusion(records),
    }


def _curves(records: Sequence[Record], measure: Any, digits: int) -> list[list[list[float]]]:
    """[epochs, values] a seed, thinned; nothing of a seed that did not take the measure."""
    found: list[list[list[float]]] = []
    for record in records:
        epochs = [(e.epoch, measure(e)) for e in _thinned(record.result.history, measure)]
        if epochs:
            found.append([[e for e, _ in epochs], [_short(v, digits) for _, v in epochs]])
    return found


def _thinned(history: Sequence[Epoch], measure: Any) -> list[Epoch]:
    """At most MOST_POINTS of the epochs that have a measure, the first and the last among them."""
    taken = [epoch for epoch in history if measure(epoch) is not None]
    step = max(1, -(-len(taken) // MOST_POINTS))
    kept = taken[::step]
    return kept if not taken or kept[-1] is taken[-1] else [*kept, taken[-1]]


def _short(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") if digits == 4 else round(value, digits)


def _mean_classes(records: Sequence[Record]) -> list[float | None]:
    """Accuracy of each class, the mean over seeds; None: the class has no test images."""
    columns = zip(*(record.result.per_class for record in records), strict=True)
    means = []
    for column in columns:
        known = [value for value in column if value is not None]
        means.append(round(sum(known) / len(known), 1) if known else None)
    return means


def _confusion(records: Sequence[Record]) -> dict[str, Any]:
    """Test images summed over seeds: all of them for few classes, else the pairs most confused."""
    matrices = [record.result.confusion for record in records]
    if len(matrices[0]) <= MOST_CLASSES:
        rows = [
            [sum(values) for values in zip(*row, strict=True)]
            for row in zip(*matrices, strict=True)
        ]
        return {"all": rows}
    pairs: dict[tuple[int, int], int] = {}
    for matrix in matrices:
        for true, row in enumerate(matrix):
            for said, n in enumerate(row):
                if n and said != true:
                    pairs[true, said] = pairs.get((true, said), 0) + n
    worst = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MOST_CONFUSED]
    return {"most": [[true, said, n] for (true, said), n in worst]}
