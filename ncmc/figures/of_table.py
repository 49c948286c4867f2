"""Which figures a table or figure of the paper has."""

import dataclasses
from collections.abc import Sequence

from ncmc.figures import accuracy_figures as of
from ncmc.figures import curves
from ncmc.figures.captions import BAND, Captions
from ncmc.figures.figure import Figure, named_apart
from ncmc.figures.heat_maps import OF, side_by_side
from ncmc.figures.lines import Group, groups
from ncmc.figures.pages import Page, pages_of
from ncmc.plan.grid import Table
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.record import Record
from ncmc.results.table_data import table_data

ALL = (*curves.COLLAPSE, curves.ACCURACY)
COLLAPSE = (
    "NC is the squared distance between a training image's normalised feature and its class's "
    "target direction: mean and standard deviation over images, logarithmic. Variability is 1 "
    "minus the cosine to the class's row of the classifier; dotted is its floor, which complete "
    "collapse reaches and which is not 0 where the target is not that row"
)
ACCURACY = "Top-1 accuracy on the balanced test set in percent; dotted is chance"


def table_figures(project: Project, table: Table, cells: Sequence[Cell]) -> list[Figure]:
    """Every figure that the records of a table or figure can fill; none without records."""
    shared = groups(table, cells)
    if not shared:
        return []
    banner = table_data(project, table, cells).banner
    captions = Captions(table, cells, banner)
    if table.shows in ("class_cosines", "tail_cosines"):
        made: list[Figure | None] = [_cosines(table, group, captions) for group in shared]
    elif table.shows == "curves":
        pages, over = pages_of(shared), "Test accuracy over the epochs"
        made = [_curves(page, captions, curves.COLLAPSE, table.title, COLLAPSE) for page in pages]
        made += [_curves(page, captions, (curves.ACCURACY,), over, ACCURACY) for page in pages]
    else:
        made = [
            of.accuracy(shared, captions),
            of.compared(cells, captions),
            *of.maps(table, cells, captions),
            *(of.class_sizes(page, captions) for page in pages_of(shared)),
            *(of.bars(page, captions) for page in pages_of(shared)),
            *(of.confusion(group, len(shared), captions) for group in shared),
            *(
                _curves(
                    page, captions, ALL, "Collapse and accuracy over the epochs", COLLAPSE, ACCURACY
                )
                for page in pages_of(shared)
            ),
            *(of.cost(page, captions) for page in pages_of(shared)),
        ]
    with_panels = [figure for figure in made if figure and figure.panels]
    return named_apart(dataclasses.replace(figure, banner=banner) for figure in with_panels)


def _curves(
    page: Page, captions: Captions, kinds: Sequence[curves.Kind], title: str, *words: str
) -> Figure:
    panels = [
        dataclasses.replace(panel, title=f"{panel.title}: {own}" if own else panel.title)
        for kind in kinds
        for group in page.groups
        for own in [page.own(group)]
        if (panel := curves.curve_panel(group, kind))
    ]
    alone = len(page.groups) == 1
    return Figure(
        name=page.name("curves" if kinds != (curves.ACCURACY,) else "test_accuracy"),
        title=page.title(title),
        caption=captions.of(*words, BAND),
        panels=tuple(panels),
        columns=min(2, max(1, len(panels))) if alone else len(page.groups),
        size=(3.5, 2.4),
        looks=page.looks,
        shared=len(panels) == len(kinds) * len(page.groups) and not alone,
    )


def _cosines(table: Table, group: Group, captions: Captions) -> Figure:
    assert table.shows in ("class_cosines", "tail_cosines")
    line = group.lines[0]
    record: Record = line.cell.records[0]
    panels = side_by_side(record, table.shows, most=3)
    return Figure(
        name="cosines",
        title=table.title,
        caption=captions.of(
            f"Cosines between {OF[table.shows]} of the training images at the first, a middle and "
            f"the last measured epoch; red is 1, white orthogonal, blue -1. {line.label}, "
            f"{group.title}, seed {record.run.seed}",
        ),
        panels=tuple(panels),
        columns=3,
        size=(2.7, 2.85),
    )
