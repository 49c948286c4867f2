"""On how many training sets the seeds of cells were trained, in words."""

from collections.abc import Iterable

from ncmc.results.cells import Cell
from ncmc.results.wording import plural


def split_words(cells: Iterable[Cell]) -> str:
    """`one split`, or `a split a seed (3 splits)`: which of the two was planned for these cells.

    The number is that of different splits in the cell that has fewest; without records it is left out.
    Of cells of both kinds it says so.
    """
    cells = list(cells)
    drawn = [cell for cell in cells if cell.spec.split_per_seed]
    if not drawn:
        return "one split"
    seen = min(len({record.split.sha256 for record in cell.records}) for cell in drawn)
    words = f"a split a seed ({plural(seen, 'split')})" if seen else "a split a seed"
    return words if len(drawn) == len(cells) else f"{words} in some cells, one split in others"
