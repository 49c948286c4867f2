"""What a page says of how its numbers were, or will be, made."""

from dataclasses import replace
from pathlib import Path

from conftest import here
from fakes import read_cells

from ncmc.page.how_made import register
from ncmc.plan import grid
from ncmc.plan.option_text import Value
from ncmc.results.cells import Cell


def planned(tmp_path: Path, **options: Value) -> list[Cell]:
    """The cells of CAL on CIFAR-100 in table 1, of which nothing is trained."""
    cells = read_cells(here(), grid.table(here(), "table1"), tmp_path)
    found = [cell for cell in cells if cell.spec.run.method == "CAL"]
    return [
        replace(
            cell,
            spec=replace(
                cell.spec,
                run=replace(cell.spec.run, options=(*cell.spec.run.options, *options.items())),
            ),
        )
        for cell in found
    ]


def test_planned_runs_show_the_points_that_their_options_raise(tmp_path: Path) -> None:
    def ids(cells: list[Cell]) -> set[str]:
        return {entry.id for entry, _ in register(here(), cells)}

    assert {"A12", "A16", "A25"} <= ids(planned(tmp_path))
    assert "A13" not in ids(planned(tmp_path))  # the extra width, where f counts centers alone
    assert "A13" in ids(planned(tmp_path, f_counts="printed"))
    cells = read_cells(here(), grid.table(here(), "table5"), tmp_path)
    assert "A30" in ids(cells)  # the norm of SVHN and STL-10 comes from their recipe
    assert "A30" not in ids(planned(tmp_path))
