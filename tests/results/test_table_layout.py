"""Where each cell of a table stands."""

from conftest import here

from ncmc.plan import grid
from ncmc.plan.grid import Table
from ncmc.plan.grid_file import table_names
from ncmc.results.cells import Cell
from ncmc.results.table_data import TableData
from ncmc.results.table_layout import layout


def empty(table: Table) -> TableData:
    """A table none of whose runs has a record."""
    return TableData(table, [Cell(spec, (), ()) for spec in table.cells])


def test_layout_has_a_place_for_every_planned_cell() -> None:
    for name in table_names(here()):
        table = grid.table(here(), name)
        data = empty(table)
        shown = layout(data)
        placed = [cell for row in shown.rows for cell in row.cells if cell is not None]
        assert sorted(map(id, placed)) == sorted(map(id, data.cells)), name
        for line in shown.header:
            assert sum(span for _, span in line) == len(shown.columns)


def test_equal_outer_headings_stand_together() -> None:
    table = grid.table(here(), "table2")
    shown = layout(empty(table))
    assert shown.stub == ("backbone", "method")
    assert shown.header[0] == (("cifar10", 3), ("cifar100", 3))
    assert [label for label, _ in shown.header[1]] == ["tau 0.005", "tau 0.01", "tau 0.02"] * 2
    assert [row.labels for row in shown.rows][:3] == [
        ("resnet50", "CE"),
        ("resnet50", "SETF"),
        ("resnet50", "CAL"),
    ]


def test_an_axis_with_one_value_names_no_rows() -> None:
    shown = layout(empty(grid.table(here(), "smoke")))
    assert shown.stub == ("method",)
