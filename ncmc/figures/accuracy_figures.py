"""The figures of a table of accuracies."""

import dataclasses
from collections.abc import Sequence

from ncmc.figures import intervals
from ncmc.figures.accuracy_maps import map_panels, map_size
from ncmc.figures.bars import bars_panel
from ncmc.figures.captions import BAND, INTERVAL, Captions
from ncmc.figures.class_sizes import MOST, class_size_panel
from ncmc.figures.confusion import confusion_panels
from ncmc.figures.cost import cost_panel
from ncmc.figures.figure import Figure, Panel, slug
from ncmc.figures.lines import Group
from ncmc.figures.pages import Page, looks_in
from ncmc.plan.grid import Table
from ncmc.results.cells import Cell


def accuracy(shared: Sequence[Group], captions: Captions) -> Figure:
    """Every accuracy with its interval."""
    panels = intervals.accuracy_panels(shared)
    settings = max(len({row.setting for row in panel.rows}) for panel in panels)
    looks = looks_in(shared)
    return Figure(
        name="accuracy",
        title=f"Accuracy: {captions.table.title}",
        caption=captions.of(
            "Top-1 accuracy on the balanced test set after the last epoch, in percent",
            INTERVAL,
            "The dotted line is chance",
        ),
        panels=tuple(panels),
        columns=2,
        size=(4.6, 0.75 + settings * max(0.45, 0.145 * len(looks))),
        looks=looks,
    )


def compared(cells: Sequence[Cell], captions: Captions) -> Figure | None:
    """Ours beside the numbers that are printed; None where none is."""
    rows = tuple(intervals.compared_rows(cells))
    if not rows:
        return None
    count = len({row.cell for row in rows})
    return Figure(
        name="ours_and_printed",
        title="Ours and what is printed",
        caption=captions.of(
            "Top-1 accuracy in percent: ours, filled, at the best test epoch where a number of the "
            "paper stands beside it (A8), and printed numbers, of the paper hollow, of others as "
            "strokes",
            "Lines are 95 % intervals of the mean over each side's own seeds; a printed number "
            "without deviation or seeds has none",
        ),
        panels=(Panel("", rows, intervals.draw_compared),),
        size=(7.2, 0.7 + 0.42 * count),
    )


def maps(table: Table, cells: Sequence[Cell], captions: Captions) -> list[Figure]:
    """Colours over two options; nothing for another table."""
    panels = map_panels(table, cells)
    if not panels:
        return []
    first = panels[0].rows[0]
    figure = Figure(
        name="map",
        title=f"Accuracy over {first.down} and {first.across}",
        caption=captions.of(
            "Top-1 accuracy after the last epoch, in percent: mean and sample standard deviation "
            "over seeds; the darkest colour is chance or the lowest field",
        ),
        panels=tuple(panels),
        columns=2,
        size=map_size(panels[0]),
    )
    return [figure]


def class_sizes(page: Page, captions: Captions) -> Figure:
    """Accuracy of each class against its training images."""
    panels = tuple(
        dataclasses.replace(panel, title=page.own(group))
        for group in page.groups
        if (panel := class_size_panel(group))
    )
    classes = len(page.groups[0].lines[0].cell.records[0].result.per_class)
    binned = "" if classes <= MOST else "A point is the mean of a tenth of the classes"
    return Figure(
        name=page.name("class_sizes"),
        title=page.title("Accuracy against the size of the class"),
        caption=captions.of(
            "Test accuracy of each class, in percent, against its training images, logarithmic",
            binned,
            BAND,
            "The dotted line is chance",
        ),
        panels=panels,
        columns=min(3, max(1, len(panels))),
        size=(3.9, 2.9),
        looks=page.looks,
        shared=True,
    )


def bars(page: Page, captions: Captions) -> Figure:
    """Accuracy of many, medium and few classes."""
    panels = [
        dataclasses.replace(bars_panel(group), title=page.own(group)) for group in page.groups
    ]
    return Figure(
        name=page.name("class_groups"),
        title=page.title("Accuracy of many, medium and few classes, %"),
        caption=captions.of(
            "Mean test accuracy of thirds of the classes, from those with most training images to "
            "those with fewest; whiskers are one sample standard deviation over seeds",
        ),
        panels=tuple(panels),
        columns=min(3, len(panels)),
        size=(3.9, 2.6),
        looks=page.looks,
        shared=True,
        bars=True,
    )


def confusion(group: Group, of: int, captions: Captions) -> Figure:
    """What test images were taken for, a matrix a line; `of`: groups of the table."""
    return Figure(
        name="confusion" + (f"_{slug(group.title)}" if of > 1 else ""),
        title=f"What test images were taken for, %: {group.title}",
        caption=captions.of(
            "Rows are the true classes, from the one with most training images to the one with "
            "fewest, columns what their test images were taken for, in percent of the row, all "
            "seeds together; numbers below 0.5 are left out",
        ),
        panels=tuple(confusion_panels(group)),
        columns=3,
        size=(3.1, 3.1),
    )


def cost(page: Page, captions: Captions) -> Figure:
    """Accuracy against the time of training."""
    panels = [
        dataclasses.replace(cost_panel(group), title=page.own(group)) for group in page.groups
    ]
    rows = [row for panel in panels for row in panel.rows]
    processors = {
        record.made.processor or record.made.hardware.processor
        for group in page.groups
        for line in group.lines
        for record in line.cell.records
    }
    alone = dict.fromkeys(row.line for row in rows if row.rule_alone)
    return Figure(
        name=page.name("cost"),
        title=page.title("Accuracy against cost"),
        caption=captions.of(
            "Test accuracy after the last epoch against the time that training one seed took, "
            "mean over seeds and of all its processes together, logarithmic",
            INTERVAL,
            f"Measured on {', '.join(sorted(processors))}"
            + ("" if len(processors) == 1 else ", so times are not of one machine"),
            f"{', '.join(alone)}: the rule alone, without the training of its model"
            if alone
            else "",
        ),
        panels=tuple(panels),
        columns=min(3, len(panels)),
        size=(3.9, 2.9),
        looks=page.looks,
        shared=True,
    )
