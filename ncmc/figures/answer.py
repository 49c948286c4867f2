"""The picture that README and page open with: CAL minus each of a few methods, by budget and scale."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ncmc.figures import marks, painting
from ncmc.figures.figure import Figure
from ncmc.figures.grouping import groups
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell

METHOD = "CAL"
OTHERS = ("CE", "SETF", "AL", "BALANCED-SOFTMAX", "NCM")  # a row each
TAU = 0.01
INKS = {"light": painting.DARK, "dark": "#e4e2dd"}


@dataclass(frozen=True)
class Scale:
    """Where the marks of a scale come from."""

    backbone: str
    dataset: tuple[str, ...]
    words: str  # {}: epochs


SCALES = {  # by table, from the smallest budget to the paper's
    "laptop_budget": Scale("resnet20", ("cifar10_binary",), "ResNet-20, {} epochs"),
    "full_methods": Scale("resnet32", ("cifar10_binary",), "ResNet-32, {} epochs"),
    "table2": Scale("resnet50", ("cifar10",), "the paper's ResNet-50, {} epochs"),
}


def answer_figure(cells_of: Mapping[str, tuple[Table, Sequence[Cell]]]) -> Figure | None:
    """The picture, of those of `SCALES` that are given by name; None where CAL stands alone."""
    found = [mark for name in SCALES if name in cells_of for mark in _marks(*cells_of[name])]
    rows = [mark for other in OTHERS for mark in found if mark.row == other]
    if not rows:
        return None
    return Figure(
        name="answer",
        title=f"{METHOD} minus each other method",
        caption=f"Difference of the mean test accuracies on CIFAR-10-LT at tau {TAU:g} after the last "
        f"epoch, in points: right of 0 {METHOD} is better. Lines are intervals at the level of the "
        "test's look; above or below: the interval leaves 0 out. The marks of a method are sorted by "
        "budget and scale; ResNet-20 sees a tenth of the images.",
        panels=(marks.differences_drawn("", rows),),
        size=(5.0, marks.height(rows)),
    )


def answer_images(figure: Figure) -> dict[str, bytes]:
    """The picture as SVG without background, for light pages and for dark ones."""
    return {name: painting.transparent_svg(figure, ink) for name, ink in INKS.items()}


def _marks(table: Table, cells: Sequence[Cell]) -> Iterator[marks.Mark]:
    scale = SCALES[table.name]
    kept = [
        cell
        for cell in cells
        if (run := cell.spec.run).tau == TAU
        and run.backbone == scale.backbone
        and run.dataset in scale.dataset
    ]
    for group in groups(table, kept):
        lines = {line.label: line.cell for line in group.lines}
        for other in OTHERS:
            if METHOD in lines and other in lines:
                epochs = lines[METHOD].records[0].config["recipe"]["epochs"]
                series = scale.words.format(epochs)
                yield marks.difference_mark(lines[METHOD], lines[other], other, series)
