"""Records -> the figures of a table or figure of the paper, or of the whole board."""

import dataclasses
from collections.abc import Iterator, Sequence

from ncmc.board.entries import board_of
from ncmc.figures import cosines, epoch_curves, marks
from ncmc.figures.class_sizes import MOST_POINTS, class_size_panels
from ncmc.figures.figure import Figure, slug
from ncmc.figures.forest_plot import claims_figure
from ncmc.figures.grouping import Group, Page, groups, pages_of
from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.project import Project
from ncmc.results.cells import Cell
from ncmc.results.table_data import TableData
from ncmc.results.wording import plural, sentence
from ncmc.verdicts.judge import CellCache, verify_cells

BOARD = "all"  # in place of a table's name
INTERVAL = "lines are 95 % intervals of the mean over seeds"
BAND = "lines are means over seeds, bands reach from the lowest seed to the highest"
COLLAPSE = (
    "NC is the squared distance between a training image's normalised feature and its class's "
    "target direction: mean and standard deviation over images, logarithmic. Variability is 1 "
    "minus the cosine to the class's row of the classifier; dotted is its floor, which complete "
    "collapse reaches and which is not 0 where the target is not that row. Of a method without a fixed "
    "target, NC is measured from the class's own mean feature, and there is no floor"
)
ACCURACY = "Top-1 accuracy on the balanced test set in percent; dotted is chance"
ACROSS_TWO = 4  # panels up to which two stand beside each other


def figures_of_table(project: Project, table: Table, cells: CellCache) -> list[Figure]:
    """The figures of a table or figure and of its verdicts; none without records.

    Raises UsageError for a senseless check, UserError for a damaged or outdated record.
    """
    drawn = table_figures(project, table, cells.of(table))
    if not drawn:
        return []
    board = board_of(project, verify_cells(table, cells))
    claims = claims_figure(board, f"What {table.name} says of the claims", drawn[0].banner)
    return [*drawn, *([claims] if claims else [])]


def figures_of_board(project: Project, cells: CellCache) -> list[Figure]:
    """The claims of every table and figure together; none without records.

    Raises UsageError and UserError as `figures_of_table` does.
    """
    tables = [grid.table(project, name) for name in table_names(project)]
    board = board_of(project, [v for table in tables for v in verify_cells(table, cells)])
    entries = [e for e in board.entries if any(v.status != "incomplete" for v in e.verdicts)]
    paper = {entry.scale for entry in entries} == {"paper"}
    banner = None if paper else "Not all at the paper's scale."
    claims = claims_figure(board, "What the records say of the claims", banner)
    return [claims] if claims else []


def table_figures(project: Project, table: Table, cells: Sequence[Cell]) -> list[Figure]:
    """Every figure that the records of a table or figure can fill; none without records."""
    shared = groups(table, cells)
    if not shared:
        return []
    banner = TableData(table, cells).banner
    setting = caption(f"{table.title} ({table.name}, {table.where})", _seeds(table, cells), banner)
    drawn: Iterator[Figure]
    if table.shows in ("class_cosines", "tail_cosines"):
        drawn = (_cosines(table, group, len(shared) > 1) for group in shared)
    elif table.shows == "curves":
        drawn = _of_curves(table, pages_of(shared))
    else:
        drawn = _of_accuracies(table, shared)
    return [
        dataclasses.replace(figure, banner=banner, setting=setting)
        for figure in drawn
        if figure.panels
    ]


def caption(*parts: str | None) -> str:
    """Parts as sentences."""
    return " ".join(sentence(part) for part in parts if part)


def _seeds(table: Table, cells: Sequence[Cell]) -> str:
    """How many seeds there are, and how many are missing."""
    counts = sorted({cell.n for cell in cells if cell.n})
    words = plural(counts[-1], "seed")
    words = words if counts[0] == counts[-1] else f"{counts[0]} to {words}"
    missing = sum(cell.planned - cell.n for cell in cells)
    have = "has" if missing == 1 else "have"
    without_record = f"; {missing} of {plural(len(table.runs), 'run')} {have} no record"
    return f"{words} per line" + (without_record if missing else "")


