"""The picture that README and page open with: CAL minus each of a few methods, by budget and scale."""

from collections.abc import Iterator, Mapping, Sequence

from ncmc.board.answers import TAU
from ncmc.figures import marks, painting
from ncmc.figures.figure import Figure
from ncmc.figures.grouping import groups
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell
from ncmc.results.wording import sentence

METHOD = "CAL"
OTHERS = ("CE", "SETF", "AL", "ARB", "BALANCED-SOFTMAX", "CE-LA", "NCM")  # a row each
WIDTH = 4.1  # inches: a phone shows it whole
INKS = {"light": painting.DARK, "dark": "#e4e2dd"}
SCALES = {  # table -> dataset, backbone and words for it; from the smallest budget to the paper's
    "laptop_budget": ("cifar10_binary", "resnet20", "ResNet-20"),
    "laptop_methods": ("cifar10_binary", "resnet20", "ResNet-20"),
    "full_methods": ("cifar10_binary", "resnet32", "ResNet-32"),
    "table2": ("cifar10", "resnet50", "the paper's ResNet-50"),
}


def opening_figure(cells_of: Mapping[str, tuple[Table, Sequence[Cell]]]) -> Figure | None:
    """The picture, of those of `SCALES` that are given by name; None where CAL stands alone.

    Of two tables with the same runs the later one counts: its block of methods is the larger one,
    and README's answers rest on it.
    """
    latest = {
        (mark.row, mark.series): mark
        for name in SCALES
        if name in cells_of
        for mark in _marks(*cells_of[name])
    }
    rows = [mark for other in OTHERS for mark in latest.values() if mark.row == other]
    if not rows:
        return None
    return Figure(
        name="answer",
        title=f"{METHOD} minus each other method",
        caption=f"Difference of the mean test accuracies on CIFAR-10-LT at tau {TAU:g} after the last "
        f"epoch, in points: right of 0 {METHOD} is better. {sentence(marks.INTERVAL)} ResNet-20 sees a "
        "tenth of the images.",
        panels=(marks.differences_drawn(METHOD, rows),),
        size=(WIDTH, marks.height(rows)),
    )


def opening_images(figure: Figure) -> dict[str, bytes]:
    """The picture as SVG without background, for light pages and for dark ones."""
    return {name: painting.transparent_svg(figure, ink) for name, ink in INKS.items()}


def _marks(table: Table, cells: Sequence[Cell]) -> Iterator[marks.Mark]:
    dataset, backbone, words = SCALES[table.name]
    place = (dataset, TAU, backbone)
    runs = [cell.spec.run for cell in cells]
    kept = [c for c, r in zip(cells, runs, strict=True) if (r.dataset, r.tau, r.backbone) == place]
    for group in groups(table, kept):
        epochs = group.lines[0].cell.records[0].config["recipe"]["epochs"]
        yield from marks.differences(group, METHOD, f"{words}, {epochs} epochs")