def _of_accuracies(table: Table, shared: Sequence[Group]) -> Iterator[Figure]:
    pages = pages_of(shared)
    yield _accuracy(table, shared)
    for page in pages:
        yield _differences(page)
    for page in pages:
        yield _class_sizes(page)
        kinds = (*epoch_curves.COLLAPSE, epoch_curves.ACCURACY)
        title = "Collapse and accuracy over the epochs"
        yield _curves(page, "curves", kinds, title, caption(COLLAPSE, ACCURACY, BAND))


def _of_curves(table: Table, pages: Sequence[Page]) -> Iterator[Figure]:
    for page in pages:
        yield _curves(page, "curves", epoch_curves.COLLAPSE, table.title, caption(COLLAPSE, BAND))
    for page in pages:
        title, words = "Test accuracy over the epochs", caption(ACCURACY, BAND)
        yield _curves(page, "test_accuracy", (epoch_curves.ACCURACY,), title, words)


def _accuracy(table: Table, shared: Sequence[Group]) -> Figure:
    page = Page(tuple(shared))
    compared = [group for group in shared if len(group.lines) > 1]
    panels = tuple(marks.accuracy_panel(group, page.own(group)) for group in compared)
    highest = max((marks.height(panel.rows) for panel in panels), default=0.0)
    return Figure(
        name="accuracy",
        title=page.title(table.title),
        caption=caption(
            "Top-1 accuracy on the balanced test set after the last epoch, in percent, the best "
            "method first",
            INTERVAL,
        ),
        panels=panels,
        columns=1 if len(panels) == 1 else 3 if len(panels) > ACROSS_TWO else 2,
        size=(marks.WIDTH if len(panels) == 1 else 3.6, highest),
    )


def _differences(page: Page) -> Figure:
    """CAL minus each other method; without panels where CAL has no record."""
    panel = marks.difference_panel(page, "CAL")
    return Figure(
        name=page.name("differences"),
        title=page.title("CAL minus each other method"),
        caption=caption(
            "Difference of the mean accuracies after the last epoch, in points; paired by seed where "
            "each seed has its own split",
            marks.INTERVAL,
            "Without correction for the number of comparisons",
        ),
        panels=(panel,) if panel else (),
        size=(marks.WIDTH, marks.height(panel.rows) if panel else 0.0),
    )


def _class_sizes(page: Page) -> Figure:
    rows = [class_size_panels(group, page) for group in page.groups]
    classes = len(page.groups[0].lines[0].cell.records[0].result.per_class)
    alone = len(page.groups) == 1
    return Figure(
        name=page.name("class_sizes"),
        title=page.title("Accuracy against the size of the class"),
        caption=caption(
            "Test accuracy of each class, in percent, against its training images, logarithmic: a "
            "panel per method, the others in grey behind it; of more than five methods the first "
            "of the table and the best",
            "" if classes <= MOST_POINTS else "A point is the mean of a tenth of the classes",
            BAND,
            "The dotted line is chance",
        ),
        panels=tuple(panel for row in rows for panel in row),
        columns=3 if alone else max(map(len, rows)),
        size=(2.4, 2.1),
        shared=True,
    )


def _curves(
    page: Page, name: str, kinds: Sequence[epoch_curves.Kind], title: str, caption: str
) -> Figure:
    panels = [
        panel
        for kind in kinds
        for group in page.groups
        if (panel := epoch_curves.curve_panel(group, kind, page.panel_title(kind.title, group)))
    ]
    alone = len(page.groups) == 1
    drawn = {row.line for panel in panels for row in panel.rows}
    return Figure(
        name=page.name(name),
        title=page.title(title),
        caption=caption,
        panels=tuple(panels),
        columns=2 if alone else len(page.groups),
        size=(3.5, 2.4),
        legend={label: style for label, style in page.styles.items() if label in drawn},
        shared=len(panels) == len(kinds) * len(page.groups) and not alone,
    )


def _cosines(table: Table, group: Group, several: bool) -> Figure:
    assert table.shows in ("class_cosines", "tail_cosines")
    line = group.lines[0]
    record = line.cell.records[0]
    return Figure(
        name=f"cosines_{slug(group.title)}" if several else "cosines",
        title=table.title,
        caption=caption(
            f"Cosines between {cosines.OF[table.shows]} of the training images at the first, a middle "
            "and the last measured epoch; red is 1, white orthogonal, blue -1. "
            f"{line.label}, {group.title}, seed {record.run.seed}",
        ),
        panels=tuple(cosines.cosine_panels(record, table.shows)),
        columns=3,
        size=(2.7, 2.85),
    )
